"""Engines and workers that go away in the middle of the work: Redis, PostgreSQL, a worker; what each guard is for."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alembic import command
from alembic.config import Config
from redis import Redis

from kernel.embedded import start_postgres
from tests.conftest import ROOT, Engines, environment_of, forget_settings
from tests.scenarios.faits import ArgentDu, DocumentDu
from tests.scenarios.ouvriers import (
    Atelier,
    Pepiniere,
    atelier_ouvert,
    chacun_une_fois,
    effets,
    en_cours,
    lire,
    nombre,
    publier,
)

VITE = {"ESSAI_BAIL": "2", "RELAY_POLL_SECONDS": "0.3"}
TRAVAUX = 120


def au_travail(atelier: Atelier, turned: dict[str, str], travaux: int = TRAVAUX, millis: int = 15) -> None:
    """A relay and two workers, amid their work."""
    atelier.relais(turned)
    for _ in range(2):
        atelier.ouvrier("argent", turned=turned)
    publier([ArgentDu(numero, millis) for numero in range(1, travaux + 1)])
    atelier.attendre(lambda: effets() > travaux / 8)
    assert en_cours() > travaux / 4, "the work was over before the fault"


@contextmanager
def redis_de(atelier: Atelier) -> Iterator["Redis"]:
    with Redis.from_url(atelier.redis.url) as client:
        yield client


def vide(atelier: Atelier) -> None:
    with redis_de(atelier) as redis:
        redis.flushall()


def relance(atelier: Atelier) -> None:
    atelier.redis.stop()
    time.sleep(1.5)
    atelier.relancer_redis()


def fige(atelier: Atelier) -> None:
    """Silent for longer than a client waits for an answer."""
    assert atelier.redis.process is not None
    atelier.redis.process.send_signal(signal.SIGSTOP)
    time.sleep(6.5)
    atelier.redis.process.send_signal(signal.SIGCONT)


def plein(atelier: Atelier) -> None:
    with redis_de(atelier) as redis:
        redis.config_set("maxmemory", 1)
        publier([ArgentDu(numero, 15) for numero in range(TRAVAUX + 1, TRAVAUX + 11)])
        time.sleep(3)
        redis.config_set("maxmemory", 0)


@pytest.mark.parametrize("panne", [vide, relance, fige, plein])
def test_redis_may_go_in_any_way_and_all_work_is_done_once(atelier: Atelier, panne: Callable[[Atelier], None]) -> None:
    au_travail(atelier, VITE)
    panne(atelier)
    assert atelier.attendre(lambda: en_cours() == 0, 60) <= 60
    assert chacun_une_fois(TRAVAUX + 10 * (panne is plein))


def test_redis_emptied_with_real_leases_is_made_up_for_within_a_minute(atelier: Atelier) -> None:
    au_travail(atelier, {})
    vide(atelier)
    assert atelier.attendre(lambda: en_cours() == 0, 60) <= 60
    assert chacun_une_fois(TRAVAUX)


def test_control_bells_that_are_never_rung_again_leave_work_undone(atelier: Atelier) -> None:
    au_travail(atelier, VITE | {"ESSAI_SANS": "retour"})
    vide(atelier)
    reached = -1
    while reached < effets():
        reached = effets()
        time.sleep(5)
    assert 0 < reached < TRAVAUX


@pytest.mark.long
def test_redis_away_for_minutes_costs_nothing_but_time(atelier: Atelier) -> None:
    au_travail(atelier, {}, 2000)
    atelier.redis.stop()
    time.sleep(150)
    atelier.relancer_redis()
    assert atelier.attendre(lambda: en_cours() == 0, 120) <= 60 + 2000 * 0.015
    assert chacun_une_fois(2000)


def test_redis_does_not_fill_up_while_no_worker_runs(atelier: Atelier) -> None:
    atelier.relais({"ESSAI_BAIL": "0.2", "RELAY_POLL_SECONDS": "0.1"})
    publier([ArgentDu(numero) for numero in range(1, 201)])
    with redis_de(atelier) as redis:
        atelier.attendre(lambda: redis.llen("dramatiq:argent") >= 128)
        time.sleep(3)
        assert redis.llen("dramatiq:argent") == 128
    atelier.ouvrier("argent", turned=VITE)
    atelier.attendre(lambda: en_cours() == 0)
    assert chacun_une_fois(200)


def reprise(atelier: Atelier, seconds: float) -> float | None:
    """Kill the worker of a long piece of work; how long until another has done it, None if none has in `seconds`."""
    publier([DocumentDu(1, 30_000)])
    atelier.attendre(lambda: lire("SELECT pid FROM essai_debut"))
    time.sleep(3)  # its lease has been renewed by now
    os.kill(lire("SELECT pid FROM essai_debut")[0].pid, signal.SIGKILL)
    killed = time.monotonic()
    while time.monotonic() - killed < seconds:
        if effets():
            return time.monotonic() - killed
        time.sleep(0.05)
    return None


def test_a_killed_workers_work_is_done_again_elsewhere_within_fifteen_seconds(atelier: Atelier) -> None:
    atelier.relais()
    for _ in range(2):
        atelier.ouvrier("documents")
    assert reprise(atelier, 15) is not None
    atelier.attendre(lambda: en_cours() == 0)
    assert chacun_une_fois(1)
    assert nombre("SELECT count(DISTINCT pid) FROM essai_debut") == 2


@pytest.mark.long
def test_control_without_the_end_of_a_lease_a_killed_workers_work_stays(atelier: Atelier) -> None:
    turned = {"ESSAI_SANS": "retour"}
    atelier.relais(turned)
    for _ in range(2):
        atelier.ouvrier("documents", turned=turned)
    assert reprise(atelier, 15) is None


class PostgresAPart:
    """A PostgreSQL of one test's own, which keeps what it has committed whatever happens to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = start_postgres(folder)

    def abattre(self, how: signal.Signals) -> None:
        assert self.server.process is not None
        self.server.process.send_signal(how)
        self.server.process.wait(30)

    def relever(self) -> None:
        self.server = start_postgres(self.folder)


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresAPart]:
    with TemporaryDirectory(prefix="postgres-", dir="/tmp") as folder:
        own = PostgresAPart(Path(folder))
        engines = Engines(own.server.url, "unix:///nowhere")
        for name, value in environment_of(engines, "postgres", Path(folder)).items():
            monkeypatch.setenv(name, value)
        forget_settings()
        command.upgrade(Config(str(ROOT / "migrations" / "alembic.ini")), "head")
        yield own
        forget_settings()
        own.abattre(signal.SIGQUIT)


def test_postgresql_restarted_amid_the_work_loses_and_doubles_nothing(
    postgres: PostgresAPart, pepiniere: Pepiniere, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import create_app  # noqa: PLC0415 - the whole house: only this test needs it

    with atelier_ouvert(pepiniere, monkeypatch) as atelier:
        visitor = create_app().test_client()
        assert visitor.get("/inscription").status_code == 200
        au_travail(atelier, VITE)
        for how, done in ((signal.SIGINT, TRAVAUX), (signal.SIGQUIT, 2 * TRAVAUX)):  # stopped, crashed
            if done > TRAVAUX:
                publier([ArgentDu(numero, 15) for numero in range(TRAVAUX + 1, done + 1)])
                atelier.attendre(lambda: effets() > 1.1 * TRAVAUX)
            postgres.abattre(how)

            answer = visitor.get("/inscription")
            assert answer.status_code == 503
            assert "Rien n’est perdu" in answer.text
            assert visitor.get("/pret").status_code == 503
            assert visitor.get("/sante").status_code == 200

            postgres.relever()
            atelier.attendre(lambda: en_cours() == 0)
            assert chacun_une_fois(done)
            assert visitor.get("/pret").status_code == visitor.get("/inscription").status_code == 200


@pytest.mark.long
def test_control_without_its_one_transaction_a_restart_doubles_work(
    postgres: PostgresAPart, pepiniere: Pepiniere, monkeypatch: pytest.MonkeyPatch
) -> None:
    with atelier_ouvert(pepiniere, monkeypatch) as atelier:
        au_travail(atelier, VITE | {"ESSAI_SANS": "transaction"}, travaux=60, millis=100)
        postgres.abattre(signal.SIGQUIT)
        postgres.relever()
        atelier.attendre(lambda: en_cours() == 0)
        assert effets() > 60
