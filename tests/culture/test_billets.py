"""Tickets of a venue: counted once, handed out and taken back, never more than came."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from culture import billets, inscriptions
from culture.billets import Stock
from culture.models.inscriptions import PlaceSortie
from culture.models.sorties import Sortie
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, Saison, batir, fautes, habiter, horloge, reserver
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter as combien

__all__ = ["horloge"]


@pytest.fixture
def saison(app: Flask) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano")


def stock(saison: Saison) -> Stock:
    with reading() as session:
        return billets.stock(session, saison.sortie)


def compter(saison: Saison, nombre: int, deja: int) -> None:
    with transaction() as session:
        billets.compter(session, saison.sortie, nombre, deja=deja, instant=MAINTENANT, par=None)


def remettre(saison: Saison, inscription: int) -> int:
    with transaction() as session:
        return billets.remettre(session, saison.sortie, inscription_id=inscription, instant=MAINTENANT, par=None)


def test_tickets_are_counted_handed_out_and_taken_back_on_the_page(app: Flask, saison: Saison) -> None:
    booked = reserver(saison, habiter(saison, [3])[0])
    agent = connecte_en(app, Role.AGENT, maisons=saison.maisons[:1])
    page = f"/soirees/{saison.sortie}/billets"
    assert "pas de billet à la maison" in suivre(agent, f"{page}/remettre", page, inscription=str(booked.id))
    assert agent.poster(page, nombre="2", deja="0", geste="ajouter").status_code == 303
    assert agent.poster(page, nombre="2", deja="0", geste="ajouter").status_code == 422, "the same press, twice"
    assert "Il manque 1 billet" in agent.lire(page).text
    assert "Il reste 2 billets" in suivre(agent, f"{page}/remettre", page, inscription=str(booked.id))
    agent.poster(page, nombre="3", deja="2", geste="ajouter")
    agent.poster(page, nombre="1", deja="5", geste="retirer")
    assert "1 billet de trop" in agent.lire(page).text
    assert "3 remis" in suivre(agent, f"{page}/remettre", page, inscription=str(booked.id))
    assert "déjà remis" in suivre(agent, f"{page}/remettre", page, inscription=str(booked.id))
    assert stock(saison) == Stock(4, 3)
    assert agent.poster(page, nombre="2", deja="4", geste="retirer").status_code == 422
    seat = combien("SELECT min(id) FROM place_sortie")
    person = f"/soirees/personnes/{seat}"
    assert "Remis mercredi 25 novembre" in agent.lire(person).text.replace("\N{NO-BREAK SPACE}", " ")
    assert agent.poster(f"{page}/reprendre", person, place=str(seat)).location == person
    assert stock(saison).restants == 2
    assert combien("SELECT count(*) FROM billets_recus WHERE par IS NOT NULL") == 3
    assert fautes() == []


def suivre(who: Visite, path: str, page: str, **fields: str) -> str:
    """What the page says after the press."""
    answer = who.poster(path, page, **fields)
    return who.lire(answer.location).text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_seat_given_back_leaves_its_ticket_to_fetch(app: Flask, saison: Saison) -> None:
    booked = reserver(saison, habiter(saison, [2])[0])
    compter(saison, 2, 0)
    remettre(saison, booked.id)
    with transaction() as session:
        seats = session.scalars(select(PlaceSortie.id).order_by(PlaceSortie.id)).all()
        inscriptions.annuler(session, booked.id, places=seats[:1], instant=MAINTENANT)
    agent = connecte_en(app, Role.AGENT, maisons=saison.maisons[:1])
    page = f"/soirees/{saison.sortie}/billets"
    assert "1 billet à reprendre" in agent.lire(page).text.replace("\N{NO-BREAK SPACE}", " ")
    with transaction() as session:
        assert billets.reprendre(session, saison.sortie, place_id=seats[0]) == 1
        assert billets.reprendre(session, saison.sortie, place_id=seats[0]) == 0
    assert stock(saison) == Stock(2, 1)


def derniers(saison: Saison) -> list[bool]:
    """Two agents hand out the last ticket, each to another household, at once."""
    booked = [reserver(saison, who).id for who in habiter(saison, [1, 1])]
    compter(saison, 1, 0)
    start, told = threading.Barrier(2), []

    def hand_out(inscription: int) -> None:
        start.wait()
        try:
            told.append(remettre(saison, inscription) == 1)
        except Refus:
            told.append(False)

    agents = [threading.Thread(target=hand_out, args=(key,)) for key in booked]
    for agent in agents:
        agent.start()
    for agent in agents:
        agent.join()
    return sorted(told)


def test_the_last_ticket_is_handed_out_once(saison: Saison) -> None:
    assert derniers(saison) == [False, True]
    assert fautes() == []


def test_control_without_the_lock_more_tickets_are_out_than_came(
    saison: Saison, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, counted = threading.Barrier(2, timeout=5), billets.stock

    def at_once(*given: object) -> Stock:
        found = counted(*given)  # type: ignore[arg-type]
        if found.recus:
            seen.wait()
        return found

    monkeypatch.setattr(billets, "verrouiller_sortie", lambda session, key: session.get_one(Sortie, key))
    monkeypatch.setattr(billets, "stock", at_once)
    assert derniers(saison) == [True, True]
    assert any("2 billets remis, 1 reçus" in fault for fault in fautes())


def test_what_belongs_to_another_outing_is_left_alone(app: Flask, saison: Saison) -> None:
    booked = reserver(saison, habiter(saison, [1])[0])
    with transaction() as session:
        other = batir(session)
        billets.compter(session, other.sortie, 5, deja=0, instant=MAINTENANT, par=None)
    with pytest.raises(Refus), transaction() as session:
        billets.remettre(session, other.sortie, inscription_id=booked.id, instant=MAINTENANT, par=None)
    stranger = connecte_en(app, Role.AGENT, maisons=saison.maisons[1:])
    assert stranger.lire(f"/soirees/{saison.sortie}/billets").status_code == 404
    agent = connecte_en(app, Role.AGENT, maisons=saison.maisons[:1])
    page = f"/soirees/{saison.sortie}/billets"
    for wrong in ({}, {"inscription": "9" * 40}, {"place": "abc"}):
        assert agent.poster(f"{page}/remettre", page, **wrong).status_code == 422
    assert combien("SELECT count(*) FROM place_sortie WHERE billet_le IS NOT NULL") == 0


def test_a_version_missing_and_a_closed_outing_without_voucher_are_found(saison: Saison) -> None:
    with transaction() as session:
        row = "INSERT INTO contremarque (sortie_id, version, nombre, faite_le) VALUES (:s, 2, 1, now())"
        session.execute(text(row), {"s": saison.sortie})
        other = batir(session, etat="close", cloture_le=MAINTENANT - timedelta(days=1)).sortie
    found = fautes()
    assert any("version 2 ne suit pas" in fault for fault in found)
    assert any(f"Sortie {other} " in fault and "pas de contremarque" in fault for fault in found)
