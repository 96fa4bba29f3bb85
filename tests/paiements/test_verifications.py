"""`flask verifier` on money: silent on a healthy town, and naming the fault when one row of each kind is altered."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from paiements import grand_livre, verifications
from paiements.en_ligne import checkout, evenements, prelevements
from paiements.passerelle import Evenement
from tests import fabriques
from tests.paiements.monde import StripeLocal, debiter, foyer_par_carte, page_id, prelevement_du

ALTERATIONS = {
    "UPDATE mouvement SET montant = montant + 1 WHERE id = 1": "pas équilibré",
    "DELETE FROM mouvement WHERE compte = 'stripe'": "pas équilibrée",
    "UPDATE mouvement m SET montant = montant + 1 FROM ecriture e WHERE e.id = ecriture_id AND e.contrepasse_id > 0": (
        "n’annule pas exactement"
    ),
    "UPDATE paiement SET montant = montant + 1 WHERE etat = 'reussi'": "n’a pas son écriture",
    "UPDATE paiement SET etat = 'refuse' WHERE etat = 'reussi'": "qui n’a pas réussi",
    "DROP INDEX uq_paiement_prelevement; INSERT INTO paiement (foyer_id, echeance_id, nature, montant, cle, etat,"
    " demande_le) SELECT foyer_id, echeance_id, nature, 1, gen_random_uuid(), 'prepare', now() FROM paiement"
    " WHERE nature = 'prelevement' LIMIT 1": "au lieu d’un",
    "UPDATE echeance SET mode = 'carte' WHERE mode = 'maison' AND reglee_le IS NULL": "aucun prélèvement",
    "UPDATE echeance SET reglee_le = NULL": "pas marquée comme réglée",
    "UPDATE paiement_etape SET vers = 'inconnu'": "dernière étape",
    "DELETE FROM paiement_etape WHERE de = 'prepare'": "ne se suivent pas",
    "UPDATE paiement SET etat = 'inconnu', demande_le = now() - interval '2 hours'": "attend la réponse de Stripe",
    "UPDATE evenement_stripe SET traite_le = NULL, recu_le = now() - interval '2 hours'": "L’événement",
    "UPDATE carte SET retiree_le = now()": "n’a pas de carte",
}


@pytest.fixture
def ville(stripe: StripeLocal) -> None:
    """Households that have been charged, have paid online, owe, and had a basket cancelled."""
    par_carte, _ = foyer_par_carte(stripe)
    debiter(par_carte)
    prelevements.prelever(prelevement_du(par_carte))
    with transaction() as session:
        en_ligne, doit = fabriques.foyer(session).id, fabriques.foyer(session).id
    debiter(en_ligne)
    adresse = checkout.ouvrir_paiement_en_ligne(en_ligne)
    stripe.payer_page(adresse)
    with transaction() as session:
        evenements.recevoir(session, Evenement("evt_1", "checkout.session.completed", page_id(adresse), {}))
    evenements.conclure_evenement("evt_1")
    debiter(doit)
    debiter(doit, 700, "2026-W49")
    with transaction() as session:
        derniere = grand_livre.lignes_du_compte(session, doit)[-1]
        grand_livre.contrepasser(session, derniere.ecriture_id, "Panier annulé : neige")


def test_a_healthy_town_has_no_fault_and_each_alteration_is_named(ville: None) -> None:
    with transaction() as session:
        assert verifications.verifier(session) == []
    for alteration, mot in ALTERATIONS.items():
        with transaction() as session:
            for table in ("mouvement", "ecriture", "paiement_etape"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            for statement in alteration.split("; "):
                session.execute(text(statement))
            fautes = verifications.verifier(session)
            assert any(mot in faute for faute in fautes), f"{alteration} → {fautes}"
            session.rollback()


def test_a_payment_just_asked_for_is_no_fault_yet(stripe: StripeLocal) -> None:
    foyer_id, _ = foyer_par_carte(stripe)
    debiter(foyer_id)
    with transaction() as session:
        assert verifications.verifier(session) == []
    clock.set_now(clock.now() + timedelta(hours=2))
    with transaction() as session:
        assert len(verifications.verifier(session)) == 1
