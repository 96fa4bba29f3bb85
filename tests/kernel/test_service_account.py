"""The account that PostgreSQL runs under when root starts it, made by a stand-in of `useradd` in files of the test."""

import os
import pwd
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel import embedded_postgres
from kernel.embedded_process import EngineFailure

# Like the real one: refuses while another run holds the lock, and refuses a name that is there already.
USERADD = """#!/bin/sh
cd "{folder}" || exit 2
for name; do :; done
[ -e broken ] && { echo "useradd: cannot lock /etc/passwd; try again later." >&2; exit 1; }
mkdir lock 2>/dev/null || { echo "useradd: cannot lock /etc/passwd; try again later." >&2; exit 1; }
sleep 0.2
code=9
grep -q "^$name:" passwd || { code=0; echo "$name:x:987:987::/home/$name:/usr/sbin/nologin" >>passwd; }
rmdir lock
exit $code
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the account, where this process is root."""
    program = tmp_path / "bin" / "useradd"
    program.parent.mkdir()
    program.write_text(USERADD.replace("{folder}", str(tmp_path)))
    program.chmod(0o755)
    passwd = tmp_path / "passwd"
    passwd.touch()

    def getpwnam(name: str) -> pwd.struct_passwd:
        for line in passwd.read_text().splitlines():
            user, password, uid, gid, *rest = line.split(":")
            if user == name:
                return pwd.struct_passwd((user, password, int(uid), int(gid), *rest))
        raise KeyError(name)

    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(pwd, "getpwnam", getpwnam)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def test_starts_at_once_make_one_account_and_all_get_it(machine: Path) -> None:
    together = threading.Barrier(4)

    def ask(_: int) -> pwd.struct_passwd | None:
        together.wait(10)
        return embedded_postgres._service_account()

    with ThreadPoolExecutor(4) as pool:
        accounts = list(pool.map(ask, range(4)))
    assert {account.pw_uid for account in accounts if account} == {987}
    assert None not in accounts
    assert len((machine / "passwd").read_text().splitlines()) == 1


def test_without_the_patience_one_of_two_starts_fails(machine: Path) -> None:
    together = threading.Barrier(2)

    def once(_: int) -> int:
        together.wait(10)
        return subprocess.run(["useradd", "--system", "pgserver"], capture_output=True, check=False).returncode

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(once, range(2))) != [0, 0]


def test_a_locked_passwd_is_waited_for(machine: Path) -> None:
    (machine / "broken").touch()
    release = threading.Timer(0.6, (machine / "broken").unlink)
    release.start()
    account = embedded_postgres._service_account()
    release.join()
    assert account is not None
    assert account.pw_name == "pgserver"


def test_an_account_that_cannot_be_made_is_told_with_what_useradd_said(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_postgres, "ACCOUNT_SECONDS", 0.3)
    (machine / "broken").touch()
    with pytest.raises(EngineFailure, match="cannot lock /etc/passwd"):
        embedded_postgres._service_account()


def test_a_machine_without_useradd_is_told_so(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "ACCOUNT_SECONDS", 0.3)
    monkeypatch.setenv("PATH", str(machine / "nothing"))
    with pytest.raises(EngineFailure, match="no useradd"):
        embedded_postgres._service_account()
