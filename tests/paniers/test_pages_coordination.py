"""The coordination's pages: the week's steps and their buttons, offers, composition, orders, lists."""

import re
from datetime import date, datetime, time, timedelta

from flask import Flask
from sqlalchemy import func, select, update

from foyers.models import Maison
from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.outbox import Delivery, FactRow
from kernel.web.access import Role
from paniers import commandes, retraits
from paniers.models.distributions import Distribution
from paniers.models.producteurs import Commande, CompositionLigne, Offre
from paniers.models.semaines import Abonnement, Panier, Pause, Semaine, SemaineEtape
from paniers.queries import coordination as queries_coordination
from paniers.queries import producteurs as queries_producteurs
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bureau import (
    CODE,
    LUNDI,
    VENDREDI,
    avancer,
    composer,
    elle,
    en_une_commande,
    ids_des_offres,
    semaine_id,
)
from tests.paniers.monde_equipe import JEUDI, comptees

__all__ = ["elle", "semaine_id"]


def etat(semaine_id: int) -> str:
    with reading() as session:
        return session.get_one(Semaine, semaine_id).etat


def test_an_open_week_foresees_its_baskets_and_tells_no_price(elle: Visite) -> None:
    page = elle.lire("/coordination").text
    assert "familles prévues" in page
    assert "<dd>12</dd>" in page
    assert "<dd>13</dd>" in page
    assert "Capuche" in page
    assert "Les prix se calculent à la clôture" in page


def test_a_pause_and_a_late_composition_are_seen(elle: Visite, app: Flask) -> None:
    with transaction() as session:
        paused = session.scalars(select(Abonnement.id)).first()
        session.add(Pause(abonnement_id=paused, du=JEUDI, au=JEUDI, posee_le=VENDREDI - timedelta(days=1)))
    clock.set_now(paris(date(2026, 11, 21), time(9)))
    page = connecte_en(app, Role.COORDINATION).lire("/coordination").text
    assert "<dd>11</dd>" in page
    assert "La composition n’est pas publiée" in page
    assert "est-retard" in page


def test_a_step_before_its_time_is_refused_in_a_sentence(elle: Visite, semaine_id: int) -> None:
    assert "peuvent encore changer d’avis" in avancer(elle, "cloturer")
    assert "pas encore clôturée" in avancer(elle, "commander")
    assert "ne peut pas devenir livrée" in avancer(elle, "livrer")
    assert "se termine le lendemain" in avancer(elle, "terminer")
    assert etat(semaine_id) == "ouverte"


def test_the_whole_week_by_its_buttons_each_harmless_twice(elle: Visite, app: Flask, semaine_id: int) -> None:
    composer(elle, semaine_id, "publier", 1_000, 1_000, 1_000, 2)
    clock.set_now(LUNDI)
    monday = connecte_en(app, Role.COORDINATION)
    assert "13 paniers" in avancer(monday, "cloturer")
    assert "déjà clôturée" in avancer(monday, "cloturer")
    assert "2 producteurs" in avancer(monday, "commander")
    assert "déjà parties" in avancer(monday, "commander")
    assert "117,00" in monday.lire("/coordination").text
    assert "se termine le lendemain" in avancer(monday, "terminer")
    assert "livraison est reçue" in avancer(monday, "livrer")
    assert "livraison est reçue" in avancer(monday, "livrer")
    clock.set_now(paris(JEUDI + timedelta(days=1), time(9)))
    friday = connecte_en(app, Role.COORDINATION)
    avancer(friday, "terminer")
    avancer(friday, "terminer")
    with reading() as session:
        assert session.scalars(select(SemaineEtape.vers).order_by(SemaineEtape.id)).all() == [
            "cloturee",
            "commandee",
            "livree",
            "terminee",
        ]
        assert session.scalar(select(func.count()).select_from(Panier)) == 12


def test_a_closed_week_without_composition_says_why_it_waits(app: Flask, semaine_id: int) -> None:
    clock.set_now(LUNDI)
    monday = connecte_en(app, Role.COORDINATION)
    avancer(monday, "cloturer")
    assert "n’est pas publiée" in avancer(monday, "commander")
    assert "Composer le panier" in monday.lire("/coordination").text


def test_an_offer_too_small_is_told_before_ordering(elle: Visite, app: Flask, semaine_id: int) -> None:
    composer(elle, semaine_id, "publier", 1_000, 1_000, 1_000, 5)  # 65 salads, 60 offered
    clock.set_now(LUNDI)
    monday = connecte_en(app, Role.COORDINATION)
    avancer(monday, "cloturer")
    assert "Salade (Verger de Bernin)" in monday.lire("/coordination").text


def test_what_needs_a_look_is_said(elle: Visite, app: Flask, semaine_id: int) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    with transaction() as session:
        first = session.scalars(select(Commande).order_by(Commande.id)).first()
        assert first is not None
        commandes.repondre(session, first.id, message="Gel : <b>10 kg</b> en moins", instant=LUNDI)
        fact = session.scalars(select(FactRow).order_by(FactRow.id)).first()
        assert fact is not None
        session.add(Delivery(fact_id=fact.id, actor="preparer_bons", queue="documents", state="parked", attempts=7))
    page = monday.lire("/coordination").text.replace("\xa0", " ")
    assert "Gel : &lt;b&gt;10 kg&lt;/b&gt; en moins" in page
    assert "pas encore confirmée : Verger de Bernin" in page
    assert "1 tâche est en souffrance" in page


def test_the_administration_reads_and_does_not_act(app: Flask, semaine_id: int) -> None:
    reader = connecte_en(app, Role.ADMINISTRATION)
    page = reader.lire("/coordination")
    assert page.status_code == 200
    assert f"/coordination/{CODE}/cloturer" not in page.text
    assert reader.poster(f"/coordination/{CODE}/cloturer", "/coordination").status_code == 403
    assert reader.poster(f"/coordination/composition/{CODE}", "/coordination").status_code == 403
    assert "Noter une offre" not in reader.lire("/coordination/offres").text


def test_others_are_kept_out(app: Flask, semaine_id: int) -> None:
    pages = ("", "/offres", "/composition", "/commandes", "/abonnements", "/calendrier", "/grilles", "/commandes/1/pdf")
    for role in (Role.HABITANT, Role.AGENT, Role.BENEVOLE, Role.PRODUCTEUR):
        visit = connecte_en(app, role)
        for page in pages:
            assert visit.lire(f"/coordination{page}").status_code == 403


def test_a_week_that_is_not_there_is_a_page(elle: Visite) -> None:
    for code in ("2026-W99", "x", "2026-W48'", "\0", "9" * 5_000):
        for page in ("", "/offres", "/composition", "/commandes"):
            answer = elle.client.get(f"/coordination{page}", query_string={"semaine": code})
            assert answer.status_code in (400, 404)
    assert elle.poster("/coordination/2026-W99/cloturer", "/coordination").status_code == 404
    assert elle.poster(f"/coordination/{CODE}/detruire", "/coordination").status_code == 404


def test_without_any_week_each_page_stands(app: Flask, base: str) -> None:
    visit = connecte_en(app, Role.COORDINATION)
    for page in ("", "/offres", "/composition", "/commandes", "/abonnements", "/calendrier", "/grilles"):
        assert visit.lire(f"/coordination{page}").status_code == 200


def ouvrir(visit: Visite, path: str) -> int:
    with comptees() as sent:
        assert visit.lire(path).status_code == 200
    return len(sent)


PAGES = ("", "/offres", "/composition", "/commandes", "/abonnements", "/calendrier", "/grilles")


def test_pages_take_as_many_queries_whatever_the_number_of_households(
    elle: Visite, app: Flask, semaine_id: int
) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    few = {page: ouvrir(monday, f"/coordination{page}") for page in PAGES}
    ajouter(semaine_id, 190)
    assert {page: ouvrir(monday, f"/coordination{page}") for page in PAGES} == few
    assert max(few.values()) <= 20, few


def ajouter(semaine_id: int, combien: int) -> None:
    with transaction() as session:
        place = fabriques.maison(session)
        for number in range(combien):
            household = fabriques.foyer(session, nom=f"Plus{number}", maison_id=place.id)
            subscription = fabriques.abonnement(session, household.id, place.id)
            fabriques.panier(session, semaine_id, subscription, place.id)


def test_what_is_foreseen_is_what_the_closing_makes(elle: Visite, app: Flask, semaine_id: int) -> None:
    with transaction() as session:
        week = queries_coordination.semaine_demandee(session, CODE)
        foreseen = queries_coordination.par_maison(session, week, clock.now())
    clock.set_now(LUNDI)
    avancer(connecte_en(app, Role.COORDINATION), "cloturer")
    with transaction() as session:
        week = queries_coordination.semaine_demandee(session, CODE)
        closed = queries_coordination.par_maison(session, week, clock.now())
    assert closed == foreseen


def test_the_first_week_shown_is_the_first_that_is_not_over(app: Flask, semaine_id: int) -> None:
    with transaction() as session:
        fabriques.semaine(session, date(2026, 11, 19), etat="terminee")
        fabriques.semaine(session, date(2026, 12, 3))
        assert queries_coordination.semaine_demandee(session, None).code == CODE
        stuck = fabriques.semaine(session, date(2026, 11, 5), etat="cloturee")
        assert queries_coordination.semaine_demandee(session, None).code == stuck.code


def test_ending_a_week_notes_what_was_not_fetched(elle: Visite, app: Flask, semaine_id: int) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    with transaction() as session:
        one = session.scalars(select(Panier.id).order_by(Panier.id)).first()
        assert one is not None
        retraits.remettre(session, one, par=1, moyen=retraits.Moyen.LISTE, maisons=None, instant=_jeudi())
    assert "Capuche" in monday.lire("/coordination").text
    clock.set_now(paris(JEUDI + timedelta(days=1), time(9)))
    avancer(connecte_en(app, Role.COORDINATION), "terminer")
    with reading() as session:
        states = dict(session.execute(select(Panier.etat, func.count()).group_by(Panier.etat)).all())
    assert states == {"remis": 1, "non_retire": 11}


def _jeudi() -> datetime:
    return paris(JEUDI, time(17, 30))


def test_the_page_reckons_lots_surplus_and_shares(elle: Visite, semaine_id: int) -> None:
    """Thirteen baskets: 13 kg of carrots in lots of 5 are 15, two salads each are 26 in lots of 6, so 30."""
    page = composer(elle, semaine_id, "calculer", 1_000, "", "", 2).text.replace("\xa0", " ")
    assert "15 kg" in page
    assert '15 kg<br><span class="discret">3 lots<br>surplus 2 kg' in page
    assert '30 pièces<br><span class="discret">5 lots<br>surplus 4 pièces' in page
    # 1,80 € of carrots and 2,20 € of salads, with the same tax.
    assert "45&nbsp;%" in page
    assert "55&nbsp;%" in page


def test_a_past_basket_is_taken_up_with_this_weeks_offers_and_nothing_is_written(elle: Visite, semaine_id: int) -> None:
    carrot, turnip, *_ = ids_des_offres(semaine_id)
    with transaction() as session:
        offers = [session.get_one(Offre, key) for key in (carrot, turnip)]
        before = fabriques.semaine(session, JEUDI - timedelta(weeks=1), etat="terminee")
        gone = fabriques.produit(session, "Salsifis")
        lines = {
            fabriques.offre(session, before.id, offers[1].producteur_id, offers[0].produit_id).id: 700,
            fabriques.offre(session, before.id, offers[1].producteur_id, offers[1].produit_id).id: 450,
            fabriques.offre(session, before.id, offers[1].producteur_id, gone.id).id: 300,
        }
        fabriques.composition(session, before.id, lines)
        code = before.code
    page = elle.lire(f"/coordination/composition?semaine={CODE}&depuis={code}").text
    assert re.search(f'name="q{carrot}" value="700"', page), "another farm grows it this week"
    assert re.search(f'name="q{turnip}" value="450"', page)
    assert "Personne ne propose : Salsifis." in page.replace("\xa0", " ")
    assert "dans 1 des derniers paniers" in page
    with reading() as session:
        assert (
            session.scalars(select(CompositionLigne.quantite).where(CompositionLigne.offre_id == carrot)).one() == 1_000
        )
    for other in ("2026-W01", "%00", "x" * 300):
        again = elle.lire(f"/coordination/composition?semaine={CODE}&depuis={other}")
        assert again.status_code == 200
        assert re.search(f'name="q{carrot}" value="1000"', again.text)


def test_a_skipped_maison_is_neither_foreseen_nor_needed(elle: Visite, semaine_id: int) -> None:
    """Thirteen baskets, six of them at Capuche: skipped there, seven are left, on every page that counts them."""

    def foreseen() -> tuple[int, int]:
        with reading() as session:
            week = queries_coordination.semaine_demandee(session, CODE)
            needed = sum(place.paniers for place in queries_coordination.par_maison(session, week, clock.now()))
            return queries_producteurs.paniers_prevus(session, [semaine_id]).get(semaine_id, 0), needed

    assert foreseen() == (13, 13)
    with transaction() as session:
        place = session.scalars(select(Maison.id).where(Maison.nom == "Capuche")).one()
        session.add(
            Distribution(
                semaine_id=semaine_id, maison_id=place, nature="annulee", motif="travaux", etat_semaine="ouverte",
                depuis=VENDREDI - timedelta(days=1),
            )
        )  # fmt: skip
    assert foreseen() == (7, 7)
    with transaction() as session:
        session.execute(update(Distribution).values(jusqu_a=VENDREDI - timedelta(hours=1)))
    assert foreseen() == (13, 13), "put back"
