"""The coordination's pages: the week's steps and their buttons, offers, composition, orders, lists."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from foyers.models import Maison
from kernel import clock, documents
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.outbox import Delivery, FactRow
from kernel.web.access import Role
from paniers import commandes, retraits
from paniers.formulaires.coordination import lire_quantites
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.distributions import Distribution
from paniers.models.producteurs import Commande, Composition, CompositionLigne, Offre
from paniers.models.semaines import Abonnement, Panier, Pause, Semaine, SemaineEtape
from paniers.queries import coordination as queries_coordination
from paniers.queries import producteurs as queries_producteurs
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.monde_equipe import JEUDI, comptees

VENDREDI = paris(date(2026, 11, 20), time(15))
LUNDI = paris(date(2026, 11, 23), time(7))
CODE = "2026-W48"


@pytest.fixture
def semaine_id(app: Flask) -> int:
    """An open week on its Friday: twelve households at two maisons, four offers, a draft of a basket."""
    clock.set_now(VENDREDI)
    with transaction() as session:
        fabriques.grille(session)
        fabriques.calendrier(session)
        places = [fabriques.maison(session, nom=name) for name in ("Abbaye", "Capuche")]
        for number in range(12):
            place = places[number % 2]
            household = fabriques.foyer(session, nom=f"Nom{number}", maison_id=place.id)
            fabriques.abonnement(session, household.id, place.id, nombre=2 if number == 0 else 1)
        week = fabriques.semaine(session, JEUDI)
        _offrir(session, week.id)
        return week.id


def _offrir(session, semaine_id: int) -> None:  # type: ignore[no-untyped-def]
    farms = [fabriques.producteur(session, nom=name) for name in ("Jardins du Drac", "Verger de Bernin")]
    products = [fabriques.produit(session, name) for name in ("Carotte", "Navet", "Poireau")]
    piece = fabriques.produit(session, "Salade", unite="piece", poids_piece=300)
    offers = [fabriques.offre(session, semaine_id, farms[n % 2].id, p.id) for n, p in enumerate(products)]
    offers.append(fabriques.offre(session, semaine_id, farms[1].id, piece.id, quantite=60, lot=6, prix=110))
    fabriques.composition(session, semaine_id, {offers[0].id: 1_000}, publiee_le=None, cout=None, poids=None)


@pytest.fixture
def elle(app: Flask, semaine_id: int) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def ids_des_offres(semaine_id: int) -> list[int]:
    with reading() as session:
        return list(session.scalars(select(Offre.id).where(Offre.semaine_id == semaine_id).order_by(Offre.id)))


def composer(visit: Visite, semaine_id: int, action: str, *quantites: object):  # type: ignore[no-untyped-def]
    fields = {f"q{key}": str(q) for key, q in zip(ids_des_offres(semaine_id), quantites, strict=False)}
    return visit.poster(f"/coordination/composition/{CODE}", "/coordination/composition", action=action, **fields)


def avancer(visit: Visite, geste: str, code: str = CODE) -> str:
    answer = visit.poster(f"/coordination/{code}/{geste}", "/coordination")
    assert answer.status_code == 303
    return visit.lire(answer.location).text.replace("\xa0", " ")


def etat(semaine_id: int) -> str:
    with reading() as session:
        return session.get_one(Semaine, semaine_id).etat


def en_une_commande(visit: Visite, app: Flask, semaine_id: int) -> Visite:
    """The week published, closed and ordered; somebody who signs in on Monday morning."""
    composer(visit, semaine_id, "publier", 1_000, 1_000, 1_000, 2)
    clock.set_now(LUNDI)
    monday = connecte_en(app, Role.COORDINATION)
    avancer(monday, "cloturer")
    avancer(monday, "commander")
    return monday


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


def test_calculating_keeps_nothing(elle: Visite, semaine_id: int) -> None:
    answer = composer(elle, semaine_id, "calculer", 900, 1_100, "", 2)
    assert answer.status_code == 200
    assert "2,6\xa0kg" in answer.text
    assert "pas encore enregistré" in answer.text
    assert 'value="1100"' in answer.text
    with reading() as session:
        assert session.scalars(select(CompositionLigne.quantite)).all() == [1_000]


def test_a_basket_is_kept_then_published(elle: Visite, semaine_id: int) -> None:
    kept = composer(elle, semaine_id, "enregistrer", 1_000, "1 000", "900 g", 2)
    assert "quand vous publierez" in elle.lire(kept.location).text
    published = composer(elle, semaine_id, "publier", 1_000, 1_000, 900, 2)
    assert "est publiée" in elle.lire(published.location).text
    with reading() as session:
        made = session.scalars(select(Composition)).one()
        assert made.publiee_le is not None
        assert made.poids == 3_500
        assert set(session.scalars(select(CompositionLigne.quantite))) == {1_000, 900, 2}


def test_an_empty_basket_is_not_published_and_the_draft_stays(elle: Visite, semaine_id: int) -> None:
    answer = composer(elle, semaine_id, "publier")
    assert "Le panier est vide" in elle.lire(answer.location).text
    with reading() as session:
        assert session.scalars(select(CompositionLigne.quantite)).all() == [1_000]


def test_a_quantity_that_cannot_be_keeps_nothing(elle: Visite, semaine_id: int) -> None:
    for wrong in ("-1", "1,5", "abc", "5001", "9" * 5_000, "١٢", "\0", "<b>", "1e3"):
        answer = composer(elle, semaine_id, "publier", wrong, 500)
        assert answer.status_code == 422
        assert "Rien n’a été enregistré" in answer.text
        assert "<b>" not in answer.text.split("data-composition")[1].split("<dl")[0]
    with reading() as session:
        assert session.scalars(select(CompositionLigne.quantite)).all() == [1_000]


def test_a_form_with_missing_unknown_and_repeated_fields_is_read(elle: Visite, semaine_id: int) -> None:
    assert composer(elle, semaine_id, "").status_code == 400
    assert composer(elle, semaine_id, "voler").status_code == 400
    one, *_ = ids_des_offres(semaine_id)
    read = lire_quantites(MultiDict([(f"q{one}", "5"), (f"q{one}", "7"), ("q999", "3"), ("autre", "x")]), [one])
    assert read.quantites == {one: 5}
    assert not read.erreurs


def test_an_ordered_basket_is_read_only_and_says_why(elle: Visite, app: Flask, semaine_id: int) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    page = monday.lire(f"/coordination/composition?semaine={CODE}").text
    assert "sa composition ne change plus" in page
    assert 'name="action"' not in page
    refused = composer(monday, semaine_id, "publier", 1)
    assert "sa composition ne change plus" in monday.lire(refused.location).text


def offre_valable(session_week: int) -> dict[str, str]:
    with reading() as session:
        offer = session.scalars(select(Offre).where(Offre.semaine_id == session_week).order_by(Offre.id)).first()
        assert offer is not None
        farm, product = offer.producteur_id, offer.produit_id
    return {"producteur": str(farm), "produit": str(product), "quantite": "120", "lot": "10", "prix": "1,95"}


def test_an_offer_by_telephone_takes_the_place_of_the_former(elle: Visite, semaine_id: int) -> None:
    answer = elle.poster(f"/coordination/offres/{CODE}", "/coordination/offres", **offre_valable(semaine_id))
    assert answer.status_code == 303
    with reading() as session:
        offer = session.get_one(Offre, ids_des_offres(semaine_id)[0])
        assert (offer.quantite, offer.lot, offer.prix) == (120_000, 10_000, 195)
        assert len(ids_des_offres(semaine_id)) == 4


def test_an_offer_that_cannot_be_is_answered_beside_its_field(elle: Visite, semaine_id: int) -> None:
    good = offre_valable(semaine_id)
    for field, wrong in (
        ("producteur", "0"),
        ("producteur", "999999999"),
        ("producteur", "x"),
        ("produit", ""),
        ("produit", "9" * 400),
        ("quantite", "-3"),
        ("quantite", "beaucoup"),
        ("quantite", "9" * 4_000),
        ("lot", "500"),
        ("prix", "1,955"),
        ("prix", "999"),
        ("prix", "\0"),
        ("variete", "v" * 5_000),
        ("variete", "Nan\0te"),
    ):
        answer = elle.poster(f"/coordination/offres/{CODE}", "/coordination/offres", **(good | {field: wrong}))
        assert answer.status_code == 422, (field, wrong[:20])
        assert "champ__erreur" in answer.text
    with reading() as session:
        assert session.get_one(Offre, ids_des_offres(semaine_id)[0]).prix == 180


def test_an_offer_that_comes_after_the_orders_is_told_so_whatever_it_says(
    elle: Visite, app: Flask, semaine_id: int
) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    for sent in (offre_valable(semaine_id), {"produit": "1", "quantite": ""}):
        answer = monday.poster(f"/coordination/offres/{CODE}", "/coordination/offres", **sent)
        assert answer.status_code == 303
        assert "Les offres de cette semaine ne changent plus" in monday.lire(answer.location).text


def test_an_offer_is_withdrawn_unless_the_basket_holds_it(elle: Visite, semaine_id: int) -> None:
    held, free, *_ = ids_des_offres(semaine_id)
    for key in (held, free, free, 10**9):
        assert elle.poster(f"/coordination/offres/{CODE}/{key}/retirer", "/coordination/offres").status_code == 303
    assert held in ids_des_offres(semaine_id)
    assert free not in ids_des_offres(semaine_id)


def test_an_offer_is_taken_up_to_be_changed(elle: Visite, semaine_id: int) -> None:
    salad = ids_des_offres(semaine_id)[-1]
    page = elle.lire(f"/coordination/offres?offre={salad}").text
    assert "Changer une offre" in page
    assert 'value="60"' in page
    assert elle.lire("/coordination/offres?offre=x").status_code == 200


def test_orders_show_their_answers_their_files_and_their_links(elle: Visite, app: Flask, semaine_id: int) -> None:
    monday = en_une_commande(elle, app, semaine_id)
    with transaction() as session:
        first = session.scalars(select(Commande.id).order_by(Commande.id)).first()
        documents.store(session, f"commande:{first}:pdf", "commande.pdf", b"%PDF-")
    page = monday.lire(f"/coordination/commandes?semaine={CODE}").text
    assert "en attente" in page
    assert "/producteur/commande/" in page
    assert f"/coordination/commandes/{first}/pdf" in page
    assert f"/coordination/commandes/{first}/csv" not in page
    assert monday.lire(f"/coordination/commandes/{first}/pdf").data == b"%PDF-"
    assert monday.lire(f"/coordination/commandes/{first}/csv").status_code == 404
    link = page.split('readonly value="', 1)[1].split('"', 1)[0]
    assert app.test_client().get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_subscriptions_are_paged_and_found(elle: Visite, semaine_id: int) -> None:
    with transaction() as session:
        place = fabriques.maison(session)
        for number in range(60):
            household = fabriques.foyer(session, nom=f"Zed{number:02d}", maison_id=place.id)
            fabriques.abonnement(session, household.id, place.id, fin=date(2026, 10, 1))
    first, second = (elle.lire(f"/coordination/abonnements?page={n}").text for n in (1, 2))
    assert "72 abonnements" in first
    assert first.count('<th scope="row">') == 50
    assert second.count('<th scope="row">') == 22
    assert "fini" in second
    assert "Nom3" in elle.lire("/coordination/abonnements?q=nom3").text
    for page in ("0", "-1", "9" * 50, "x", "\0"):
        assert elle.client.get("/coordination/abonnements", query_string={"page": page}).status_code == 200
    for typed in ("%", "\0", "😀" * 500, "';--"):
        assert elle.client.get("/coordination/abonnements", query_string={"q": typed}).status_code == 200


def test_the_rules_are_said_in_words(elle: Visite) -> None:
    rhythm = elle.lire("/coordination/calendrier").text
    assert "jusqu’au dimanche à 23\xa0h\xa059" in rhythm
    grid = elle.lire("/coordination/grilles").text
    assert "de 401 à 800" in grid
    assert "5,50\xa0€" in grid
    with transaction() as session:
        rule = {"forme": "lineaire", "taux": "0.008", "plancher": 400, "plafond": 900}
        fabriques.grille(session, nom="Taux", effet_le=date(2027, 1, 1), regle=rule)
        fabriques.grille(session, nom="Abîmée", effet_le=date(2027, 2, 1), regle={"forme": "?"})
    grid = elle.lire("/coordination/grilles").text
    assert "0,8 % du quotient" in grid
    assert "ne peut pas être lue" in grid


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


# Contracts, offers outside of them, and what the composing page compares.


def test_a_contract_is_noted_priced_and_read_back(elle: Visite, semaine_id: int) -> None:
    with reading() as session:
        offer = session.get_one(Offre, ids_des_offres(semaine_id)[0])
        farm, product = offer.producteur_id, offer.produit_id
    assert "sans contrat" in elle.lire("/coordination/contrats").text
    opened = elle.poster(
        "/coordination/contrats", producteur=str(farm), numero="2026-PAN-7", debut="2026-01-01", fin="2026-12-18"
    )
    assert opened.status_code == 303
    assert "n’a pas encore de prix" in elle.lire(opened.location).text
    agreed = elle.poster(
        f"{opened.location}/prix", opened.location, effet_le="2026-01-01", **{f"p{product}": "1,90 €", "p999999": "1"}
    )
    assert agreed.status_code == 303
    assert "1,90" in elle.lire(opened.location).text
    page = elle.lire("/coordination/contrats").text
    assert "2026-PAN-7" in page
    assert "finit bientôt" in page
    home = elle.lire("/coordination").text.replace("\xa0", " ")
    assert "Le contrat de Jardins du Drac finit le vendredi 18 décembre" in home


@pytest.mark.parametrize(
    ("champs", "dit"),
    [
        ({"producteur": "", "numero": "A", "debut": "2026-01-01", "fin": "2026-02-01"}, "Choisissez le producteur"),
        ({"numero": "", "debut": "2026-01-01", "fin": "2026-02-01"}, "Écrivez le numéro"),
        ({"numero": "A", "debut": "hier", "fin": "2026-02-01"}, "Choisissez un jour"),
        ({"numero": "A", "debut": "2026-03-01", "fin": "2026-02-01"}, "avant de commencer"),
        ({"numero": "x" * 41, "debut": "2026-01-01", "fin": "2026-02-01"}, "quarante signes"),
    ],
)
def test_a_contract_that_cannot_be_is_answered_in_french(
    elle: Visite, semaine_id: int, champs: dict[str, str], dit: str
) -> None:
    with reading() as session:
        farm = session.get_one(Offre, ids_des_offres(semaine_id)[0]).producteur_id
    answer = elle.poster("/coordination/contrats", **({"producteur": str(farm)} | champs))
    assert answer.status_code == 422
    assert dit in answer.text
    with reading() as session:
        assert session.scalar(select(func.count(Contrat.id))) == 0


def test_a_price_that_cannot_be_read_keeps_nothing(elle: Visite, semaine_id: int) -> None:
    with transaction() as session:
        offer = session.get_one(Offre, ids_des_offres(semaine_id)[0])
        contract = fabriques.contrat(session, offer.producteur_id).id
        product = offer.produit_id
    path = f"/coordination/contrats/{contract}"
    for value in ("beaucoup", "-1", "0", "200,01", "1,999", "9" * 50, "\0", "<b>1</b>"):
        answer = elle.poster(f"{path}/prix", path, effet_le="2026-01-01", **{f"p{product}": value})
        assert answer.status_code == 422, value
        assert "Exemple : 1,80" in answer.text.replace("\xa0", " ")
        assert "<b>1</b>" not in answer.text
    assert elle.poster(f"{path}/prix", path, effet_le="2026-01-01").status_code == 422
    assert elle.poster(f"{path}/fin", path, fin="2025-01-01").status_code == 422
    assert elle.lire(f"/coordination/contrats/{10**12}").status_code == 404
    with reading() as session:
        assert session.scalar(select(func.count(PrixConvenu.id))) == 0


def test_an_offer_outside_of_its_contract_is_marked_and_accepted_by_one_tap(elle: Visite, semaine_id: int) -> None:
    key = ids_des_offres(semaine_id)[1]
    with transaction() as session:
        session.get_one(Offre, key).acceptee_le = None
    assert "Une offre est hors contrat" in elle.lire("/coordination").text
    page = elle.lire("/coordination/composition").text
    assert f'name="q{key}"' not in page, "nothing can be typed for it"
    assert "Hors contrat" in page
    path = f"/coordination/offres/{CODE}/{key}/accepter"
    for wrong in ("179", "", "1e3", "-180"):
        elle.poster(path, "/coordination/offres", prix=wrong)
        with reading() as session:
            assert session.get_one(Offre, key).acceptee_le is None, wrong
    back = elle.poster(path, "/coordination/offres", prix="180", suite="composition")
    assert back.location == f"/coordination/composition?semaine={CODE}"
    assert f'name="q{key}"' in elle.lire(back.location).text
    with reading() as session:
        assert session.get_one(Offre, key).acceptee_par is not None
    assert elle.poster(f"/coordination/offres/{CODE}/{10**12}/accepter", "/coordination/offres").status_code == 404


def test_the_administration_reads_contracts_and_accepts_nothing(app: Flask, semaine_id: int) -> None:
    visit = connecte_en(app, Role.ADMINISTRATION)
    assert "Noter un contrat" not in visit.lire("/coordination/contrats").text
    for path in ("/coordination/contrats", f"/coordination/offres/{CODE}/{ids_des_offres(semaine_id)[1]}/accepter"):
        answer = visit.client.post(path, data={"csrf_token": visit.jeton("/coordination/abonnements")})
        assert answer.status_code == 403, path


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
