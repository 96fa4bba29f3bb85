"""E-mail through real relays and workers: once each, the same id when sent again, parked when nobody answers."""

import time

import pytest

from kernel.db import transaction
from kernel.mail import queue_mail
from tests.conftest import forget_settings
from tests.demo.outside_world import free_port
from tests.kernel.boite_smtp import Boite, boite_ouverte
from tests.scenarios.ouvriers import Atelier, en_cours, lire, nombre

VITE = {"RELAY_POLL_SECONDS": "0.3", "ESSAI_ATTENTES": "0.2,0.3"}
CONTEXT = {"lien": "http://127.0.0.1:8000/", "minutes": 10, "nom": "Samira"}


def ecrire(count: int, first: int = 1) -> None:
    with transaction() as session:
        for number in range(first, first + count):
            to = f"foyer{number}@exemple.test"
            template = "foyers/mot_de_passe_oublie"
            queue_mail(session, key=f"essai:{number}", to=to, template=template, context=CONTEXT)


def brancher(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    forget_settings()


def ids(boite: Boite) -> list[str]:
    return [str(message["Message-ID"]) for message in boite.received]


def test_among_several_relays_and_workers_each_message_leaves_once(
    atelier: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with boite_ouverte() as boite:
        brancher(monkeypatch, boite.url)
        for _ in range(2):
            atelier.relais()
            atelier.ouvrier("courriel")
        ecrire(40)
        ecrire(40)  # asked again under the same keys
        ecrire(10, first=41)
        atelier.attendre(lambda: en_cours() == 0)
        assert sorted(boite.recipients) == sorted(f"foyer{number}@exemple.test" for number in range(1, 51))
        assert len(set(ids(boite))) == 50
        assert nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 0


def test_a_worker_that_dies_before_it_says_so_has_its_message_sent_again_under_the_same_id(
    atelier: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the server’s 250 and our commit: rather twice than never, and a mailbox shows one id once."""
    with boite_ouverte() as boite:
        brancher(monkeypatch, boite.url)
        quick = VITE | {"ESSAI_BAIL": "2"}
        atelier.relais(quick)
        dying = atelier.ouvrier("courriel", turned=quick | {"ESSAI_TUER": "apres_envoi"})
        ecrire(1)
        atelier.attendre(lambda: not dying.vit())
        assert nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 1
        atelier.ouvrier("courriel", turned=quick)
        atelier.attendre(lambda: en_cours() == 0)
        assert len(ids(boite)) == 2
        assert len(set(ids(boite))) == 1
        assert nombre("SELECT count(*) FROM mail WHERE sent_at IS NULL") == 0


def test_a_server_that_does_not_answer_has_mail_parked_and_replayed(
    atelier: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    brancher(monkeypatch, f"smtp://127.0.0.1:{port}")
    atelier.relais(VITE)
    atelier.ouvrier("courriel", turned=VITE)
    ecrire(3)
    atelier.attendre(lambda: nombre("SELECT count(*) FROM outbox_delivery WHERE state = 'parked'") == 3)
    assert nombre("SELECT min(attempts) FROM outbox_delivery") == 3
    assert {row.error.split(":")[0] for row in lire("SELECT error FROM outbox_delivery")} == {"ConnectionRefusedError"}
    with boite_ouverte(port) as boite:
        for row in lire("SELECT id FROM outbox_delivery"):
            assert atelier.flask("outbox", "retry", str(row.id)) == "due again\n"
        atelier.attendre(lambda: en_cours() == 0)
        assert len(set(ids(boite))) == len(boite.received) == 3
    assert atelier.flask("outbox", "list") == ""


def test_what_fails_for_a_while_is_tried_again_until_it_leaves(
    atelier: Atelier, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    brancher(monkeypatch, f"smtp://127.0.0.1:{port}")
    patient = VITE | {"ESSAI_ATTENTES": ",".join(["0.5"] * 40)}
    atelier.relais(patient)
    atelier.ouvrier("courriel", turned=patient)
    ecrire(3)
    atelier.attendre(lambda: nombre("SELECT min(attempts) FROM outbox_delivery") >= 2)
    time.sleep(0.2)
    with boite_ouverte(port) as boite:
        atelier.attendre(lambda: en_cours() == 0)
        assert len(boite.received) == 3
