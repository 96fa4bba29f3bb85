"""What goes wrong in a played week: a farm that is short, a maison closed by snow, a crate that does not come; and who
gives a basket or sends somebody."""

from collections import defaultdict
from collections.abc import Callable

import pytest

from tests.scenarios.semaine.dons_et_proches import CONTROLES
from tests.scenarios.semaine.jeu import THE_CORRECTION, Jeu, Row


def test_the_shortage_was_met_once_and_the_farms_are_owed_what_was_ordered_in_the_end(jeu: Jeu) -> None:
    (correction,) = jeu.lire(THE_CORRECTION)
    (short,) = jeu.lire(
        "SELECT m.*, (SELECT sum(l.quantite) FROM commande_ligne l WHERE l.commande_id = m.commande_id"
        " AND l.offre_id = m.offre_id) AS demande FROM manque m"
        " JOIN commande c ON c.id = m.commande_id JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"
    )
    assert short["correction_id"] == correction["id"]
    assert 0 < (short["demande"] or 0) <= short["disponible"]
    changes = jeu.lire("SELECT * FROM correction_ligne WHERE correction_id = %(id)s", id=correction["id"])
    assert any(row["offre_id"] == short["offre_id"] and row["apres"] < row["avant"] for row in changes)
    versions = {row["id"]: row["version"] for row in jeu.lire("SELECT * FROM commande")}
    rewritten = {row["commande_id"]: row["version"] for row in jeu.lire("SELECT * FROM correction_commande")}
    here = jeu.lire("SELECT * FROM correction_commande WHERE correction_id = %(id)s", id=correction["id"])
    assert len(here) == jeu.dit["correction"]["commandes"] > 0
    assert versions == {key: rewritten.get(key, 1) for key in versions}
    owed = {
        row["tiers"]: -row["montant"]
        for row in jeu.lire(
            "SELECT tiers, sum(montant) AS montant FROM mouvement WHERE compte = 'producteurs' GROUP BY 1"
        )
    }
    ordered = jeu.lire("SELECT producteur_id, sum(total_ht + tva) AS total FROM commande GROUP BY 1")
    assert owed == {f"producteur:{row['producteur_id']}": row["total"] for row in ordered}, "all weeks"


def test_the_closed_maison_is_credited_to_the_centime_and_everybody_there_told_once(
    jeu: Jeu, paniers: list[Row]
) -> None:
    (closed,) = jeu.lire("SELECT d.* FROM distribution d WHERE nature = 'annulee' AND jusqu_a IS NULL")
    there = [row for row in paniers if row["maison_id"] == closed["maison_id"]]
    assert there
    assert {row["etat"] for row in there} == {"annule"}
    assert [row for row in paniers if row["etat"] == "annule"] == there, "nowhere else"
    (given_back,) = jeu.lire(
        "SELECT -sum(m.montant) AS rendus FROM mouvement m JOIN ecriture e ON e.id = m.ecriture_id"
        " JOIN ecriture d ON d.id = e.contrepasse_id WHERE d.cle LIKE 'panier:%%' AND m.compte = 'foyer'"
    )
    debits = sum(row["nombre"] * row["prix"] for row in there)
    assert given_back["rendus"] == debits == jeu.dit["fermeture"]["montant"]
    told = defaultdict(list)
    for row in jeu.lire(
        "SELECT m.foyer_id, m.voie, f.canal, f.telephone, l.liasse_id, a.fait_le FROM message m"
        " JOIN foyer f ON f.id = m.foyer_id LEFT JOIN lettre l ON l.message_id = m.id"
        " LEFT JOIN appel a ON a.message_id = m.id WHERE m.cle LIKE %(decision)s",
        decision=f"distribution:{closed['id']}:%",
    ):
        told[row["foyer_id"]].append(row)
    assert told.keys() == {row["foyer_id"] for row in there}, "mails, calls and letters: all of them, no other"
    for (one,) in told.values():
        expected = "courriel" if one["canal"] == "email" else "appel" if one["telephone"] else "lettre"
        assert one["voie"] == expected
        assert (one["fait_le"] is not None, one["liasse_id"] is not None) == (expected == "appel", expected == "lettre")
    assert {one["voie"] for (one,) in told.values()} > {"courriel"}, "some read no e-mail"


@pytest.mark.parametrize("controle", CONTROLES, ids=lambda check: check.__name__)
def test_who_gives_and_who_sends_somebody_is_served_and_each_check_sees_a_town_tampered_with(
    jeu: Jeu, controle: Callable[[Jeu], list[str]]
) -> None:
    assert controle(jeu) == []
    for query in CONTROLES[controle]:
        with jeu.falsifie(query):
            assert controle(jeu) != [], query
    assert controle(jeu) == []


def test_the_missing_crate_is_noted_at_one_maison_and_told_to_the_coordination(jeu: Jeu, paniers: list[Row]) -> None:
    looked = {row["maison_id"]: row for row in jeu.lire("SELECT * FROM arrivee")}
    assert looked.keys() == {row["maison_id"] for row in paniers if row["etat"] != "annule"}
    (crate,) = jeu.lire("SELECT m.*, a.maison_id FROM arrivee_manque m JOIN arrivee a ON a.id = m.arrivee_id")
    assert crate["paniers"] == jeu.dit["caisse"]["paniers"]
    held = sum(row["nombre"] for row in paniers if row["maison_id"] == crate["maison_id"])
    assert 0 < crate["paniers"] <= held
    mails = jeu.lire("SELECT sent_at FROM mail WHERE key LIKE 'arrivee:%%'")
    assert [row["sent_at"] is not None for row in mails] == [True]
