"""The outings of a played week."""

from collections import Counter

from tests.scenarios.semaine.jeu import Jeu


def test_the_outing_of_the_week_was_booked_ticked_paid_for_and_thanked_once(jeu: Jeu) -> None:
    (evening,) = jeu.lire(
        "SELECT id, etat FROM sortie WHERE (debut_le AT TIME ZONE 'Europe/Paris')::date = %(day)s", day="2026-11-20"
    )
    assert evening["etat"] == "tenue"
    seats = jeu.lire(
        "SELECT p.* FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id"
        " WHERE p.sortie_id = %(s)s AND p.annulee_le IS NULL AND i.etat = 'confirmee'",
        s=evening["id"],
    )
    instead = [row for row in seats if row["remplace_id"]]
    by_state = Counter(row["presence"] for row in seats)
    told = jeu.dit["soiree"]
    assert len(seats) - len(instead) == told["attendues"]
    assert (by_state["presente"] + by_state["retard"], by_state["absente"], by_state["excusee"]) == (
        told["arrivees"],
        1,
        1,
    )
    assert [row["prix"] for row in instead] == [0]
    notes = Counter(
        row["place_id"]
        for row in jeu.lire(
            "SELECT n.place_id FROM pointage n JOIN place_sortie p ON p.id = n.place_id WHERE p.sortie_id = %(s)s",
            s=evening["id"],
        )
    )
    assert notes == Counter(row["id"] for row in seats), "each noted once"
    went = {
        row["foyer_id"]
        for row in jeu.lire(
            "SELECT i.foyer_id FROM inscription i JOIN place_sortie p ON p.inscription_id = i.id"
            " WHERE i.sortie_id = %(s)s AND p.presence IN ('presente', 'retard') AND p.remplace_id IS NULL",
            s=evening["id"],
        )
    }
    thanked = jeu.lire("SELECT foyer_id FROM message WHERE cle LIKE %(k)s", k=f"sortie:{evening['id']}:merci:%")
    assert sorted(row["foyer_id"] for row in thanked) == sorted(went)
    assert jeu.dit["remerciees"] == len(thanked) > 0


def test_outings_hold_what_was_booked_and_the_ledger_says_so(jeu: Jeu) -> None:
    held = jeu.lire(
        "SELECT s.id, s.places, count(p.id) FILTER (WHERE NOT EXISTS"
        " (SELECT FROM place_sortie r WHERE r.remplace_id = p.id AND r.annulee_le IS NULL)) AS tenues"
        " FROM sortie s JOIN inscription i ON i.sortie_id = s.id AND i.etat IN ('offerte', 'confirmee')"
        " JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL GROUP BY s.id"
    )
    assert all(row["tenues"] <= row["places"] for row in held)
    due = jeu.lire(
        "SELECT i.id, sum(p.prix) AS du, (SELECT coalesce(sum(m.montant), 0) FROM ecriture e"
        " LEFT JOIN ecriture o ON o.id = e.contrepasse_id JOIN mouvement m ON m.ecriture_id = e.id"
        " WHERE m.compte = 'foyer' AND split_part(coalesce(o.cle, e.cle), ':', 1) = 'sortie'"
        " AND split_part(coalesce(o.cle, e.cle), ':', 2) = i.id::text) AS ecrit"
        " FROM inscription i JOIN place_sortie p ON p.inscription_id = i.id AND p.annulee_le IS NULL"
        " WHERE i.etat = 'confirmee' AND i.foyer_id IS NOT NULL GROUP BY i.id"
    )
    assert due
    assert [row for row in due if row["du"] != row["ecrit"]] == []
    (taken,) = jeu.lire(
        "SELECT count(p.id) AS n FROM inscription i JOIN place_sortie p ON p.inscription_id = i.id"
        " WHERE i.etat = 'confirmee' AND i.offerte_le IS NOT NULL AND p.annulee_le IS NULL"
    )
    assert taken["n"] == jeu.dit["sorties"]["acceptees"] > 0
