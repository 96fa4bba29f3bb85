"""Real relays and workers on ordinary and crowded days: bells, crowds of relays, poison, floods, a stop under load."""

import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from tests.scenarios.faits import ArgentDu, BombePosee, CourrielDu, DocumentDu, PoisonVerse
from tests.scenarios.ouvriers import (
    Atelier,
    Enfant,
    chacun_une_fois,
    effets,
    en_cours,
    lire,
    nombre,
    p95_argent,
    publier,
    sql_direct,
)

# Quick leases and looks, for tests that wait for many of them.
VITE = {"ESSAI_BAIL": "2", "RELAY_POLL_SECONDS": "0.3"}


def argents(number: int, millis: int = 0, first: int = 1) -> list[ArgentDu]:
    return [ArgentDu(numero, millis) for numero in range(first, first + number)]


def test_the_bell_of_a_commit_has_its_fact_delivered_at_once(atelier: Atelier) -> None:
    atelier.relais({"RELAY_POLL_SECONDS": "30"})
    atelier.ouvrier("argent")
    publier(argents(1))
    atelier.attendre(lambda: effets() == 1)
    assert chacun_delai(atelier, first=2) < 1.0
    sql_direct(ecouteurs("pg_terminate_backend(pid)"))
    atelier.attendre(lambda: lire(ecouteurs("pid")))
    assert chacun_delai(atelier, first=12) < 1.0, "a relay whose line was cut listens again"
    assert chacun_une_fois(21)


def chacun_delai(atelier: Atelier, first: int) -> float:
    """The median of ten deliveries published one by one, in seconds."""
    seconds = []
    for numero in range(first, first + 10):
        publier(argents(1, first=numero))
        seconds.append(atelier.attendre(lambda: en_cours() == 0))
    return sorted(seconds)[5]


def ecouteurs(what: str) -> str:
    return f"SELECT {what} FROM pg_stat_activity WHERE query = 'LISTEN outbox' AND datname = current_database()"  # noqa: S608


def test_without_the_bell_the_slow_poll_delivers_all_the_same(atelier: Atelier) -> None:
    sql_direct("ALTER TABLE outbox_fact DISABLE TRIGGER ring_outbox")
    deaf = atelier.relais({"RELAY_POLL_SECONDS": "30"})
    atelier.ouvrier("argent")
    atelier.attendre(lambda: lire(ecouteurs("pid")))
    time.sleep(1)
    publier(argents(3))
    time.sleep(3)
    assert effets() == 0, "something else than the bell woke the relay"
    deaf.tuer()
    atelier.relais({"RELAY_POLL_SECONDS": "1"})
    atelier.attendre(lambda: chacun_une_fois(3))
    publier(argents(3, first=4))
    atelier.attendre(lambda: chacun_une_fois(6))


def test_several_relays_deliver_each_fact_once(atelier: Atelier) -> None:
    publier(argents(150))
    for _ in range(3):
        atelier.relais({"RELAY_POLL_SECONDS": "0.2"})
    for _ in range(2):
        atelier.ouvrier("argent")
    for first in range(151, 301, 5):
        publier(argents(5, first=first))
    atelier.attendre(lambda: en_cours() == 0)
    assert chacun_une_fois(300)
    assert nombre("SELECT count(*) FROM outbox_delivery") == 300


def test_a_hopeless_job_is_parked_and_replayed_and_holds_nobody_back(atelier: Atelier) -> None:
    turned = VITE | {"ESSAI_ATTENTES": "0.1,0.2"}
    atelier.relais(turned)
    others = [CourrielDu(numero) for numero in range(3, 43)]
    publier([PoisonVerse(1), *others])
    revive = ouvrier_releve(atelier, turned)
    atelier.attendre(lambda: revive() and parked() == ["empoisonner"])
    publier([BombePosee(2)])  # now that no other delivery of note can die with the worker
    atelier.attendre(lambda: revive() and parked() == ["empoisonner", "exploser"], 90)
    atelier.attendre(lambda: revive() and effets() == len(others))
    assert nombre("SELECT max(attempts) FROM outbox_delivery WHERE state = 'parked'") == 3

    listed = atelier.flask("outbox", "list").splitlines()
    assert [line.split("\t")[1:] for line in listed] == [
        ["empoisonner", "PoisonVerse {'numero': 1}", "RuntimeError: poison"],
        ["exploser", "BombePosee {'numero': 2}", "the worker died at each attempt"],
    ]
    Path(atelier.var, "antidote").touch()
    for line in listed:
        assert atelier.flask("outbox", "retry", line.split("\t")[0]) == "due again\n"
    atelier.attendre(lambda: revive() and en_cours() == 0 and parked() == [])
    assert chacun_une_fois(42)


def ouvrier_releve(atelier: Atelier, turned: dict[str, str]):  # type: ignore[no-untyped-def]
    """A worker that is started again whenever it died, as an init would; call what is returned to look after it."""
    at_work: list[Enfant] = []

    def look_after() -> bool:
        if not at_work or not at_work[-1].vit():
            at_work.append(atelier.ouvrier("courriel", turned=turned))
        return True

    return look_after


def parked() -> Sequence[str]:
    return [row.actor for row in lire("SELECT actor FROM outbox_delivery WHERE state = 'parked' ORDER BY actor")]


def test_control_a_hopeless_job_that_is_never_parked_is_tried_for_ever(atelier: Atelier) -> None:
    turned = VITE | {"ESSAI_SANS": "mise_de_cote"}
    atelier.relais(turned)
    atelier.ouvrier("courriel", turned=turned)
    publier([PoisonVerse(1)])
    atelier.attendre(lambda: nombre("SELECT max(attempts) FROM outbox_delivery") > 7)
    assert parked() == []


@pytest.mark.parametrize("documents", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_flood_of_documents_and_mail_does_not_slow_money(atelier: Atelier, documents: int) -> None:
    atelier.relais()
    atelier.ouvrier("argent", threads=4)
    atelier.ouvrier("courriel", "documents")
    publier([ArgentDu(0), DocumentDu(0), CourrielDu(0)])
    atelier.attendre(lambda: effets() == 3)
    publier([DocumentDu(numero, 20) for numero in range(documents)])
    publier([CourrielDu(numero, 20) for numero in range(documents)])
    # Other programs share this machine: a stall of theirs may spoil one stretch, not three.
    stretches: list[float] = []
    while len(stretches) < 3 and min(stretches, default=1.0) >= 1.0:
        stretches.append(p95_de_cent(atelier))
    assert en_cours() > documents / 2, "the flood was over too soon to slow anything"
    assert min(stretches) < 1.0, stretches


def p95_de_cent(atelier: Atelier) -> float:
    """Publish a hundred money facts, one by one, and wait for them: of 95, how many seconds the slowest took."""
    before = nombre("SELECT max(id) FROM outbox_fact")
    for numero in range(100):
        publier(argents(1, first=numero))
        time.sleep(0.04)
    atelier.attendre(lambda: payes() % 100 == 1)
    return p95_argent(before)


def payes() -> int:
    return nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'done' AND queue = 'argent'")


def test_control_money_behind_documents_in_one_worker_is_slow(atelier: Atelier) -> None:
    atelier.relais()
    atelier.ouvrier("argent", "courriel", "documents", threads=2)
    publier([DocumentDu(numero, 1500) for numero in range(100)])
    atelier.attendre(lambda: nombre("SELECT count(*) FROM essai_debut") > 2)
    publier(argents(10))
    atelier.attendre(lambda: payes() == 10)
    assert p95_argent(0) > 1.0


@pytest.mark.parametrize(
    "patience", [20_000, pytest.param(50, marks=pytest.mark.long)], ids=["work ends", "work is cut"]
)
def test_a_stop_under_load_loses_nothing(atelier: Atelier, patience: int) -> None:
    relay = atelier.relais(VITE)
    workers = [atelier.ouvrier("argent", patience=patience, turned=VITE) for _ in range(2)]
    publier(argents(200, millis=50))
    atelier.attendre(lambda: effets() > 10)
    for one in (relay, *workers):
        one.demander_la_fin()
    for one in (relay, *workers):
        one.attendre_la_fin(30)
    assert en_cours() > 0, "everything was done before the stop"
    publier(argents(40, first=201))
    atelier.relais(VITE)
    atelier.ouvrier("argent", threads=8, turned=VITE)
    atelier.attendre(lambda: en_cours() == 0)
    assert chacun_une_fois(240)


def test_control_work_marked_done_before_it_is_done_is_lost_by_a_stop(atelier: Atelier) -> None:
    turned = VITE | {"ESSAI_SANS": "fin_apres"}
    atelier.relais(turned)
    worker = atelier.ouvrier("argent", patience=50, turned=turned)
    publier(argents(20, millis=1500))
    atelier.attendre(lambda: nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'done'") > 0)
    worker.arreter()
    atelier.ouvrier("argent", threads=8, turned=turned)
    atelier.attendre(lambda: en_cours() == 0)
    time.sleep(3)
    assert effets() < 20


def test_long_work_keeps_its_lease_and_loses_it_without_a_heart(atelier: Atelier) -> None:
    turned = VITE | {"ESSAI_BAIL": "1.2"}
    atelier.relais(turned)
    numbers = count(1)
    for without, tries in (("", 1), ("coeur", 2)):
        workers = [atelier.ouvrier("documents", turned=turned | {"ESSAI_SANS": without}) for _ in range(2)]
        numero = next(numbers)
        publier([DocumentDu(numero, 4000)])
        atelier.attendre(lambda: en_cours() == 0)
        time.sleep(1)
        assert nombre("SELECT count(*) FROM essai_debut WHERE numero = :n", n=numero) >= tries
        assert tries == 2 or nombre("SELECT count(*) FROM essai_debut WHERE numero = :n", n=numero) == 1
        for worker in workers:
            worker.tuer()
    assert chacun_une_fois(2), "whoever lost the lease changes nothing"
