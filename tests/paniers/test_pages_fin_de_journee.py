"""A maison's day from what has arrived to its closing, and who comes late."""

from datetime import date, time, timedelta

from flask import Flask

from kernel import clock, documents
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import retraits
from paniers.models.semaines import Semaine
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.guichet_ouvert import agent, ici, scanner
from tests.paniers.monde_equipe import JEUDI, Monde, bon, etat, monde

__all__ = ["agent", "ici"]


def test_everything_has_arrived_is_said_once(agent: Visite, app: Flask, ici: Monde) -> None:
    assert "Tout est là" in agent.lire("/retrait").text
    there = connecte_en(app, Role.AGENT, maisons=(ici.ailleurs,))
    for visit, place in ((agent, ici.ici), (agent, ici.ici), (there, ici.ailleurs)):
        answer = visit.poster("/retrait/livraison", "/retrait", semaine=ici.code, maison=place)
        assert answer.status_code == 303
    with reading() as session:
        assert session.get_one(Semaine, ici.semaine_id).etat == "livree"
    assert "Tout est là" not in agent.lire("/retrait").text


def test_closing_the_day_notes_who_did_not_come_and_still_serves_them(agent: Visite, ici: Monde) -> None:
    scanner(agent, bon(ici.samira), ici.ici)
    asked = agent.lire("/retrait/clore").text
    assert "Zoé" in asked
    assert "Samira" not in asked
    closed = agent.poster("/retrait/clore", "/retrait/clore", semaine=ici.code, maison=ici.ici)
    assert "2 paniers sont gardés jusqu’à demain" in agent.lire(closed.location).text
    assert (etat(ici.samira), etat(ici.zoe), etat(ici.autre)) == ("remis", "non_retire", "a_remettre")
    assert "reponse--remettre" in scanner(agent, bon(ici.zoe), ici.ici).text


def test_the_day_is_not_closed_before_it_comes(app: Flask) -> None:
    ici = monde(paris(date(2026, 11, 24), time(10)))
    agent = connecte_en(app, Role.AGENT, maisons=(ici.ici,))
    answer = agent.poster("/retrait/clore", "/retrait", semaine=ici.code, maison=ici.ici)
    assert answer.status_code == 409
    assert etat(ici.samira) == "a_remettre"


def test_a_page_of_another_week_closes_nothing(agent: Visite, ici: Monde) -> None:
    for semaine in ["", "2026-W47", "x" * 5_000, "\0"]:
        for path in ("/retrait/clore", "/retrait/livraison"):
            assert agent.poster(path, "/retrait", semaine=semaine, maison=ici.ici).status_code == 409
        assert etat(ici.samira) == "a_remettre"


def test_the_day_after_a_late_comer_is_still_found(agent: Visite, app: Flask, ici: Monde) -> None:
    with transaction() as session:
        retraits.terminer(session, ici.semaine_id, instant=paris(JEUDI + timedelta(days=1), time(1)))
    clock.set_now(paris(JEUDI + timedelta(days=1), time(10)))
    late = connecte_en(app, Role.AGENT, maisons=(ici.ici,))
    assert "Samira" in late.lire("/retrait").text
    assert "reponse--remettre" in scanner(late, bon(ici.samira), ici.ici).text


def test_the_sheet_and_the_dossier(agent: Visite, ici: Monde) -> None:
    assert "L’Hostis Zoé" in agent.lire("/retrait/feuille").text
    path = f"/retrait/dossier/{ici.semaine_id}/{ici.ici}"
    assert agent.lire(path).status_code == 404
    with transaction() as session:
        documents.store(session, f"dossier:{ici.semaine_id}:{ici.ici}", "dossier-capuche.pdf", b"%PDF-")
    answer = agent.lire(path)
    assert answer.content_type == "application/pdf"
    assert "dossier-capuche.pdf" in answer.headers["Content-Disposition"]
    assert path in agent.lire("/retrait").text
