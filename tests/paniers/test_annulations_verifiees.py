"""What a tamperer would leave behind of a cancelled day is named, and without its lock a hand-out would be lost."""

import pytest
from sqlalchemy import text

from kernel.db import reading, transaction
from paniers import verifications
from tests.paniers.bourg import Bourg
from tests.paniers.jours_annules import bourg, commandee, fermer, tout_tient

__all__ = ["bourg"]

# What a tamperer would leave behind, and the words that name it.
FAUTES = {
    "a cancelled basket that waits again": (
        "UPDATE panier SET etat = 'a_remettre' WHERE etat = 'annule'",
        "son débit est contrepassé",
    ),
    "a basket cancelled on paper only": (
        "UPDATE panier SET etat = 'annule' WHERE etat = 'a_remettre'",
        "sans décision qui l’annule",
    ),
    "a basket that waits where nobody is": (
        "UPDATE panier SET etat = 'a_remettre' WHERE etat = 'annule'",
        "la distribution est annulée",
    ),
    "a reversal gone": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER; ALTER TABLE ecriture DISABLE TRIGGER USER;"
        "DELETE FROM mouvement WHERE ecriture_id IN (SELECT id FROM ecriture WHERE contrepasse_id IS NOT NULL);"
        "DELETE FROM ecriture WHERE contrepasse_id IS NOT NULL",
        "les avoirs de ses foyers",
    ),
    "what was ordered borne by nobody": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER; ALTER TABLE ecriture DISABLE TRIGGER USER;"
        "DELETE FROM mouvement WHERE ecriture_id = (SELECT id FROM ecriture WHERE cle LIKE 'annulation:%');"
        "DELETE FROM ecriture WHERE cle LIKE 'annulation:%'",
        "à la charge du CCAS",
    ),
    "a credit of another amount than its baskets": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER;"
        "UPDATE mouvement SET montant = montant + CASE compte WHEN 'foyer' THEN 50 ELSE -50 END"
        " WHERE ecriture_id = (SELECT min(id) FROM ecriture WHERE contrepasse_id IS NOT NULL)"
        " AND compte IN ('foyer', 'participation_ccas')",
        "les avoirs de ses foyers",
    ),
    "what was ordered borne for another amount": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER;"
        "UPDATE mouvement SET montant = montant + sign(montant)"
        " WHERE ecriture_id = (SELECT id FROM ecriture WHERE cle LIKE 'annulation:%')",
        "à la charge du CCAS",
    ),
    "a week said to be cancelled": ("UPDATE semaine SET etat = 'annulee'", "toute la ville est annulée"),
    "two decisions at once": (
        "UPDATE distribution SET jusqu_a = 'infinity'; INSERT INTO distribution (semaine_id, maison_id, nature, motif,"
        " etat_semaine, depuis) SELECT semaine_id, maison_id, 'annulee', 'bis', 'commandee', depuis FROM distribution",
        "deux décisions",
    ),
    "a basket moved by hand": (
        "ALTER TABLE panier DISABLE TRIGGER USER;"
        "UPDATE panier SET numero = numero + 90, maison_id = (SELECT max(id) FROM maison) WHERE etat = 'annule'",
        "sa dernière décision",
    ),
    "an echeance left open": ("UPDATE echeance SET reglee_le = NULL", "l’échéance n’est pas la somme"),
}


@pytest.mark.parametrize("faute", FAUTES)
def test_each_tampering_is_named(bourg: Bourg, faute: str) -> None:
    commandee(bourg)
    fermer(bourg, bourg.maisons[0])
    tout_tient()
    query, words = FAUTES[faute]
    with transaction() as session:
        for statement in query.split(";"):
            session.execute(text(statement))
    with reading() as session:
        assert [fault for fault in verifications.verifier(session) if words in fault]


def test_without_the_lock_of_its_baskets_a_hand_out_would_be_cancelled_too(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with the check taken away, a maison where baskets were given is cancelled."""
    commandee(bourg)
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'remis' WHERE id = (SELECT min(id) FROM panier)"))
    monkeypatch.setattr("paniers.annulations.exiger_rien_de_remis", lambda *_: None)
    assert fermer(bourg, bourg.maisons[0]).foyers == 2
