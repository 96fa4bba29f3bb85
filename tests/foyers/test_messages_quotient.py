"""What families are told of their quotient: once each, with what it changes, and never the value itself."""

from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from foyers import avis, effets, messages_quotient, pieces
from foyers.models import JustificatifQF, Motif, Source
from foyers.models_messages import Lettre, Message
from kernel import clock
from kernel.clock import now, paris
from kernel.db import reading, transaction
from kernel.mail import Mail
from kernel.web.access import Role
from tests import fabriques

MARDI = paris(date(2026, 11, 17), time(10))
SEPTEMBRE = date(2026, 9, 1)


@pytest.fixture
def ville(base: str) -> dict[str, int]:
    clock.set_now(MARDI)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        fabriques.semaine(session, date(2026, 11, 26))
        foyer_id = fabriques.foyer(session, nom="Benali").id
        return {
            "foyer": foyer_id,
            "agent": fabriques.compte(session, Role.AGENT).id,
            "donne": fabriques.quotient(session, foyer_id, 6437, verifie=False, declare_le=MARDI).id,
        }


def cles() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Message.cle).order_by(Message.id)))


def courriel() -> Mail:
    with reading() as session:
        return session.scalars(select(Mail).order_by(Mail.id.desc())).first() or Mail()


def lisible(text: str) -> str:
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def rappeler(instant: datetime) -> None:
    with transaction() as session:
        messages_quotient.rappeler(session, instant)


def test_a_checked_quotient_is_told_with_the_price_that_follows(app: Flask, ville: dict[str, int]) -> None:
    vu = avis.Vu(712, SEPTEMBRE, Source.CAF)
    with app.app_context(), transaction() as session:
        avis.accepter(session, ville["donne"], vu, agent=ville["agent"], tarif=effets.tarif_a_venir(session))
    told = courriel()
    for part in (told.text, told.html):
        assert "disait autre chose" in lisible(part)
        assert "Dès le panier du jeudi 26 novembre, il vous coûte 5,50 € au lieu de 9,00 €." in lisible(part)
        assert "30 septembre 2027" in lisible(part)
        assert "712" not in part
        assert "6437" not in part
    assert len(cles()) == 1


def test_a_refusal_tells_its_reason_and_what_to_do(app: Flask, ville: dict[str, int]) -> None:
    with app.app_context(), transaction() as session:
        tarif = effets.tarif_a_venir(session)
        avis.refuser(session, ville["donne"], Motif.ILLISIBLE, agent=ville["agent"], tarif=tarif)
    told = courriel()
    for part in (told.text, told.html):
        assert "floue, coupée ou trop sombre" in lisible(part)
        assert "/mon-foyer/quotient" in part


def test_a_household_on_paper_receives_a_letter_without_an_address_of_a_page(app: Flask, ville: dict[str, int]) -> None:
    with transaction() as session:
        paper = fabriques.foyer(session, canal="papier", email=None).id
        given = fabriques.quotient(session, paper, 640, verifie=False, declare_le=MARDI).id
    with app.app_context(), transaction() as session:
        tarif = effets.tarif_a_venir(session)
        avis.refuser(session, given, Motif.AUTRE_PERSONNE, agent=ville["agent"], tarif=tarif)
    with reading() as session:
        letter = session.scalars(select(Lettre.texte)).one()
    assert "au nom d’une autre personne" in letter
    assert "http" not in letter


def test_a_proof_is_asked_for_once_after_two_weeks(ville: dict[str, int]) -> None:
    due = MARDI + timedelta(weeks=2)
    rappeler(due - timedelta(seconds=1))
    assert cles() == []
    for _ in range(3):
        rappeler(due)
    assert cles() == [f"quotient:{ville['donne']}:preuve"]
    assert "mardi 15 décembre" in lisible(courriel().text)


def test_an_outage_delays_the_reminder_and_four_weeks_end_it(ville: dict[str, int]) -> None:
    rappeler(MARDI + timedelta(weeks=4))
    assert cles() == [], "it counts no more: the page says so"
    rappeler(MARDI + timedelta(weeks=3))
    assert len(cles()) == 1


@pytest.mark.parametrize("why", ["piece", "verifie", "refuse", "remplace"])
def test_who_has_nothing_to_show_is_not_reminded(ville: dict[str, int], why: str) -> None:
    with transaction() as session:
        given = session.get_one(JustificatifQF, ville["donne"])
        if why == "piece":
            pieces.deposer(session, ville["foyer"], [b"x"], par=None)
        elif why == "verifie":
            given.verifie_le, given.valide_jusqu_au = now(), date(2027, 9, 30)
        elif why == "refuse":
            given.refuse_le = now()
        else:
            fabriques.quotient(session, ville["foyer"], 700, declare_le=now() + timedelta(hours=1))
    rappeler(MARDI + timedelta(weeks=3))
    assert cles() == []


def test_a_month_before_its_end_a_newer_quotient_is_asked_for_once(ville: dict[str, int]) -> None:
    with transaction() as session:
        session.execute(delete(JustificatifQF))
        key = fabriques.quotient(session, ville["foyer"], 640, valide_jusqu_au=date(2026, 12, 31)).id
    rappeler(paris(date(2026, 11, 30), time(23)))
    assert cles() == []
    for day in (1, 2, 31):
        rappeler(paris(date(2026, 12, day), time(9)))
    assert cles() == [f"quotient:{key}:fin"]
    assert "jeudi 31 décembre 2026" in lisible(courriel().text)


def test_who_has_given_a_newer_one_is_left_in_peace(ville: dict[str, int]) -> None:
    with transaction() as session:
        session.execute(delete(JustificatifQF))
        fabriques.quotient(session, ville["foyer"], 640, valide_jusqu_au=date(2026, 12, 31))
        fabriques.quotient(session, ville["foyer"], 650, verifie=False, declare_le=paris(date(2026, 11, 30), time(9)))
    rappeler(paris(date(2026, 12, 2), time(9)))
    assert cles() == []


def test_control_without_its_mark_a_reminder_would_come_back(ville: dict[str, int]) -> None:
    """The key of the message still says it once: each guard alone is enough."""
    for _ in range(2):
        rappeler(MARDI + timedelta(weeks=2))
        with transaction() as session:
            session.get_one(JustificatifQF, ville["donne"]).rappel_preuve_le = None
    assert len(cles()) == 1
    with transaction() as session:
        session.execute(delete(Message))
        rappel = messages_quotient.rappeler_les_preuves(session, MARDI + timedelta(weeks=2))
    assert rappel == 1
