"""Pages of money as families and Stripe see them, on good days, on bad ones, and with hostile values."""

import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kernel import clock
from kernel.db import transaction
from kernel.web.access import Role
from paiements.en_ligne import checkout, prelevements
from paiements.liens import jeton
from paiements.regles.etats import Etat
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paiements.conftest import brancher
from tests.paiements.monde import (
    SECRET,
    StripeLocal,
    compter,
    debiter,
    evenement,
    foyer_par_carte,
    lire,
    page_id,
    prelevement_du,
    signer,
)


@pytest.fixture
def visite(stripe: StripeLocal, app: Flask) -> Visite:
    """A signed-in family."""
    return connecte_en(app, Role.HABITANT)


@pytest.fixture
def foyer_id(visite: Visite) -> int:
    return compter("SELECT max(foyer_id) FROM compte")


def lien_de(foyer_id: int) -> str:
    echeance_id = compter("SELECT max(id) FROM echeance WHERE foyer_id = :foyer", foyer=foyer_id)
    return f"/paiements/lien/{jeton(echeance_id)}"


def test_an_empty_account_says_so_and_a_full_one_explains_each_line(visite: Visite, foyer_id: int) -> None:
    assert "Rien à payer" in visite.lire("/paiements/mon-compte").text
    debiter(foyer_id, 1100)
    page = visite.lire("/paiements/mon-compte").text
    assert "Reste à payer\xa0: 11,00\xa0€" in page
    assert "Panier du jeudi 26 novembre" in page
    assert "26 nov. 2026" in page


def test_a_family_pays_from_its_account_and_comes_back(stripe: StripeLocal, visite: Visite, foyer_id: int) -> None:
    debiter(foyer_id)
    parti = visite.poster("/paiements/payer", "/paiements/mon-compte")
    assert parti.status_code == 303
    retour = stripe.payer_page(parti.location)
    adresse = retour.headers["Location"].removeprefix("http://127.0.0.1:8000")
    assert "c’est payé" in visite.lire(adresse).text
    assert "Rien à payer" in visite.lire("/paiements/mon-compte").text


def test_a_family_saves_a_card_then_goes_on_where_it_was_going(
    stripe: StripeLocal, visite: Visite, foyer_id: int
) -> None:
    parti = visite.poster("/paiements/carte", "/paiements/mon-compte", suite="/mon-foyer")
    retour = stripe.payer_page(parti.location)
    adresse = retour.headers["Location"].removeprefix("http://127.0.0.1:8000")
    assert visite.client.get(adresse).location == "/mon-foyer"
    assert "Visa se terminant par 4242" in visite.lire("/paiements/mon-compte").text
    visite.poster("/paiements/mode", "/paiements/mon-compte", mode="maison")
    assert "à votre maison" in visite.lire("/paiements/mon-compte").text
    visite.poster("/paiements/carte/retirer", "/paiements/mon-compte")
    refus = visite.poster("/paiements/mode", "/paiements/mon-compte", mode="carte")
    assert refus.status_code == 409
    assert "Enregistrez d’abord une carte" in refus.text


@pytest.mark.parametrize("suite", ["https://ailleurs.example", "//ailleurs.example", "/\\ailleurs.example"])
def test_a_way_on_that_leads_elsewhere_is_not_followed(
    stripe: StripeLocal, visite: Visite, foyer_id: int, suite: str
) -> None:
    parti = visite.poster("/paiements/carte", "/paiements/mon-compte", suite=suite)
    retour = stripe.payer_page(parti.location)
    page = visite.client.get(retour.headers["Location"].removeprefix("http://127.0.0.1:8000"))
    assert page.status_code == 200
    assert "ailleurs" not in page.text


def test_when_stripe_is_away_the_family_is_told_that_nothing_is_lost(
    stripe: StripeLocal, visite: Visite, foyer_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    debiter(foyer_id)
    page = page_id(checkout.ouvrir_paiement_en_ligne(foyer_id))
    brancher(monkeypatch, "http://127.0.0.1:9")
    assert "Nous attendons la confirmation" in visite.lire(f"/paiements/retour?page={page}").text
    refus = visite.poster("/paiements/payer", "/paiements/mon-compte")
    assert refus.status_code == 503
    assert "rien n’est perdu" in refus.text


def test_the_link_of_the_mail_shows_the_amount_and_leads_to_payment_without_a_password(
    stripe: StripeLocal, app: Flask
) -> None:
    foyer_id, _ = foyer_par_carte(stripe, "pm_card_chargeCustomerFail")
    debiter(foyer_id)
    prelevements.prelever(prelevement_du(foyer_id))
    visite, lien = Visite(app), lien_de(foyer_id)
    for _ in range(2):
        assert "Reste à payer\xa0: 5,50\xa0€" in visite.lire(lien).text
    assert compter("SELECT count(*) FROM paiement WHERE nature = 'en_ligne'") == 0, "reading changes nothing"
    parti = visite.poster(lien, lien)
    stripe.payer_page(parti.location)
    checkout.conclure_page(page_id(parti.location), "webhook")
    assert "C’est réglé" in visite.lire(lien).text
    assert "rien à payer" in visite.poster(lien, "/connexion").text


def test_a_link_is_refused_when_old_forged_or_cut(stripe: StripeLocal, app: Flask) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    client, lien = app.test_client(), lien_de(foyer_id)
    assert client.get(lien).status_code == 200
    jeton, signature = lien.rsplit(".", 1)  # of its last letter, base64 reads only some bits: forge the first
    forge = f"{jeton}.{'a' if signature[0] != 'a' else 'b'}{signature[1:]}"
    for faux in (lien[:-3], forge, "/paiements/lien/" + "x" * 500):
        reponse = client.get(faux)
        assert reponse.status_code == 404
        assert "lien" in reponse.text
    clock.set_now(clock.now() + timedelta(days=31))
    trop_vieux = client.get(lien)
    assert trop_vieux.status_code == 410
    assert "trente jours" in trop_vieux.text


@pytest.mark.parametrize("page", ["", "cs_test_inconnu", "x" * 5_000, "../../etc", "%00", "cs_test_é"])
def test_a_return_that_names_nothing_of_ours_calls_nobody(stripe: StripeLocal, client: FlaskClient, page: str) -> None:
    debut = time.time()
    assert client.get(f"/paiements/retour?page={page}").status_code == 404
    assert stripe.requetes("GET", f"/v1/checkout/sessions/{page}", debut) == []


def test_hostile_forms_get_a_sentence_and_change_nothing(visite: Visite, foyer_id: int) -> None:
    debiter(foyer_id)
    for mode in ("", "cheque", "carte" * 1_000, "\0"):
        assert visite.poster("/paiements/mode", "/paiements/mon-compte", mode=mode).status_code in {400, 409}
    for echeance in ("999999999", "99999999999999999999999", "-1"):
        assert visite.poster("/paiements/payer", "/paiements/mon-compte", echeance=echeance).status_code in {400, 404}
    assert compter("SELECT count(*) FROM paiement") == 0
    assert visite.client.post("/paiements/payer").status_code == 400, "without its token"


def test_only_families_have_these_pages(stripe: StripeLocal, app: Flask) -> None:
    assert Visite(app).lire("/paiements/mon-compte").status_code == 302
    assert connecte_en(app, Role.AGENT).lire("/paiements/mon-compte").status_code == 403


# Webhooks


def envoyer(client: FlaskClient, corps: bytes, **signature: object) -> int:
    entetes = signer(corps, **signature)  # type: ignore[arg-type]
    return client.post("/paiements/webhook", data=corps, headers=entetes).status_code


def test_a_signed_event_is_kept_once_however_often_it_comes(stripe: StripeLocal, client: FlaskClient) -> None:
    corps = evenement("evt_1", "checkout.session.completed", "cs_1")
    assert [envoyer(client, corps) for _ in range(3)] == [200, 200, 200]
    assert compter("SELECT count(*) FROM evenement_stripe") == 1
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'EvenementStripeRecu'") == 1


def test_unsigned_forged_old_or_garbled_events_are_refused_and_not_kept(
    stripe: StripeLocal, client: FlaskClient
) -> None:
    corps = evenement("evt_1", "checkout.session.completed", "cs_1")
    assert envoyer(client, corps, secret="whsec_faux") == 400
    assert envoyer(client, corps, age=301) == 400
    for entetes in ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": "t=,v1="}, {"Stripe-Signature": "é" * 9000}):
        assert client.post("/paiements/webhook", data=corps, headers=entetes).status_code == 400
    assert client.post("/paiements/webhook", data=corps + b" ", headers=signer(corps)).status_code == 400
    for bizarre in (b"", b"[]", b"{}", b"\xff\xfe", b'{"id": 3, "type": null, "data": {"object": {}}}', b"1" * 10_000):
        assert envoyer(client, bizarre) == 400
    assert envoyer(client, b"x" * 300_000) == 413
    assert envoyer(client, evenement("evt_2", "charge.updated", "nul\0")) == 400
    assert compter("SELECT count(*) FROM evenement_stripe") == 0


def test_control_the_same_event_well_signed_is_kept(stripe: StripeLocal, client: FlaskClient) -> None:
    corps = evenement("evt_1", "charge.updated", "ch_1")
    assert envoyer(client, corps, secret=SECRET, age=299) == 200
    assert compter("SELECT count(*) FROM evenement_stripe") == 1


def test_no_personal_data_goes_into_stripes_metadata(stripe: StripeLocal) -> None:
    with transaction() as session:
        canari = fabriques.foyer(session, nom="Canaricourt", email="canari@exemple.test", telephone="+33612121212")
    debiter(canari.id)
    adresses = [checkout.ouvrir_paiement_en_ligne(canari.id), checkout.enregistrer_carte(canari.id, canari.email)]
    for adresse in adresses:
        stripe.payer_page(adresse)
        checkout.conclure_page(page_id(adresse), "retour")
    debiter(canari.id, 700, "2026-W49")
    prelevements.prelever(prelevement_du(canari.id))
    assert lire(prelevement_du(canari.id)).etat == Etat.REUSSI
    for genre in ("customer", "payment_intent", "setup_intent", "checkout.session"):
        for objet in stripe.objets(genre):
            dit = str(objet["metadata"]) + str(objet.get("description"))
            assert not re.search(r"canari|612121212", dit, re.IGNORECASE)
            assert list(objet["metadata"]) in ([], ["reference"])
