"""The coordination's pages of the basket: composed, published, and the offers it is made of."""

from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from kernel.db import reading
from paniers.formulaires.coordination import lire_quantites
from paniers.models.producteurs import Composition, CompositionLigne, Offre
from tests.foyers.visite import Visite
from tests.paniers.bureau import CODE, composer, elle, en_une_commande, ids_des_offres, semaine_id

__all__ = ["elle", "semaine_id"]


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
