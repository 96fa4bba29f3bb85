"""The counter acts in a household's name: all that a family does by itself, by an agent, whose name is kept."""

from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import func, select

from foyers.models import Compte, Maison
from kernel import clock, documents
from kernel.clock import now, paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paiements import grand_livre
from paiements.models.en_ligne import Reglement
from paniers import attente
from paniers.models.semaines import Abonnement, AbonnementVersion, Choix, Pause
from tests import fabriques
from tests.foyers.visite import Visite, connecte

SEMAINES = [date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10), date(2026, 12, 17)]


@pytest.fixture
def ville(base: str) -> dict[str, int]:
    """A Tuesday; Capuche with its agent and a household without e-mail; Teisseire, where no place is left."""
    clock.set_now(paris(date(2026, 11, 17), time(10)))
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        for day in SEMAINES:
            fabriques.semaine(session, day)
        capuche = fabriques.maison(session, nom="Capuche", code="CAP").id
        household = fabriques.foyer(
            session, nom="Benali", maison_id=capuche, canal="papier", email=None, telephone=None
        ).id
        return {
            "capuche": capuche,
            "bajatiere": fabriques.maison(session, nom="Bajatière", code="BAJ").id,
            "teisseire": fabriques.maison(session, nom="Teisseire", code="TEI", places=0).id,
            "foyer": household,
            "agent": fabriques.compte(session, Role.AGENT, maisons=(capuche,)).id,
        }


@pytest.fixture
def guichet(app: Flask, ville: dict[str, int]) -> Visite:
    with reading() as session:
        return connecte(app, session.get_one(Compte, ville["agent"]))


@pytest.fixture
def abonnement(ville: dict[str, int]) -> int:
    with transaction() as session:
        return fabriques.abonnement(session, ville["foyer"], ville["capuche"], fin=date(2026, 12, 31)).id


def chemin(ville: dict[str, int], suite: str = "") -> str:
    return f"/guichet/foyers/{ville['foyer']}/panier{suite}"


def version() -> AbonnementVersion:
    with reading() as session:
        return session.scalars(select(AbonnementVersion).where(AbonnementVersion.jusqu_a.is_(None))).one()


def test_an_agent_subscribes_a_household_that_pays_at_its_maison(guichet: Visite, ville: dict[str, int]) -> None:
    page = guichet.lire(f"/guichet/foyers/{ville['foyer']}").text
    assert "Pas d’abonnement en ce moment" in page
    assert chemin(ville, "/abonner") in page
    form = guichet.lire(chemin(ville, "/abonner")).text
    assert 'value="carte"' not in form, "a card that is not saved is the family's to give"
    answer = guichet.poster(chemin(ville, "/abonner"), maison=ville["capuche"], nombre="2", paiement="maison")
    assert answer.location == chemin(ville)
    made = version()
    assert (made.maison_id, made.nombre, made.par) == (ville["capuche"], 2, ville["agent"])
    with reading() as session:
        assert session.get_one(Reglement, ville["foyer"]).mode == "maison"
    assert "Jeudi 26 novembre, de 17" in guichet.lire(f"/guichet/foyers/{ville['foyer']}").text
    assert "jeudi 26 novembre" in guichet.lire(chemin(ville)).text.lower()


def test_a_full_maison_is_refused_on_its_field_and_nothing_is_written(guichet: Visite, ville: dict[str, int]) -> None:
    answer = guichet.poster(chemin(ville, "/abonner"), maison=ville["teisseire"], nombre="1", paiement="maison")
    assert answer.status_code == 422
    assert "complète" in answer.text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Abonnement)) == 0


def test_a_household_is_subscribed_once(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    answer = guichet.poster(
        chemin(ville, "/abonner"), chemin(ville), maison=ville["capuche"], nombre="1", paiement="maison"
    )
    assert "est déjà abonnée" in answer.text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Abonnement)) == 1


def test_the_agent_says_who_comes_and_where_week_by_week(
    guichet: Visite, ville: dict[str, int], abonnement: int
) -> None:
    week = "/semaines/2026-W49"
    guichet.poster(chemin(ville, f"{week}/absent"), chemin(ville))
    assert "Vient finalement" in guichet.lire(chemin(ville)).text
    guichet.poster(chemin(ville, f"{week}/comme-d-habitude"), chemin(ville))
    elsewhere = guichet.poster(chemin(ville, f"{week}/autre-maison"), maison=ville["bajatiere"])
    assert elsewhere.location == chemin(ville)
    with reading() as session:
        wish = session.scalars(select(Choix)).one()
    assert (wish.nature, wish.maison_id, wish.par) == ("autre_maison", ville["bajatiere"], ville["agent"])
    assert "Bajatière, cette fois" in guichet.lire(chemin(ville)).text


def test_a_pause_is_set_and_lifted(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    assert guichet.poster(chemin(ville, "/pause"), du="2026-12-10", au="2026-12-17").location == chemin(ville)
    with reading() as session:
        pause = session.scalars(select(Pause)).one()
    assert pause.par == ville["agent"]
    guichet.poster(chemin(ville, f"/pauses/{pause.id}/lever"), chemin(ville))
    with reading() as session:
        assert session.get_one(Pause, pause.id).levee_le == now()


def test_maison_and_number_are_changed(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    guichet.poster(chemin(ville, "/maison"), maison=ville["bajatiere"])
    guichet.poster(chemin(ville, "/nombre"), nombre="2")
    changed = version()
    assert (changed.maison_id, changed.nombre, changed.par) == (ville["bajatiere"], 2, ville["agent"])


def test_a_term_is_renewed_once_however_often_the_button_is_pressed(guichet: Visite, ville: dict[str, int]) -> None:
    with transaction() as session:
        fabriques.abonnement(session, ville["foyer"], ville["capuche"], fin=date(2026, 12, 3))
    page = guichet.lire(chemin(ville)).text
    assert "Renouveler pour trois mois" in page
    for _ in range(2):
        guichet.poster(chemin(ville, "/renouveler"), chemin(ville), fin="2026-12-03")
    renewed = version()
    assert (renewed.fin, renewed.par) == (date(2027, 3, 4), ville["agent"])


def test_a_family_leaves_when_it_says(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    guichet.poster(chemin(ville, "/quitter"), dernier="2026-12-03")
    left = version()
    assert (left.fin, left.par) == (date(2026, 12, 3), ville["agent"])


def test_a_family_waits_is_offered_a_place_and_takes_it(guichet: Visite, ville: dict[str, int]) -> None:
    guichet.poster(chemin(ville, "/attendre"), maison=ville["teisseire"], nombre="1")
    assert "Première de la liste." in guichet.lire(chemin(ville)).text
    with transaction() as session:
        session.get_one(Maison, ville["teisseire"]).places = 5
        attente.servir(session, session.get_one(Maison, ville["teisseire"]), now())
    assert "Répondre à cette place" in guichet.lire(f"/guichet/foyers/{ville['foyer']}").text
    guichet.poster(chemin(ville, "/attendre/accepter"), chemin(ville))
    assert (version().maison_id, version().par) == (ville["teisseire"], ville["agent"])


def test_a_family_leaves_the_list(guichet: Visite, ville: dict[str, int]) -> None:
    guichet.poster(chemin(ville, "/attendre"), maison=ville["teisseire"], nombre="1")
    guichet.poster(chemin(ville, "/attendre/quitter"), chemin(ville))
    assert "Attend une place" not in guichet.lire(chemin(ville)).text


def test_a_voucher_is_printed_once_more(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    with transaction() as session:
        week = fabriques.semaine(session, date(2026, 11, 19), etat="commandee")
        subscription = session.get_one(Abonnement, abonnement)
        basket = fabriques.panier(session, week.id, subscription, ville["capuche"]).id
        other = fabriques.abonnement(session, fabriques.foyer(session).id, ville["capuche"])
        theirs = fabriques.panier(session, week.id, other, ville["capuche"]).id
        documents.store(session, f"bon:{basket}", "bon.pdf", b"%PDF-1.7 un bon")
    assert f"/bon/{basket}.pdf" in guichet.lire(chemin(ville)).text
    assert guichet.lire(chemin(ville, f"/bon/{basket}.pdf")).data == b"%PDF-1.7 un bon"
    assert guichet.lire(chemin(ville, f"/bon/{theirs}.pdf")).status_code == 404


def test_amounts_stand_behind_a_second_tap(guichet: Visite, ville: dict[str, int], abonnement: int) -> None:
    with transaction() as session:
        grand_livre.debiter_paniers(session, date(2026, 11, 12), "Panier", [(1, ville["foyer"], 550, 750)])
    household = f"/guichet/foyers/{ville['foyer']}"
    for path, said in ((household, "Ses paniers et son abonnement"), (chemin(ville), "Semaine par semaine")):
        page = guichet.lire(path).text
        assert said in page
        assert "€" not in page
    account = guichet.lire(f"{household}/compte/lignes").text
    assert "Reste à payer : 5,50" in account.replace("\N{NO-BREAK SPACE}", " ")


def test_an_agent_elsewhere_does_nothing_for_this_household(app: Flask, ville: dict[str, int], abonnement: int) -> None:
    with transaction() as session:
        agent = fabriques.compte(session, Role.AGENT, maisons=(ville["bajatiere"],))
    stranger = connecte(app, agent)
    for path in ("", "/abonner", "/maison", "/nombre", "/pause", "/quitter", "/attendre"):
        assert stranger.lire(chemin(ville, path)).status_code == 404
    for path in ("/semaines/2026-W49/absent", "/renouveler", "/attendre/accepter", "/attendre/quitter"):
        assert stranger.poster(chemin(ville, path), "/guichet/foyers/ouvrir").status_code == 404
