"""What households are told of outings: once each, by e-mail, letter or call, with what it is about."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from culture.courriels import familles as courriels
from culture.inscriptions import annuler
from kernel.db import transaction
from tests.culture.bourg import MAINTENANT, Gens, Saison, batir, habiter, reserver
from tests.paniers.bourg import compter


@pytest.fixture
def saison(base: str) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano", places=3, acces="Tram B")


@pytest.fixture(params=["email", "papier", "sms"])
def famille(saison: Saison, request: pytest.FixtureRequest) -> Gens:
    made = habiter(saison, [2])[0]
    sets = (
        "canal = :c"
        + {"email": "", "papier": ", email = NULL", "sms": ", email = NULL, telephone = '+33600000000'"}[request.param]
    )
    with transaction() as session:
        session.execute(text(f"UPDATE foyer SET {sets} WHERE id = :f"), {"c": request.param, "f": made.foyer})  # noqa: S608
    return made


def dit() -> tuple[str, str]:
    """How the last message went, and its words."""
    with transaction() as session:
        row = session.execute(
            text(
                "SELECT m.voie, coalesce(mail.subject || mail.text || mail.html, l.objet || l.texte, a.texte)"
                " FROM message m LEFT JOIN mail ON mail.key = m.cle LEFT JOIN lettre l ON l.message_id = m.id"
                " LEFT JOIN appel a ON a.message_id = m.id ORDER BY m.id DESC LIMIT 1"
            )
        ).one()
    return row[0], row[1].replace("\N{NO-BREAK SPACE}", " ")


def test_a_booking_is_confirmed_once_with_its_event(saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille)
    for _twice in range(2):
        with transaction() as session:
            courriels.confirmation(session, booked.id)
    way, words = dit()
    assert "Vos 2 places sont réservées pour « Cyrano »" in words
    assert "8,00 € s’ajoutent à votre compte" in words
    assert "Tram B" in words
    assert compter("SELECT count(*) FROM message") == 1
    if way == "courriel":
        with transaction() as session:
            event = session.execute(text("SELECT content FROM document")).scalar_one()
        assert b"SUMMARY:Cyrano\r\n" in event
        assert max(map(len, event.split(b"\r\n"))) <= 75
    else:
        assert way == "lettre"
        assert "http" not in words


def test_offered_seats_are_told_by_link_or_call_and_what_no_longer_holds_is_silent(
    saison: Saison, famille: Gens
) -> None:
    holder = habiter(saison, [3])[0]
    booked = reserver(saison, holder)
    asked = reserver(saison, famille, attendre=True)
    with transaction() as session:
        courriels.places_offertes(session, asked.id)  # nothing is offered yet
    assert compter("SELECT count(*) FROM message") == 0
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT + timedelta(hours=1))
        courriels.places_offertes(session, asked.id)
    way, words = dit()
    assert "2 places se sont libérées pour « Cyrano »" in words
    canal = {"courriel": "/sorties/places/", "appel": "Demandez à la famille", "lettre": "Demandez à la famille"}
    assert canal[way] in words
    with transaction() as session:
        courriels.offre_expiree(session, asked.id)
    assert "elles sont allées à d’autres" in dit()[1]


def test_who_was_overtaken_reads_why_and_keeps_its_rank(saison: Saison, famille: Gens) -> None:
    reserver(saison, habiter(saison, [3])[0])
    asked = reserver(saison, famille, attendre=True)
    with transaction() as session:
        courriels.groupe_depasse(session, asked.id)
    words = dit()[1]
    assert "allées à un groupe plus petit" in words
    assert "rang 1" in words


def test_what_was_given_back_is_told_with_who_still_comes(saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille)
    seat = compter("SELECT max(id) FROM place_sortie")
    with transaction() as session:
        annuler(session, booked.id, places=[seat], instant=MAINTENANT)
        courriels.places_rendues(session, booked.id, 1)
    assert "Une personne y va toujours" in dit()[1]
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT)
        courriels.places_rendues(session, booked.id, 0)
    assert "Vous ne venez plus à « Cyrano »" in dit()[1]
