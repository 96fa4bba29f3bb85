"""kill -9 at every point of a fact's way: between any two messages to PostgreSQL or Redis.

Whoever publishes, relays or works is a real process on real engines; only the wires are ours (see `fils`). After each
crash others take over: the fact has its effect exactly once if its state was committed, and none if it was not.
"""

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from redis import Redis
from sqlalchemy import text

from kernel.db import transaction
from kernel.outbox import publish
from kernel.settings import get_settings
from tests.paiements.fils import Fils
from tests.scenarios.faits import ArgentDu
from tests.scenarios.ouvriers import Atelier, effets, en_cours, etats, lire, nombre, publier


class FilsRedis(Fils):
    """The second wire leads to Redis instead."""

    def __init__(self, folder: Path, postgres: str, redis: str) -> None:
        self._redis = redis
        super().__init__(folder, postgres, 0)

    def _to_stripe(self) -> socket.socket:
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        far.connect(self._redis)
        return far


class Souche:
    """The process behind (see `souche_relais`), asked and heard line by line."""

    def __init__(self, atelier: Atelier, environment: dict[str, str], *arguments: str) -> None:
        asking, answers = (atelier.var / f"{name}-{len(atelier.enfants)}" for name in ("demandes", "reponses"))
        for path in (asking, answers):
            os.mkfifo(path)
        pipes = {"ESSAI_DEMANDES": str(asking), "ESSAI_REPONSES": str(answers)}
        atelier.lancer(["tests.scenarios.souche_relais", *arguments], environment | pipes)
        self._asking, self._answers = asking.open("w"), answers.open()

    def demander(self, line: str) -> str:
        self._asking.write(line + "\n")
        self._asking.flush()
        return self._answers.readline().strip()

    def fermer(self) -> None:
        self._asking.close()
        self._answers.close()


@dataclass
class Banc:
    """Where processes are killed: one that forks them, the wires that count and cut, and the one that takes over."""

    fils: Fils
    souche: Souche
    secours: Souche
    numero: int = field(default=0)

    def jouer(self, role: str, cut_at: int | None = None, *, guarded: bool = True, fresh: bool = False) -> int:
        """Let a process play `role`, killed at chunk `cut_at`; returns how it ended (0: it lived)."""
        self.numero += fresh
        pid = self.souche.demander(f"{role} {self.numero} {'avec' if guarded else 'sans'}")
        self.fils.watch(int(pid), cut_at)
        status = int(self.souche.demander("go"))
        assert status == 0 or os.WIFSIGNALED(status), f"{role} failed otherwise"
        return status

    def publier(self) -> None:
        """A state and its fact, safely."""
        self.numero += 1
        with transaction() as session:
            session.execute(text("INSERT INTO essai_etat VALUES (:numero)"), {"numero": self.numero})
            publish(session, ArgentDu(self.numero))

    def partout(self, role: str, before: Callable[[], object], *, fresh: bool = False) -> int:
        """Kill the role at its first chunk, at its second… until it lives to its end; others take over each time."""
        for point in count():
            before()
            status = self.jouer(role, point, fresh=fresh)
            assert self.finir(), f"killed at point {point}:\n{etats()}"
            if status == 0:
                return point
        raise AssertionError

    def sans_garde(self, role: str, before: Callable[[], object]) -> Iterator[None]:
        """Kill the role, its guard taken away, at each of its points; five times over, as a machine that is busy cuts
        the same words into fewer pieces."""
        for _ in range(5):
            for point in count():
                before()
                status = self.jouer(role, point, guarded=False)
                yield
                if status == 0:
                    break

    def finir(self) -> bool:
        """Others take over until nothing is left to do; False when something stays for good."""
        return self.secours.demander("finir") == "fini"


def ouvrir(atelier: Atelier, sans: str = "") -> Iterator[Banc]:
    settings = get_settings()
    address = urlsplit(settings.database_url)
    real = Path(parse_qs(address.query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="fils") as folder:
        fils = FilsRedis(Path(folder), str(real / ".s.PGSQL.5432"), unquote(urlsplit(settings.redis_url).path))
        turned = {"ESSAI_BAIL": "0.15", "ESSAI_ATTENTES": ",".join(["0.05"] * 50), "ESSAI_SANS": sans}
        wired = {
            "DATABASE_URL": address._replace(query=f"host={quote(folder)}").geturl(),
            "REDIS_URL": f"redis://127.0.0.1:{fils.port}",
        }
        banc = Banc(fils, Souche(atelier, turned | wired), Souche(atelier, turned, "secours"))
        yield banc
        banc.souche.fermer()
        banc.secours.fermer()
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
    points = banc.partout("publier", lambda: None, fresh=True)
    assert points > 5, "the wires saw nothing"
    assert 1 < nombre("SELECT count(*) FROM essai_etat") < points, "no crash fell around the commit"
    assert banc.finir()
    assert exactement_une_fois()


def test_control_a_fact_published_after_the_commit_is_lost_by_some_crash(banc: Banc) -> None:
    assert banc.jouer("publier", guarded=False, fresh=True) == 0
    for point in range(banc.fils.passes):
        banc.jouer("publier", point, guarded=False, fresh=True)
    assert banc.finir()
    assert not exactement_une_fois()


def test_a_relay_killed_at_any_point_loses_and_doubles_nothing(banc: Banc) -> None:
    points = banc.partout("relayer", banc.publier)
    assert points > 20, "the wires saw nothing"
    assert banc.finir()
    assert exactement_une_fois()
    assert nombre("SELECT count(*) FROM outbox_delivery WHERE attempts <> 1") == 0, "a bell was answered twice"


def test_control_a_relay_that_never_sends_again_loses_what_it_had_only_marked(banc: Banc) -> None:
    for _ in banc.sans_garde("relayer", banc.publier):
        if not banc.finir():
            break
    assert not banc.finir(), "no crash lost anything"
    assert not exactement_une_fois()


def test_a_worker_killed_at_any_point_has_its_effect_once(banc: Banc) -> None:
    points = banc.partout("travailler", lambda: sonner(banc))
    assert points > 15, "the wires saw nothing"
    assert exactement_une_fois()
    assert nombre("SELECT count(*) FROM outbox_delivery WHERE attempts > 1") > 0, "no crash fell amid the work"


def test_control_a_worker_without_its_one_transaction_has_some_effect_twice(banc_sans_transaction: Banc) -> None:
    banc = banc_sans_transaction
    for _ in banc.sans_garde("travailler", lambda: sonner(banc)):
        assert banc.finir(), etats()
        if nombre("SELECT count(*) FROM essai_effet") > nombre("SELECT count(*) FROM essai_etat"):
            break
    assert not exactement_une_fois(), "no crash doubled anything"


def sonner(banc: Banc) -> None:
    """A fact is committed and rung for; no bell of an earlier crash rings before."""
    with Redis.from_url(get_settings().redis_url) as redis:
        redis.flushall()
    banc.publier()
    assert banc.secours.demander("relayer") == "relaye"


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
