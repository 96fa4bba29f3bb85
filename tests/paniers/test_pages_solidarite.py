"""The pages where baskets go to solidarity: at the door, by a family's wish, under the coordination's eyes."""

from datetime import date, time

import pytest
from flask import Flask
from sqlalchemy import text

from foyers.models import Compte
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paiements import grand_livre
from paniers import arrivees
from paniers.annulations import accueillir
from paniers.documents import feuille_jour
from paniers.models.semaines import Panier
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.bourg import compter
from tests.paniers.guichet_ouvert import agent, ici
from tests.paniers.monde_equipe import DIX_SEPT_HEURES, JEUDI, Monde, bon, comptees, etat, veut_donner

__all__ = ["agent", "ici"]

EPICERIE = "l’épicerie solidaire"


def clore(visit: Visite, ici: Monde, **fields: object):  # type: ignore[no-untyped-def]
    return visit.poster("/retrait/clore", "/retrait/clore", maison=ici.ici, semaine=ici.code, **fields)


def test_the_agent_says_what_became_of_each_basket_in_one_form(agent: Visite, ici: Monde) -> None:
    page = agent.lire("/retrait/clore").text
    assert "3 paniers n’ont pas été retirés" in page
    missing = clore(agent, ici, don=ici.zoe)
    assert missing.status_code == 422
    assert "Écrivez à qui vont ces paniers" in missing.text
    assert f'value="{ici.zoe}" checked' in missing.text
    assert etat(ici.zoe) == "a_remettre"
    answer = clore(agent, ici, don=ici.zoe, a=EPICERIE)
    assert answer.status_code == 303
    assert (etat(ici.zoe), etat(ici.samira)) == ("donne", "non_retire")
    assert "2 paniers sont notés comme donnés. 1 panier est gardé" in agent.lire("/retrait?etat=dons").text
    assert f'<option value="{EPICERIE}">' in agent.lire("/retrait/clore").text
    clore(agent, ici, tout="1", a="une voisine")
    assert etat(ici.samira) == "donne"
    assert "Rien ne reste" in agent.lire("/retrait/clore").text


def test_what_a_form_never_sends_gives_nothing(agent: Visite, ici: Monde) -> None:
    for wrong in ("abc", "-1", "٣", "9" * 40, str(ici.autre), "\0"):
        assert clore(agent, ici, don=wrong, a=EPICERIE).status_code == 303, wrong
    assert compter("SELECT count(*) FROM don") == 0


def test_a_household_that_comes_later_reads_kindly_and_a_mistake_is_undone(agent: Visite, ici: Monde) -> None:
    clore(agent, ici, don=ici.samira, a=EPICERIE)
    with comptees() as sent:
        answer = agent.poster("/retrait/scan", "/retrait", code=bon(ici.samira), maison=ici.ici).text
    assert "reponse--voir" in answer
    assert "Il n’avait pas été retiré" in answer
    assert EPICERIE in answer
    assert len([s for s in sent if "retrait" in s or "panier" in s]) <= 14
    page = agent.poster(f"/retrait/{ici.samira}/reprendre", f"/retrait/{ici.samira}")
    assert page.status_code == 303
    assert "Don annulé" in agent.lire(f"/retrait/{ici.samira}").text
    nobody = agent.poster(f"/retrait/{ici.samira}/donner", f"/retrait/{ici.samira}", a=" ")
    assert nobody.status_code == 422
    assert "Écrivez à qui" in nobody.text
    agent.poster(f"/retrait/{ici.samira}/donner", f"/retrait/{ici.samira}", a="une voisine")
    assert etat(ici.samira) == "donne"
    assert "une voisine" in agent.lire(f"/retrait/{ici.samira}").text


def test_a_basket_that_its_family_gives_stands_apart_and_is_ticked_at_closing(agent: Visite, ici: Monde) -> None:
    veut_donner(ici.samira)
    assert "Samira" not in agent.lire("/retrait").text
    assert "Samira Benali" in agent.lire("/retrait?etat=dons").text
    answer = agent.poster("/retrait/scan", "/retrait", code=bon(ici.samira), maison=ici.ici).text
    assert "Panier à donner" in answer
    assert f'value="{ici.samira}" checked' in agent.lire("/retrait/clore").text


def test_a_benevole_neither_closes_nor_gives(app: Flask, ici: Monde) -> None:
    benevole = connecte_en(app, Role.BENEVOLE, maisons=(ici.ici,))
    token = benevole.jeton("/retrait")
    for path in (f"/retrait/{ici.zoe}/donner", f"/retrait/{ici.zoe}/reprendre", "/retrait/clore", "/retrait/feuille"):
        assert benevole.client.post(path, data={"csrf_token": token, "a": EPICERIE}).status_code == 403
    assert "Donner ce panier" not in benevole.lire(f"/retrait/{ici.zoe}").text


def test_the_sheet_is_asked_for_and_fetched(agent: Visite, ici: Monde) -> None:
    assert "n’est pas encore prête" in agent.client.get("/retrait/feuille.pdf", follow_redirects=True).text
    page = agent.poster("/retrait/feuille", "/retrait/feuille", maison=ici.ici, semaine=ici.code)
    assert page.status_code == 303
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'FeuilleDemandee'") == 1
    feuille_jour.preparer(ici.semaine_id, ici.ici)
    assert "Télécharger la feuille" in agent.lire("/retrait/feuille").text
    assert agent.lire("/retrait/feuille.pdf").data.startswith(b"%PDF")


def test_the_maison_whose_baskets_are_elsewhere_says_where(agent: Visite, ici: Monde) -> None:
    with transaction() as session:
        accueillir(session, ici.semaine_id, ici.ici, ici.ailleurs, motif="fuite d’eau", instant=DIX_SEPT_HEURES)
    assert "Les paniers sont remis à Abbaye" in agent.lire("/retrait").text
    answer = agent.poster("/retrait/scan", "/retrait", code=bon(ici.zoe), maison=ici.ici).text
    assert "attend à la maison Abbaye" in answer


def test_a_basket_taken_in_is_on_the_list_of_the_maison_that_hands_it_out(app: Flask, ici: Monde) -> None:
    with transaction() as session:
        accueillir(session, ici.semaine_id, ici.ici, ici.ailleurs, motif="fuite d’eau", instant=DIX_SEPT_HEURES)
    there = connecte_en(app, Role.AGENT, maisons=(ici.ailleurs,))
    page = there.lire("/retrait").text
    assert "Samira Benali" in page
    assert "Mamadou Diallo" in page
    answer = there.poster("/retrait/scan", "/retrait", code=bon(ici.samira), maison=ici.ailleurs).text
    assert "reponse--remettre" in answer


# The coordination.


@pytest.fixture
def coordination(app: Flask, ici: Monde) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def test_the_week_counts_handed_given_and_left_and_the_price_is_given_back_once(
    agent: Visite, coordination: Visite, ici: Monde
) -> None:
    with transaction() as session:
        foyer = session.get_one(Panier, ici.zoe).foyer_id
        grand_livre.debiter_paniers(session, JEUDI, "Panier", [(ici.zoe, foyer, 1100, 1500)])
    agent.poster("/retrait/scan", "/retrait", code=bon(ici.samira), maison=ici.ici)
    clore(agent, ici, don=ici.zoe, a=EPICERIE)
    week = coordination.lire(f"/coordination?semaine={ici.code}").text
    assert "Paniers donnés" in week
    path = f"/coordination/{ici.code}/dons"
    page = coordination.lire(path).text
    assert EPICERIE in page
    assert "11,00" in page
    give = f"/coordination/dons/{ici.zoe}/rendre"
    assert "Écrivez pourquoi" in coordination.poster(give, path, motif=" ").text
    refused = coordination.poster(give, path, motif="x" * 201)
    assert refused.status_code == 422
    assert f'value="{"x" * 201}"' in refused.text, "what was typed is kept"
    for _again in range(2):
        assert coordination.poster(give, path, motif="hospitalisée").status_code == 303
    assert "hospitalisée" in coordination.lire(path).text
    assert compter("SELECT count(*) FROM avoir_panier") == 1
    with reading() as session:
        assert grand_livre.solde(session, foyer) == 0
    assert coordination.poster("/coordination/dons/999999/rendre", path, motif="x").status_code == 404


def test_what_is_missing_at_a_maison_is_an_alert_until_it_is_seen_and_again_when_it_changes(
    coordination: Visite, ici: Monde
) -> None:
    leek = compter("SELECT o.id FROM offre o JOIN produit p ON p.id = o.produit_id WHERE p.nom = 'Poireau'")

    def lacks(count: int) -> None:
        with transaction() as session:
            arrivees.noter(
                session, ici.semaine_id, ici.ici, {leek: count} if count else {}, par=None, instant=DIX_SEPT_HEURES
            )

    home = f"/coordination?semaine={ici.code}"
    lacks(2)
    assert "il manque poireau dans 2 paniers." in coordination.lire(home).text
    assert "Changer le panier" in coordination.lire(home).text
    with transaction() as session:
        arrivees.noter(session, ici.semaine_id, ici.ailleurs, {}, par=None, instant=DIX_SEPT_HEURES)
    page = coordination.lire(home).text  # delivered: the basket changes no more
    assert "il manque poireau" in page
    assert "Changer le panier" not in page
    arrivee = compter("SELECT id FROM arrivee WHERE maison_id = :m", m=ici.ici)
    for _again in range(2):
        coordination.poster(f"/coordination/arrivees/{arrivee}/vue", home)
    assert "il manque" not in coordination.lire(home).text
    lacks(2)
    assert "il manque" not in coordination.lire(home).text
    lacks(3)
    assert "poireau dans tous les paniers" in coordination.lire(home).text
    with transaction() as session:  # as a correction does that takes the product out
        session.execute(text("DELETE FROM composition_ligne WHERE offre_id = :o"), {"o": leek})
    assert "il manque" not in coordination.lire(home).text
    assert coordination.poster("/coordination/arrivees/999999/vue", home).status_code == 404


# Families, by themselves and at the counter.


def test_a_family_gives_its_basket_before_the_cut_off_and_changes_its_mind(app: Flask) -> None:
    clock.set_now(paris(date(2026, 11, 17), time(10)))
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        code = fabriques.semaine(session, JEUDI).code
        place = fabriques.maison(session).id
        household = fabriques.foyer(session, maison_id=place).id
        fabriques.abonnement(session, household, place)
        family = fabriques.compte(session, foyer_id=household).id
        staff = fabriques.compte(session, Role.AGENT, maisons=(place,)).id
    with reading() as session:
        visit = connecte(app, session.get_one(Compte, family))
        counter = connecte(app, session.get_one(Compte, staff))
    assert "Je donne mon panier cette semaine" in visit.lire("/ma-semaine").text
    visit.poster(f"/ma-semaine/{code}/je-donne-mon-panier", "/ma-semaine")
    assert compter("SELECT count(*) FROM choix WHERE nature = 'solidarite'") == 1
    page = visit.lire("/ma-semaine").text
    assert "Vous donnez votre panier" in page
    assert "Finalement, je viens" in page
    visit.poster(f"/ma-semaine/{code}/comme-d-habitude", "/ma-semaine")
    assert "Vous retirez votre panier" in visit.lire("/ma-semaine").text
    baskets = f"/guichet/foyers/{household}/panier"
    counter.poster(f"{baskets}/semaines/{code}/donner", baskets)
    assert "donne son panier" in counter.lire(baskets).text
    assert compter("SELECT count(*) FROM choix WHERE nature = 'solidarite' AND par = :c", c=staff) == 1
