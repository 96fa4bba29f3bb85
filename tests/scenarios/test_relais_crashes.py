"""kill -9 at every point of a fact's way: between any two messages to PostgreSQL or Redis.

Whoever publishes, relays or works is a real process on real engines; only the wires are ours (see `fils`). After each
crash others take over: the fact has its effect exactly once if its state was committed, and none if it was not.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest

from kernel.embedded_process import die_with_parent
from kernel.settings import get_settings
from tests.conftest import ROOT
from tests.paiements.fils import Fils
from tests.scenarios.faits import ArgentDu
from tests.scenarios.ouvriers import Atelier, effets, en_cours, etats, lire, nombre, publier

BAIL = "0.15"


class FilsRedis(Fils):
    """The second wire leads to Redis instead."""

    def __init__(self, folder: Path, postgres: str, redis: str) -> None:
        self._redis = redis
        super().__init__(folder, postgres, 0)

    def _to_stripe(self) -> socket.socket:
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        far.connect(self._redis)
        return far


@dataclass
class Banc:
    """Where processes are killed: one that forks them, and the wires that count and cut."""

    fils: Fils
    souche: "subprocess.Popen[str]"
    numero: int = field(default=0)

    def jouer(self, role: str, cut_at: int | None = None, *, guarded: bool = True, fresh: bool = False) -> int:
        """Let a process play `role`, killed at chunk `cut_at`; returns how it ended (0: it lived)."""
        self.numero += fresh
        self._say(f"{role} {self.numero} {'avec' if guarded else 'sans'}")
        self.fils.watch(int(self._hear()), cut_at)
        self._say("go")
        status = int(self._hear())
        assert status == 0 or os.WIFSIGNALED(status), f"{role} failed otherwise"
        return status

    def points(self, role: str) -> int:
        """In how many places one good run of the role can be cut."""
        assert self.jouer(role, fresh=role == "publier") == 0
        return self.fils.passes

    def finir(self) -> bool:
        """Others take over until nothing is left to do; False when something stays for good."""
        limit = time.monotonic() + 20
        while en_cours():
            far = nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'sent' AND wake_at > now() + '1 min'")
            if far or time.monotonic() > limit:
                return False
            self.jouer("relayer")
            self.jouer("travailler")
        return True

    def _say(self, line: str) -> None:
        assert self.souche.stdin is not None
        self.souche.stdin.write(line + "\n")
        self.souche.stdin.flush()

    def _hear(self) -> str:
        assert self.souche.stdout is not None
        return self.souche.stdout.readline()


def ouvrir(atelier: Atelier, sans: str = "") -> Iterator[Banc]:
    settings = get_settings()
    address = urlsplit(settings.database_url)
    real = Path(parse_qs(address.query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="fils") as folder:
        fils = FilsRedis(Path(folder), str(real / ".s.PGSQL.5432"), unquote(urlsplit(settings.redis_url).path))
        led_here = {
            "DATABASE_URL": address._replace(query=f"host={quote(folder)}").geturl(),
            "REDIS_URL": f"redis://127.0.0.1:{fils.port}",
            "ESSAI_BAIL": BAIL,
            "ESSAI_ATTENTES": ",".join(["0.05"] * 50),
            "ESSAI_SANS": sans,
        }
        souche = subprocess.Popen(
            [sys.executable, "-m", "tests.scenarios.souche_relais"],
            cwd=ROOT,
            env={**os.environ, **led_here},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one prctl call, safe after a fork
        )
        yield Banc(fils, souche)
        souche.kill()
        souche.wait()
        for pipe in (souche.stdin, souche.stdout):
            if pipe is not None:
                pipe.close()
        fils.close()


@pytest.fixture
def banc(atelier: Atelier) -> Iterator[Banc]:
    yield from ouvrir(atelier)


@pytest.fixture
def banc_sans_transaction(atelier: Atelier) -> Iterator[Banc]:
    yield from ouvrir(atelier, "transaction")


def exactement_une_fois() -> bool:
    """Whether each committed state, and nothing else, had its effect once."""
    sql = """
        SELECT (SELECT coalesce(array_agg(numero ORDER BY numero), '{}') FROM essai_etat)
             = (SELECT coalesce(array_agg(numero ORDER BY numero), '{}') FROM essai_effet) AS once
    """
    return bool(lire(sql)[0].once)


def test_a_publisher_killed_at_any_point_commits_state_and_fact_or_neither(banc: Banc) -> None:
    points = banc.points("publier")
    assert points > 5, "the wires saw nothing"
    before = nombre("SELECT count(*) FROM essai_etat")
    for point in range(points):
        assert banc.jouer("publier", point, fresh=True) == signal.SIGKILL
    assert before < nombre("SELECT count(*) FROM essai_etat") < before + points, "no crash fell around the commit"
    assert banc.finir(), etats()
    assert exactement_une_fois()


def test_control_a_fact_published_after_the_commit_is_lost_by_some_crash(banc: Banc) -> None:
    assert banc.jouer("publier", guarded=False, fresh=True) == 0
    for point in range(banc.fils.passes):
        banc.jouer("publier", point, guarded=False, fresh=True)
    assert banc.finir()
    assert not exactement_une_fois()


def test_a_relay_killed_at_any_point_loses_and_doubles_nothing(banc: Banc) -> None:
    banc.jouer("publier", fresh=True)
    points = banc.points("relayer")
    assert points > 20, "the wires saw nothing"
    for point in range(points):
        assert banc.finir(), etats()
        banc.jouer("publier", fresh=True)
        assert banc.jouer("relayer", point) == signal.SIGKILL, f"point {point} of {points} was not reached"
    assert banc.finir(), etats()
    assert exactement_une_fois()
    assert nombre("SELECT count(*) FROM outbox_delivery WHERE attempts <> 1") == 0, "a bell was answered twice"


def test_control_a_relay_that_never_sends_again_loses_what_it_had_only_marked(banc: Banc) -> None:
    banc.jouer("publier", fresh=True)
    assert banc.jouer("relayer", guarded=False) == 0
    points = banc.fils.passes
    banc.jouer("travailler")
    lost = 0
    for point in range(points - 1, points // 2, -1):
        banc.jouer("publier", fresh=True)
        banc.jouer("relayer", point, guarded=False)
        lost += not banc.finir()
    assert lost > 0
    assert not exactement_une_fois()


def test_a_worker_killed_at_any_point_has_its_effect_once(banc: Banc) -> None:
    sonner(banc)
    points = banc.points("travailler")
    assert points > 15, "the wires saw nothing"
    for point in range(points):
        sonner(banc)
        assert banc.jouer("travailler", point) == signal.SIGKILL, f"point {point} of {points} was not reached"
        assert banc.finir(), etats()
    assert exactement_une_fois()
    assert nombre("SELECT count(*) FROM outbox_delivery WHERE attempts > 1") > 0, "no crash fell amid the work"


def test_control_a_worker_without_its_one_transaction_has_some_effect_twice(banc_sans_transaction: Banc) -> None:
    banc = banc_sans_transaction
    sonner(banc)
    for point in range(banc.points("travailler")):
        sonner(banc)
        banc.jouer("travailler", point)
        assert banc.finir(), etats()
    assert nombre("SELECT count(*) FROM essai_effet") > nombre("SELECT count(*) FROM essai_etat")


def sonner(banc: Banc) -> None:
    """A fact is committed and rung for."""
    banc.jouer("publier", fresh=True)
    banc.jouer("relayer")


@pytest.mark.long
def test_a_thousand_random_crashes_lose_and_double_nothing(banc: Banc) -> None:
    import random  # noqa: PLC0415

    seed = int(os.environ.get("ESSAI_GRAINE", time.time_ns() % 10**9))
    print(f"ESSAI_GRAINE={seed}")
    dice = random.Random(seed)
    for _ in range(1000):
        role = dice.choice(["publier", "relayer", "travailler"])
        banc.jouer(role, dice.randrange(60), fresh=role == "publier")
    assert banc.finir(), etats()
    assert exactement_une_fois()


def test_real_workers_and_relays_killed_in_turn_lose_and_double_nothing(atelier: Atelier) -> None:
    turned = {"ESSAI_BAIL": "2", "RELAY_POLL_SECONDS": "0.3"}
    enfants = [atelier.relais(turned), atelier.ouvrier("argent", turned=turned)]
    publier([ArgentDu(numero, 10) for numero in range(1, 301)])
    for _ in range(4):
        enough = effets() + 10
        atelier.attendre(lambda: effets() > enough)  # noqa: B023 - called in this very turn
        for enfant in enfants:
            enfant.tuer()
        enfants = [atelier.relais(turned), atelier.ouvrier("argent", turned=turned)]
    atelier.attendre(lambda: en_cours() == 0)
    assert lire("SELECT numero FROM essai_effet ORDER BY numero") == [(numero,) for numero in range(1, 301)]
