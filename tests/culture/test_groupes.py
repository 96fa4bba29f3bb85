"""Groups with a list: made, filled, taken along in one act or not at all, printed, closed."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select, text

from culture import groupes
from culture.models.inscriptions import Groupe, GroupePersonne
from foyers.models import Membre
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from tests.culture.bourg import MAINTENANT, Saison, batir, fautes, gens, habiter, horloge, reserver
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter

__all__ = ["horloge"]


@pytest.fixture
def saison(app: Flask) -> Saison:
    with transaction() as session:
        return batir(session, titre="Cyrano", places=4)


@pytest.fixture
def agente(app: Flask, saison: Saison) -> Visite:
    return connecte_en(app, Role.AGENT, maisons=saison.maisons[:1])


def fait(agente: Visite, saison: Saison, nom: str = "Cours du mardi") -> str:
    """The page of a new group."""
    answer = agente.poster("/guichet/groupes", nom=nom, maison=str(saison.maisons[0]), referent="Hélène")
    assert answer.status_code == 303
    return str(answer.location)


def test_a_group_is_made_filled_taken_along_and_printed(saison: Saison, agente: Visite) -> None:
    who = habiter(saison, [2])[0]
    page = fait(agente, saison)
    assert agente.poster("/guichet/groupes", nom="Cours  du mardi", maison=str(saison.maisons[0])).status_code == 422
    for name in ("Amina", "Luis"):
        assert agente.poster(f"{page}/noms", page, prenom=name, nom="Essai").location == page
    with reading() as session:
        member = session.get_one(Membre, who.membres[0])
    found = agente.lire(f"{page}?q={member.nom}").text
    assert member.prenom in found
    agente.poster(f"{page}/membres", page, membre=str(member.id))
    assert "déjà sur la liste" in suivre(agente, f"{page}/membres", page, membre=str(member.id))
    keys = [str(key) for key in cles()]
    booking = f"{page}/sorties/{saison.sortie}"
    assert agente.poster(booking, personnes=[]).status_code == 422
    assert agente.poster(booking, personnes=keys).location == page
    assert compter("SELECT count(*) FROM place_sortie WHERE annulee_le IS NULL") == 3
    assert compter("SELECT count(*) FROM inscription WHERE groupe_id IS NOT NULL AND etat = 'confirmee'") == 2
    # Who has no household owes nothing; the member's household owes its seat, like any other.
    assert compter("SELECT coalesce(sum(montant), 0) FROM mouvement WHERE compte = 'foyer'") == 400
    assert "Tout le groupe est déjà inscrit" in agente.lire(booking).text
    assert "3 places" in agente.lire(page).text.replace("\N{NO-BREAK SPACE}", " ")
    sheet = agente.lire(f"{page}/liste").text
    assert all(name in sheet for name in ("Amina", "Luis", member.prenom))
    assert fautes() == []


def suivre(who: Visite, path: str, page: str, **fields: str) -> str:
    return who.lire(who.poster(path, page, **fields).location).text


def cles() -> list[int]:
    with reading() as session:
        return list(session.scalars(select(GroupePersonne.id).order_by(GroupePersonne.id)))


def test_no_room_for_all_books_nobody(saison: Saison, agente: Visite) -> None:
    reserver(saison, habiter(saison, [3])[0])
    page = fait(agente, saison)
    for name in ("Amina", "Luis"):
        agente.poster(f"{page}/noms", page, prenom=name, nom="Essai")
    refused = agente.poster(f"{page}/sorties/{saison.sortie}", personnes=[str(key) for key in cles()])
    assert refused.status_code == 422
    assert "pas assez de places" in refused.text
    assert compter("SELECT count(*) FROM place_sortie WHERE annulee_le IS NULL") == 3


@pytest.mark.parametrize("qui", [0, 1], ids=["a name alone", "somebody of a household"])
def test_a_larger_group_that_waits_is_told_when_one_is_taken_along(saison: Saison, agente: Visite, qui: int) -> None:
    holder, large, member = habiter(saison, [2, 3, 1])
    reserver(saison, holder)
    reserver(saison, large, attendre=True)
    page = fait(agente, saison)
    agente.poster(f"{page}/noms", page, prenom="Amina", nom="Essai")
    agente.poster(f"{page}/membres", page, membre=str(member.membres[0]))
    booked = agente.poster(f"{page}/sorties/{saison.sortie}", personnes=[str(cles()[qui])])
    assert booked.location == page
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'GroupeDepasse'") == 1
    assert fautes() == []


def test_it_is_changed_emptied_and_closed(saison: Saison, agente: Visite) -> None:
    page, other = fait(agente, saison), fait(agente, saison, "Club des aînés")
    agente.poster(f"{page}/noms", page, prenom="Amina", nom="Essai")
    (key,) = cles()
    assert agente.poster(f"{other}/personnes/{key}/retirer", page).location == other, "of another group: left alone"
    assert cles() == [key]
    agente.poster(f"{page}/personnes/{key}/retirer", page)
    assert cles() == []
    assert agente.poster(f"{page}/modifier", nom="Club des aînés", referent="", telephone="").status_code == 422
    assert agente.poster(f"{page}/modifier", nom="Cours du jeudi", referent="Luc", telephone="").location == page
    assert "Cours du jeudi" in agente.lire("/guichet/groupes").text
    assert agente.poster(f"{page}/fermer", f"{page}/modifier").status_code == 303
    assert "Cours du jeudi" not in agente.lire("/guichet/groupes").text
    assert agente.lire(page).status_code == 404
    assert agente.lire(fait(agente, saison, "Cours du jeudi")).status_code == 200, "its name is free again"


def test_only_people_and_groups_of_ones_own_maisons(app: Flask, saison: Saison, agente: Visite) -> None:
    with transaction() as session:
        stranger = gens(session, saison, maison=1)
    page = fait(agente, saison)
    for wrong in ("", "x", "9" * 40):
        assert agente.poster(f"{page}/membres", page, membre=wrong).status_code == 422
    assert agente.poster(f"{page}/membres", page, membre="0").status_code == 404
    assert agente.poster(f"{page}/membres", page, membre=str(stranger.membres[0])).status_code == 404
    other = connecte_en(app, Role.AGENT, maisons=saison.maisons[1:])
    for path in ("", "/liste", "/modifier", f"/sorties/{saison.sortie}"):
        assert other.lire(page + path).status_code == 404
    assert cles() == []


def deux_groupes(saison: Saison, par: int) -> int:
    start = threading.Barrier(2)

    def make() -> None:
        start.wait()
        try:
            with transaction() as session:
                groupes.creer_groupe(
                    session, nom="Chorale", maison_id=saison.maisons[0], referent="", instant=MAINTENANT, par=par
                )
        except Refus:
            pass

    makers = [threading.Thread(target=make) for _ in range(2)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()
    with reading() as session:
        return len(session.scalars(select(Groupe)).all())


def test_two_presses_at_once_make_one_group(saison: Saison, agente: Visite) -> None:
    with reading() as session:
        who = session.execute(text("SELECT max(id) FROM compte")).scalar_one()
    assert deux_groupes(saison, who) == 1
