"""Money and messages of a played week: what households owe, what was charged, and that everybody was told once."""

from collections import Counter

import requests

from demo import essais
from tests.scenarios.semaine.jeu import THE_CORRECTION, Jeu, Row


def test_every_charge_at_stripe_is_one_entry_and_every_entry_one_charge(jeu: Jeu) -> None:
    intents = requests.get(jeu.stripe + "/_local/objets/payment_intent", timeout=60).json()
    charged = {one["id"]: one["amount_received"] for one in intents if one["status"] == "succeeded"}
    booked = {
        row["stripe_id"]: row["montant"]
        for row in jeu.lire(
            "SELECT p.stripe_id, m.montant FROM paiement p JOIN ecriture e ON e.cle = 'paiement:' || p.id"
            " JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'stripe'"
        )
    }
    by_hand = [charged.pop(one) for one in (essais.EXPLIQUE, essais.A_EXPLIQUER)]
    assert by_hand == [100, 100], "what the CCAS did itself at Stripe, for the reconciliation to name"
    assert charged == booked, "all weeks, both ways"
    week = jeu.lire(
        "SELECT p.stripe_id, p.montant, p.etat FROM paiement p JOIN echeance e ON e.id = p.echeance_id"
        " WHERE e.cle = %(code)s AND p.nature = 'prelevement'"
    )
    assert len(week) > 20
    assert {row["stripe_id"] for row in week if row["etat"] == "reussi"} <= charged.keys()
    assert len({row["stripe_id"] for row in week}) == len(week)
    refused = [row["stripe_id"] for row in week if row["etat"] != "reussi"]
    assert not charged.keys() & set(refused)


def test_everyone_was_written_to_once(jeu: Jeu) -> None:
    (mails,) = jeu.lire("SELECT count(*) AS all, count(sent_at) AS sent, count(DISTINCT key) AS keys FROM mail")
    assert mails["all"] == mails["sent"] == mails["keys"] == jeu.dit["courriels"]
    (left,) = jeu.lire("SELECT count(*) AS n FROM outbox_delivery WHERE state <> 'done'")
    assert left["n"] == 0


def test_each_household_was_told_each_thing_once_by_its_channel(jeu: Jeu) -> None:
    told = {
        row["modele"]: row
        for row in jeu.lire(
            "SELECT modele, count(*) AS all, count(DISTINCT cle) AS keys, count(DISTINCT foyer_id) AS whom"
            " FROM message GROUP BY modele"
        )
    }
    once = {"paniers/composition", "paniers/veille", "paniers/panier_corrige"}
    assert once | {"paiements/recu"} <= told.keys()
    assert all(row["all"] == row["keys"] for row in told.values())
    assert {kind: row["whom"] for kind, row in told.items() if kind in once} == {k: told[k]["all"] for k in once}
    (gone,) = jeu.lire(
        "SELECT count(*) FILTER (WHERE m.voie = 'courriel') AS mails, count(mail.id) AS sent,"
        " count(*) FILTER (WHERE m.voie <> 'courriel' AND f.canal = 'email' AND m.sorte = 'service') AS astray"
        " FROM message m JOIN foyer f ON f.id = m.foyer_id LEFT JOIN mail ON mail.key = m.cle"
    )
    assert gone["mails"] == gone["sent"] > 0
    assert gone["astray"] == 0


def test_each_household_owes_its_baskets_less_what_was_given_back(jeu: Jeu, paniers: list[Row]) -> None:
    """By the week's entries and what reverses them: nothing for a cancelled basket, the rest less the credit."""
    (correction,) = jeu.lire(THE_CORRECTION)
    balance = {
        row["foyer_id"]: row["montant"]
        for row in jeu.lire(
            "SELECT m.foyer_id, sum(m.montant) AS montant FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id"
            " LEFT JOIN ecriture d ON d.id = e.contrepasse_id"
            " JOIN panier p ON coalesce(d.cle, e.cle) IN ('panier:' || p.id,"
            " 'geste:' || %(id)s || ':' || p.id)"
            " JOIN semaine s ON s.id = p.semaine_id WHERE m.compte = 'foyer' AND s.code = %(code)s GROUP BY 1",
            id=str(correction["id"]),
        )
    }
    expected = Counter[int]()
    for row in paniers:
        kept = row["etat"] != "annule"
        expected[row["foyer_id"]] += row["nombre"] * (row["prix"] - correction["credit"]) * kept
    assert correction["credit"] > 0
    assert balance == expected
