"""The counter's and the coordination's pages of outings."""

from datetime import timedelta

import pytest
from flask import Flask

from culture.inscriptions import annuler
from kernel import clock
from kernel.db import transaction
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, Gens, Saison, batir, etat, habiter, reserver
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter

ECRITE = {
    "titre": "Le Cid", "genre": "theatre", "debut_le": "2026-12-20T20:00", "duree": "120",
    "rendez_vous_le": "2026-12-20T19:00", "rendez_vous_lieu": "Devant la maison", "places": "20",
    "places_par_foyer": "6", "invites_par_foyer": "2", "cout_place": "12,50", "ouverture_le": "2026-11-20T09:00",
    "cloture_le": "2026-12-18T18:00", "annulable_jusqu_a": "2026-12-17T18:00", "besoins": ["fauteuil", "lsf"],
}  # fmt: skip


@pytest.fixture
def saison(app: Flask) -> Saison:
    clock.set_now(MAINTENANT)
    with transaction() as session:
        return batir(session, titre="Cyrano", places=4)


@pytest.fixture
def famille(saison: Saison) -> Gens:
    return habiter(saison, [2], passes=False)[0]


@pytest.fixture
def agente(app: Flask, saison: Saison) -> Visite:
    return connecte_en(app, Role.AGENT, maisons=(saison.maisons[0],))


@pytest.fixture
def elle(app: Flask) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def test_an_agent_issues_passes_books_gives_back_and_answers_an_offer(
    saison: Saison, famille: Gens, agente: Visite
) -> None:
    home = f"/guichet/foyers/{famille.foyer}/culture"
    assert "0 carte en cours" in agente.lire(f"/guichet/foyers/{famille.foyer}").text.replace("\N{NO-BREAK SPACE}", " ")
    card = {"membres": [str(key) for key in famille.membres], "saison": "2026", "revenus": "2025"}
    doubt = agente.poster(f"{home}/carte", statut="vu", reference="2638123456789", declarant="Martin Paul", **card)
    assert doubt.status_code == 422
    assert 'name="nom_confirme"' in doubt.text
    assert compter("SELECT count(*) FROM pass_culture") == 0
    given = agente.poster(
        f"{home}/carte", statut="vu", reference="2638123456789", declarant="Martin Paul", nom_confirme="y", **card
    )
    assert given.location == home
    assert compter("SELECT count(*) FROM pass_culture WHERE prix = 0") == 2
    fields = {f"membre_{key}": "y" for key in famille.membres} | {"geste": "reserver"}
    assert agente.poster(f"{home}/reserver/{saison.sortie}", **fields).location == home
    booked = compter("SELECT id FROM inscription")
    assert compter("SELECT par FROM inscription") > 0
    seat = compter("SELECT max(id) FROM place_sortie")
    assert agente.poster(f"{home}/{booked}/annuler", place=str(seat)).location == home
    assert agente.poster(f"{home}/{booked}/annuler", place=str(seat - 1)).location == home
    assert etat(booked) == "annulee"
    full = reserver(saison, habiter(saison, [4])[0])
    assert agente.poster(f"{home}/reserver/{saison.sortie}", **(fields | {"geste": "attendre"})).location == home
    asked = compter("SELECT max(id) FROM inscription")
    with transaction() as session:
        annuler(session, full.id, instant=MAINTENANT)
    assert agente.poster(f"{home}/{asked}/accepter", home).location == home
    assert etat(asked) == "confirmee"


def test_an_agent_of_another_maison_sees_nothing(app: Flask, saison: Saison, famille: Gens) -> None:
    other = connecte_en(app, Role.AGENT, maisons=(saison.maisons[1],))
    for path in ("", "/carte", f"/reserver/{saison.sortie}"):
        assert other.lire(f"/guichet/foyers/{famille.foyer}/culture{path}").status_code == 404


def test_an_outing_is_written_published_changed_closed_and_cancelled(app: Flask, saison: Saison, elle: Visite) -> None:
    fields = ECRITE | {"lieu": str(saison.lieu), "maison": str(saison.maisons[0]), "grille": str(saison.grille)}
    wrong = elle.poster("/coordination/sorties/nouvelle", **(fields | {"cloture_le": "2026-12-21T18:00"}))
    assert wrong.status_code == 422
    assert "ferment avant le rendez-vous" in wrong.text
    page = elle.poster("/coordination/sorties/nouvelle", **fields).location
    number = int(page.rsplit("/", 1)[1])
    assert Visite(app).lire(f"/sorties/{number}").status_code == 404
    assert "20,00" not in elle.lire(page).text
    elle.poster(f"{page}/publier", page)
    assert "Le Cid" in Visite(app).lire("/sorties").text
    quota = {"quotas_jusqu_a": "2026-12-01T09:00", f"quota_{saison.maisons[0]}": "5"}
    assert elle.poster(f"{page}/modifier", **(fields | quota)).location == page
    assert compter("SELECT places FROM sortie_quota WHERE sortie_id = :s", s=number) == 5
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SortieModifiee'") == 0
    elle.poster(f"{page}/modifier", **(fields | {"rendez_vous_le": "2026-12-20T19:15"}))
    assert compter("SELECT version FROM sortie WHERE id = :s", s=number) == 2
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SortieModifiee'") == 1
    elle.poster(f"{page}/clore", page)
    assert "Rouvrir les inscriptions" in elle.lire(page).text
    assert elle.poster(f"{page}/annuler", page).status_code == 422
    elle.poster(f"{page}/annuler", page, motif="La comédienne est malade.")
    assert "La comédienne est malade." in Visite(app).lire(f"/sorties/{number}").text
    assert "Modifier" not in elle.lire(page).text


def test_a_place_is_not_taken_from_those_who_hold_it(saison: Saison, elle: Visite) -> None:
    reserver(saison, habiter(saison, [3])[0])
    page = f"/coordination/sorties/{saison.sortie}"
    clock.set_now(MAINTENANT + timedelta(minutes=1))
    fields = ECRITE | {"lieu": str(saison.lieu), "maison": str(saison.maisons[0]), "grille": str(saison.grille)}
    refused = elle.poster(f"{page}/modifier", **(fields | {"places": "2"}))
    assert "3 places sont déjà tenues" in refused.text
    assert compter("SELECT places FROM sortie WHERE id = :s", s=saison.sortie) == 4
