"""Producers' pages: the order by a signed link, by account, and the offers of the next weeks."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.documents import store
from kernel.errors import Refus
from kernel.settings import get_settings
from kernel.web.access import Role
from paniers import liens
from paniers.liens import jeton_de_commande
from paniers.models.producteurs import Commande, Offre, Producteur
from paniers.models.semaines import Semaine
from paniers.producteurs import commandes as producteurs
from tests import fabriques
from tests.foyers.visite import Visite, connecte, connecte_en
from tests.paniers.monde_public import JEUDI, LUNDI, Commandee, commandee, compter, faits, mots, ouvrir_a_tous

HOSTILES = ["x" * 5000, "12\x00", "\u202ekilos", "-5", "1e9", "9" * 60, "<script>alert(1)</script>", "0", "½", "NaN"]


def etat(commande_id: int) -> tuple[str, str | None]:
    with reading() as session:
        order = session.get_one(Commande, commande_id)
        return order.etat, order.message


def lien(commande_id: int) -> str:
    return f"/producteur/commande/{jeton_de_commande(commande_id)}"


def test_opening_the_link_changes_nothing(app: Flask) -> None:
    order = commandee()
    for _again in range(3):
        page = Visite(app).lire(lien(order.commande_id))
        assert page.status_code == 200
        assert "Je confirme" in mots(page)
        assert "15 kg" in mots(page)
    assert etat(order.commande_id) == ("emise", None)
    assert faits("CommandeRepondue") == 0


def test_the_button_of_the_link_confirms_and_a_second_press_is_harmless(app: Flask) -> None:
    order = commandee()
    visit = Visite(app)
    visit.poster(lien(order.commande_id), reponse="confirmer")
    assert etat(order.commande_id) == ("confirmee", None)
    assert "Vous avez confirmé lundi 23 novembre" in mots(visit.lire(lien(order.commande_id)))
    visit.poster(lien(order.commande_id), reponse="confirmer")
    assert "déjà confirmée" in mots(visit.lire(lien(order.commande_id)))
    assert faits("CommandeRepondue") == 1


def test_what_is_short_is_kept_as_written_and_shown_again(app: Flask) -> None:
    order = commandee()
    visit = Visite(app)
    visit.poster(lien(order.commande_id), reponse="manque", message="Il manque\r\n20 kg <b>")
    assert etat(order.commande_id) == ("ecart", "Il manque\n20 kg <b>")
    assert "20 kg &lt;b&gt;" in mots(visit.lire(lien(order.commande_id)))


def test_an_answer_that_says_nothing_is_asked_again_and_not_written(app: Flask) -> None:
    order = commandee()
    visit = Visite(app)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"reponse": "manque", "message": "   "}, "Dites ce qui manque"),
        ({"reponse": "manque"}, "Dites ce qui manque"),
        ({"reponse": "manque", "message": "x" * 1001}, "trop long"),
        ({"reponse": "manque", "message": "20\x00 kg"}, "signes invisibles"),
        ({"reponse": "effacer"}, "Choisissez"),
        ({}, "Choisissez"),
    ]
    for fields, sentence in wrong:
        answer = visit.poster(lien(order.commande_id), **fields)
        assert answer.status_code == 422, fields
        assert sentence in mots(answer)
    assert etat(order.commande_id) == ("emise", None)


def test_a_link_ends_after_three_weeks_and_says_whom_to_call(app: Flask) -> None:
    order = commandee()
    path = lien(order.commande_id)
    clock.set_now(LUNDI + timedelta(days=21))
    assert Visite(app).lire(path).status_code == 200
    clock.set_now(LUNDI + timedelta(days=21, seconds=1))
    page = Visite(app).lire(path)
    assert page.status_code == 410
    assert "trois semaines" in mots(page)
    assert get_settings().telephone_ccas in mots(page)


def test_forged_links_open_nothing(app: Flask) -> None:
    order = commandee()
    good = jeton_de_commande(order.commande_id)
    other_purpose = URLSafeTimedSerializer(get_settings().secret_key, salt="autre chose").dumps(order.commande_id)
    other_key = URLSafeTimedSerializer("another key, long enough as well", salt="commande d’un producteur").dumps(1)
    flipped = [good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(len(good) - 1)]
    for token in [*flipped, good[:-4], good + "A", other_purpose, other_key]:
        with pytest.raises(Refus):
            liens.commande_du_jeton(token)
    visit = Visite(app)
    for token in (flipped[5], good[:-4], other_purpose, "x", "é" * 20, "a" * 4000):
        page = visit.lire(f"/producteur/commande/{token}")
        assert page.status_code == 404, token
        assert "15 kg" not in mots(page)


def test_without_the_signature_a_forged_link_would_open(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    order = commandee()
    monkeypatch.setattr(producteurs, "commande_du_jeton", int)
    assert Visite(app).lire(f"/producteur/commande/{order.commande_id}").status_code == 200


def test_a_link_of_one_order_does_not_open_another(app: Flask) -> None:
    order = commandee()
    page = Visite(app).lire(lien(order.commande_id))
    assert "Vergers du Drac" not in mots(page)
    assert liens.commande_du_jeton(jeton_de_commande(order.commande_id)) == order.commande_id


def test_files_come_through_the_link_once_they_are_made(app: Flask) -> None:
    order = commandee()
    visit = Visite(app)
    assert visit.lire(f"{lien(order.commande_id)}/bon.pdf").status_code == 302
    with transaction() as session:
        store(session, f"commande:{order.commande_id}:pdf", "bon.pdf", b"%PDF-1.7 essai")
    answer = visit.lire(f"{lien(order.commande_id)}/bon.pdf")
    assert (answer.data, answer.mimetype) == (b"%PDF-1.7 essai", "application/pdf")
    assert "no-store" in answer.headers["Cache-Control"]
    assert visit.lire(f"{lien(order.commande_id)}/bon.exe").status_code == 404


def test_no_page_of_a_producer_names_a_family(app: Flask) -> None:
    order = commandee()
    visit = connecte(app, order.claude)
    pages = (lien(order.commande_id), "/producteur/commandes", f"/producteur/commandes/{order.commande_id}",
             "/producteur/offres")  # fmt: skip
    for page in pages:
        text = mots(visit.lire(page))
        assert "Benali" not in text
        assert "Samira" not in text


def test_an_answer_after_the_delivery_is_not_taken(app: Flask) -> None:
    order = commandee()
    clock.set_now(paris(JEUDI + timedelta(days=1), time(9)))
    visit = Visite(app)
    page = visit.lire(lien(order.commande_id))
    assert "La livraison est passée" in mots(page)
    token = visit.jeton("/connexion")
    answer = visit.client.post(lien(order.commande_id), data={"csrf_token": token, "reponse": "confirmer"})
    assert answer.status_code == 422
    assert etat(order.commande_id) == ("emise", None)


def test_a_producer_answers_signed_in_too(app: Flask) -> None:
    order = commandee()
    visit = connecte(app, order.claude)
    assert "2026-48-01" in mots(visit.lire("/producteur/commandes"))
    visit.poster(f"/producteur/commandes/{order.commande_id}", reponse="confirmer")
    assert etat(order.commande_id)[0] == "confirmee"


def test_a_neighbours_order_does_not_exist(app: Flask) -> None:
    order = commandee()
    visit = connecte(app, order.claude)
    token = visit.jeton(f"/producteur/commandes/{order.commande_id}")
    path = f"/producteur/commandes/{order.autre_commande}"
    assert visit.lire(path).status_code == 404
    assert visit.lire(f"{path}/bon.pdf").status_code == 404
    assert visit.client.post(path, data={"csrf_token": token, "reponse": "confirmer"}).status_code == 404
    assert etat(order.autre_commande)[0] == "emise"
    assert visit.lire(f"/producteur/commandes/{10**30}").status_code in (400, 404)


def test_without_its_predicate_a_neighbours_order_would_open(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    order = commandee()
    visit = connecte(app, order.claude)
    ouvrir_a_tous(app, "producteurs.commande", monkeypatch)
    assert visit.lire(f"/producteur/commandes/{order.autre_commande}").status_code == 200


def test_families_and_strangers_do_not_open_producers_pages(app: Flask) -> None:
    commandee()
    assert connecte_en(app, Role.HABITANT).lire("/producteur/commandes").status_code == 403
    assert Visite(app).lire("/producteur/offres").status_code == 302


def test_an_account_without_a_farm_is_told_whom_to_call(app: Flask) -> None:
    commandee()
    visit = connecte_en(app, Role.PRODUCTEUR)
    for page in ("/producteur/commandes", "/producteur/offres"):
        assert "pas encore relié" in mots(visit.lire(page))


# Offers.


def champ() -> tuple[Commandee, str]:
    """A producer and the code of a week that takes offers."""
    order = commandee()
    with transaction() as session:
        week = fabriques.semaine(session, JEUDI + timedelta(weeks=1))
        household = fabriques.foyer(session)
        fabriques.abonnement(session, household.id, household.maison_id, nombre=2)
        return order, week.code


def offres(order: Commandee, code: str) -> list[tuple[int, int, int, str]]:
    with reading() as session:
        found = session.execute(
            select(Offre.quantite, Offre.lot, Offre.prix, Offre.variete)
            .join(Semaine, Semaine.id == Offre.semaine_id)
            .where(Semaine.code == code, Offre.producteur_id == order.producteur_id)
        )
        return [tuple(row) for row in found]  # type: ignore[misc]


BONNE = {"quantite": "25", "lot": "5 kg", "prix": "1,80", "variete": "Nantaise"}


def test_a_product_is_offered_in_kilograms_and_euros(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    assert "Environ 3 paniers" in mots(visit.lire("/producteur/offres"))
    assert visit.lire(f"/producteur/offres/{code}/ajouter?produit={order.produit_id}").status_code == 302
    answer = visit.poster(f"/producteur/offres/{code}/{order.produit_id}", **BONNE)
    assert answer.status_code == 303
    assert offres(order, code) == [(25_000, 5_000, 180, "Nantaise")]
    assert "Nantaise" in mots(visit.lire(f"/producteur/offres?semaine={code}"))


def test_last_offers_are_repeated_with_one_press_and_twice_is_harmless(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    for _again in range(2):
        token = visit.jeton("/producteur/offres")
        visit.client.post(f"/producteur/offres/{code}/reprendre", data={"csrf_token": token})
    assert offres(order, code) == [(100_000, 5_000, 180, "")]


def test_a_hostile_figure_is_refused_beside_its_field(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    for name in ("quantite", "lot", "prix"):
        for value in ("", *HOSTILES):
            answer = visit.poster(f"/producteur/offres/{code}/{order.produit_id}", **(BONNE | {name: value}))
            assert answer.status_code == 422, (name, value)
            assert f'id="{name}-erreur"' in answer.text
            assert "<script>alert" not in answer.text
    assert offres(order, code) == []


def test_an_offer_that_cannot_be_is_refused_with_its_reason(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    wrong = [
        ({"variete": "x" * 61}, "soixante lettres"),
        ({"variete": "a\x00b"}, "signes invisibles"),
        ({"lot": "26"}, "Un lot ne peut pas dépasser"),
        ({"prix": "1,805"}, "deux chiffres après la virgule"),
        ({"prix": "900000"}, "trop haut"),
    ]
    for fields, sentence in wrong:
        answer = visit.poster(f"/producteur/offres/{code}/{order.produit_id}", **(BONNE | fields))
        assert answer.status_code == 422, fields
        assert sentence in mots(answer)
    assert offres(order, code) == []


def test_repeated_values_count_as_the_first(app: Flask) -> None:
    order, code = champ()
    connecte(app, order.claude).poster(
        f"/producteur/offres/{code}/{order.produit_id}", **(BONNE | {"quantite": ["25", "99"]})
    )
    assert [offer[0] for offer in offres(order, code)] == [25_000]


def test_a_closed_or_unknown_week_and_product_take_no_offer(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    for path in ("2026-W48", "2026-W99", "x", "%00"):
        assert visit.lire(f"/producteur/offres/{path}/{order.produit_id}").status_code in (404, 409)
    assert visit.lire(f"/producteur/offres/{code}/{10**18}").status_code == 404
    assert visit.lire(f"/producteur/offres/{code}/ajouter?produit=abc").status_code == 302
    assert visit.lire("/producteur/offres?semaine=%00").status_code == 200


def test_an_offer_form_sent_after_the_deadline_writes_nothing(app: Flask) -> None:
    order, code = champ()
    visit = connecte(app, order.claude)
    token = visit.jeton(f"/producteur/offres/{code}/{order.produit_id}")
    clock.set_now(paris(date(2026, 11, 27), time(0, 1)))
    fresh = connecte(app, order.claude)
    answer = fresh.client.post(
        f"/producteur/offres/{code}/{order.produit_id}", data={"csrf_token": fresh.jeton("/producteur/offres"), **BONNE}
    )
    assert token
    assert answer.status_code == 409
    assert "ne prend plus d’offres" in mots(answer)
    assert offres(order, code) == []


def test_a_neighbours_offer_is_not_withdrawn(app: Flask) -> None:
    order, code = champ()
    with transaction() as session:
        week = session.scalars(select(Semaine).where(Semaine.code == code)).one()
        neighbour = session.scalars(select(Producteur).where(Producteur.nom == "Vergers du Drac")).one()
        theirs = fabriques.offre(session, week.id, neighbour.id, order.produit_id).id
        own = fabriques.offre(session, week.id, order.producteur_id, order.produit_id).id
    visit = connecte(app, order.claude)
    token = visit.jeton("/producteur/offres")
    before = compter("offre")
    path = f"/producteur/offres/{theirs}/retirer"
    assert visit.client.post(path, data={"csrf_token": token}).status_code == 404
    assert compter("offre") == before
    assert visit.client.post(f"/producteur/offres/{own}/retirer", data={"csrf_token": token}).status_code == 302
    assert compter("offre") == before - 1
