"""The embedded engines, started for real in folders of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import redis

from kernel.embedded import EmbeddedServer, EngineFailure, running_urls, start_postgres, start_redis

Start = Callable[[Path], EmbeddedServer]

STARTER = """
import sys, time
from pathlib import Path
from kernel.embedded import start_postgres, start_redis
engines = [start_postgres(Path(sys.argv[1]), durable=False), start_redis(Path(sys.argv[1]))]
print(sum(e.process is not None for e in engines), flush=True)
sys.stdin.read()
for engine in engines:
    engine.stop()
"""


@pytest.fixture
def var_dir() -> Iterator[Path]:
    # pytest's own folders have names too long for a socket; one test uses such a name on purpose.
    with TemporaryDirectory(dir="/tmp", prefix="engines-") as folder:
        yield Path(folder)


@pytest.fixture
def start() -> Iterator[Callable[..., EmbeddedServer]]:
    started: list[EmbeddedServer] = []

    def run(starter: Start, folder: Path) -> EmbeddedServer:
        started.append(starter(folder))
        return started[-1]

    yield run
    for server in reversed(started):
        server.stop()
        assert server.process is None or not server.running()


def start_other_process(folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", STARTER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def engines_started_by(process: "subprocess.Popen[str]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def end(process: "subprocess.Popen[str]") -> None:
    try:
        process.communicate("", timeout=15)
    finally:
        process.kill()
        process.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def test_postgres_is_a_durable_utf8_server_reached_by_its_socket_only(
    var_dir: Path, start: Callable[..., EmbeddedServer]
) -> None:
    server = start(start_postgres, var_dir)
    assert str(ask(server.url, "SHOW server_version")).startswith("18.")
    assert ask(server.url, "SHOW server_encoding") == "UTF8"
    assert ask(server.url, "SELECT upper('éàœ')") == "ÉÀŒ"
    assert ask(server.url, "SHOW synchronous_commit") == "on"
    assert ask(server.url, "SHOW fsync") == "on"
    assert ask(server.url, "SHOW listen_addresses") == ""


def test_redis_appends_every_write_and_evicts_nothing(var_dir: Path, start: Callable[..., EmbeddedServer]) -> None:
    server = start(start_redis, var_dir)
    client = redis.Redis.from_url(server.url)
    assert client.config_get("appendonly")["appendonly"] == "yes"
    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert client.config_get("port")["port"] == "0"
    client.close()


def test_nothing_is_found_where_nothing_runs(var_dir: Path) -> None:
    assert running_urls(var_dir) is None
    assert list(var_dir.iterdir()) == []


def test_engines_of_another_process_are_found_joined_and_left_running(var_dir: Path) -> None:
    other = start_other_process(var_dir)
    assert engines_started_by(other) == 2
    joined = [start_postgres(var_dir), start_redis(var_dir)]
    assert running_urls(var_dir) == (joined[0].url, joined[1].url)
    for server in joined:
        assert server.process is None
        server.stop()
    assert ask(joined[0].url, "SELECT 1") == 1
    end(other)
    assert running_urls(var_dir) is None


def test_two_starts_at_once_make_one_server_of_each(var_dir: Path) -> None:
    both = [start_other_process(var_dir), start_other_process(var_dir)]
    assert sum(engines_started_by(process) for process in both) == 2
    for process in both:
        end(process)


def test_data_outlives_a_kill_of_both_engines(var_dir: Path, start: Callable[..., EmbeddedServer]) -> None:
    postgres, cache = start(start_postgres, var_dir), start(start_redis, var_dir)
    ask(postgres.url, "CREATE TABLE kept AS SELECT 42 AS n")
    with redis.Redis.from_url(cache.url) as client:
        client.set("kept", "42")
        time.sleep(1.1)  # Redis writes its file to disk every second
    for server in (postgres, cache):
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        assert not server.running()
    assert ask(start(start_postgres, var_dir).url, "SELECT n FROM kept") == 42
    with redis.Redis.from_url(start(start_redis, var_dir).url) as client:
        assert client.get("kept") == b"42"


def test_a_pid_file_left_by_a_power_cut_does_not_hinder_though_another_program_has_its_pid(
    var_dir: Path, start: Callable[..., EmbeddedServer]
) -> None:
    first = start(start_postgres, var_dir)
    pid_file = var_dir / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    first.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (var_dir / "postgres" / ".s.PGSQL.5432.lock").write_text(pid_file.read_text())
    (var_dir / "postgres" / ".s.PGSQL.5432").touch()
    assert ask(start(start_postgres, var_dir).url, "SELECT 1") == 1


def test_a_creation_cut_short_is_begun_again(var_dir: Path, start: Callable[..., EmbeddedServer]) -> None:
    draft = var_dir / "postgres.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    assert ask(start(start_postgres, var_dir).url, "SELECT 1") == 1
    assert not draft.exists()


def test_engines_do_not_outlive_a_killed_owner(var_dir: Path) -> None:
    owner = start_other_process(var_dir)
    assert engines_started_by(owner) == 2
    pid = int((var_dir / "postgres" / "postmaster.pid").read_text().split()[0])
    owner.send_signal(signal.SIGKILL)
    end(owner)
    wait_until(lambda: running_urls(var_dir) is None and not Path(f"/proc/{pid}").exists())


def test_a_start_right_after_a_killed_owner_waits_for_the_old_server(
    var_dir: Path, start: Callable[..., EmbeddedServer]
) -> None:
    owner = start_other_process(var_dir)
    engines_started_by(owner)
    owner.send_signal(signal.SIGKILL)
    end(owner)
    wait_until(lambda: running_urls(var_dir) is None)
    assert ask(start(start_postgres, var_dir).url, "SELECT 1") == 1


def test_a_folder_of_any_name_and_length_works(var_dir: Path, start: Callable[..., EmbeddedServer]) -> None:
    folder = var_dir / ("loin" * 30) / "l’été, 50 % ?#"
    postgres, cache = start(start_postgres, folder), start(start_redis, folder)
    assert ask(postgres.url, "SELECT 1") == 1
    with redis.Redis.from_url(cache.url) as client:
        assert client.ping()
    assert running_urls(folder) == (postgres.url, cache.url)
    for server in (postgres, cache):
        server.stop()
        assert server.sockets.parent == Path("/tmp")
        assert not server.sockets.exists()


def test_stopping_takes_less_than_three_seconds_with_clients_connected(
    var_dir: Path, start: Callable[..., EmbeddedServer]
) -> None:
    server = start(start_postgres, var_dir)
    connection = psycopg.connect(server.url)
    connection.execute("SELECT 1")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 3
    connection.close()
    assert not (var_dir / "postgres" / "postmaster.pid").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_folder_is_refused(var_dir: Path) -> None:
    (var_dir / "postgres").mkdir()
    os.chown(var_dir / "postgres", 12345, 12345)
    with pytest.raises(EngineFailure, match="belongs to somebody else"):
        start_postgres(var_dir)
