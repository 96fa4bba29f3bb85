"""Baskets of a played week: one for each that is due, at its price, ordered, printed and handed out."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from tests.scenarios.semaine.jeu import Jeu, Row, compte, lire_code, ouvrir, ouvrir_bon


def test_the_story_is_told_in_figures_and_ends_well(jeu: Jeu, paniers: list[Row]) -> None:
    assert jeu.dit["verifier"] == 0, jeu.dit["dit"]
    assert jeu.dit["paniers"] == sum(row["nombre"] for row in paniers)
    assert jeu.dit["total"] == sum(row["nombre"] * row["prix"] for row in paniers)
    cancelled = sum(row["etat"] == "annule" for row in paniers)
    given = sum(row["etat"] == "donne" for row in paniers)
    assert jeu.dit["remis"] + jeu.dit["non_retires"] + given + cancelled == len(paniers)
    assert jeu.dit["restes"]["donnes"] > 0
    assert jeu.dit["choix"]["dons"] > 0
    assert (jeu.dit["solidarite"]["donnes"] > 0, jeu.dit["solidarite"]["redemandes"]) == (True, 1)
    assert jeu.dit["remis"] == sum(jeu.dit["moyens"].values())
    assert min(jeu.dit["moyens"].values()) > 0, "vouchers, cartes and a list"
    assert jeu.dit["procurations"] > 0
    assert jeu.dit["choix"]["absents"] > 0
    assert jeu.dit["choix"]["quotients"] > 0


def test_one_basket_per_subscription_due_and_none_for_those_paused_or_not_coming(
    dus: dict[int, Row], paniers: list[Row]
) -> None:
    made = {row["abonnement_id"]: (row["foyer_id"], row["maison_id"], row["nombre"]) for row in paniers}
    assert len(made) == len(paniers)
    assert made == {key: (row["foyer_id"], row["maison_id"], row["nombre"]) for key, row in dus.items()}


def test_the_debits_are_the_frozen_prices(jeu: Jeu, paniers: list[Row]) -> None:
    debits = {
        row["cle"]: (row["foyer_id"], row["montant"])
        for row in jeu.lire(
            "SELECT e.cle, m.* FROM ecriture e JOIN mouvement m ON m.ecriture_id = e.id WHERE m.compte = 'foyer'"
        )
        if row["montant"] > 0
    }
    expected = {f"panier:{row['id']}": (row["foyer_id"], row["nombre"] * row["prix"]) for row in paniers}
    assert {key: debits[key] for key in expected} == expected
    (total,) = jeu.lire(
        "SELECT sum(montant) AS total, sum(montant) FILTER (WHERE compte = 'achats') AS achats FROM mouvement"
    )
    assert total == {"total": 0, "achats": 0}, "the ledger sums to zero, and all that was reckoned has been ordered"
    due, cancelled = Counter[int](), Counter[int]()
    for row in paniers:
        due[row["foyer_id"]] += row["nombre"] * row["prix"]
        cancelled[row["foyer_id"]] += row["nombre"] * row["prix"] * (row["etat"] == "annule")
    for household, credit in cancelled.items():  # what is left due is lowered; where nothing is, it is settled
        due[household] -= credit if credit < due[household] else 0
    opened = {row["foyer_id"]: row["montant"] for row in jeu.lire("SELECT * FROM echeance WHERE cle = %(code)s")}
    assert opened == due


def test_each_price_is_the_band_of_the_quotient_known_at_the_cutoff(jeu: Jeu, paniers: list[Row]) -> None:
    (week,) = jeu.lire("SELECT * FROM semaine WHERE code = %(code)s")
    known: dict[int, tuple[datetime, int]] = {}
    for row in jeu.lire("SELECT * FROM justificatif_qf ORDER BY declare_le"):
        if compte(row, week["cloture_le"], week["retrait_le"]):
            known[row["foyer_id"]] = (row["declare_le"], ouvrir(jeu, row))
    bands = Counter[str]()
    for basket in paniers:
        quotient = known.get(basket["foyer_id"], (None, 10**6))[1]
        price = 400 if quotient <= 400 else 550 if quotient <= 800 else 700 if quotient <= 1300 else 900
        assert (basket["prix"], basket["cout"]) == (price, 750), (basket, quotient)
        bands[basket["tranche"]] += 1
    assert bands.keys() == {"A", "B", "C", "D"}


def test_every_order_is_the_needs_of_the_maisons_and_a_surplus_in_whole_lots(jeu: Jeu, paniers: list[Row]) -> None:
    baskets = Counter[int]()
    for row in paniers:
        baskets[row["maison_id"]] += row["nombre"]
    parts = jeu.lire(
        "SELECT l.offre_id, l.quantite, o.lot, o.producteur_id, o.prix, d.unite, f.franchise_tva FROM composition c"
        " JOIN composition_ligne l ON l.composition_id = c.id JOIN offre o ON o.id = l.offre_id"
        " JOIN produit d ON d.id = o.produit_id JOIN producteur f ON f.id = o.producteur_id"
        " JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"
    )
    lines = {
        (row["offre_id"], row["maison_id"]): row["quantite"]
        for row in jeu.lire(
            "SELECT l.* FROM commande_ligne l JOIN commande c ON c.id = l.commande_id"
            " JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"
        )
    }
    assert parts
    totals = Counter[int]()
    for part in parts:
        needs = {house: part["quantite"] * count for house, count in baskets.items()}
        assert {house: lines.pop((part["offre_id"], house)) for house in needs} == needs
        surplus = lines.pop((part["offre_id"], None), 0)
        ordered = sum(needs.values()) + surplus
        assert ordered % part["lot"] == 0
        assert 0 <= surplus < part["lot"]
        worth = ordered * part["prix"] * (1 if part["unite"] == "piece" else 0.001)
        totals[part["producteur_id"]] += int(worth + 0.5)
    assert lines == {}, "nothing else is ordered"
    orders = jeu.lire("SELECT c.* FROM commande c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s")
    assert {row["producteur_id"]: row["total_ht"] for row in orders} == totals


def test_every_basket_that_is_fetched_has_a_printed_voucher_whose_code_is_genuine(
    jeu: Jeu, paniers: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    files = {int(path.name.split("-")[1]): path for path in (jeu.dossier / "documents" / "bon").glob("bon-*.pdf")}
    fetched = [row for row in paniers if not row["a_donner"]]
    assert files.keys() == {row["id"] for row in fetched}
    with ThreadPoolExecutor(2) as pool:
        texts = dict(pool.map(lambda pair: (pair[0], lire_code(pair[1], folder)), files.items()))
    (week,) = jeu.lire("SELECT * FROM semaine WHERE code = %(code)s")
    for row in fetched:
        identity, first, last = ouvrir_bon(jeu, texts[row["id"]])
        assert identity == row["bon"]
        assert first <= week["retrait_le"] <= last


def test_every_maison_has_its_dossier_and_every_producer_its_order(jeu: Jeu, paniers: list[Row]) -> None:
    documents = jeu.dossier / "documents"
    assert len(list((documents / "dossier").glob("*.pdf"))) == len({row["maison_id"] for row in paniers})
    for kind in ("pdf", "csv"):
        assert len(list((documents / "commande").glob(f"*.{kind}"))) == len(jeu.dit["commandes"])
    answers = jeu.lire(
        "SELECT c.etat FROM commande c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s ORDER BY 1"
    )
    assert {row["etat"] for row in answers} == {"confirmee"}, "the corrected orders too"


def test_all_baskets_were_handed_out_given_left_or_cancelled_each_noted_once(jeu: Jeu, paniers: list[Row]) -> None:
    states = Counter(row["etat"] for row in paniers)
    assert {"remis", "donne", "annule"} <= states.keys() <= {"remis", "non_retire", "donne", "annule"}
    wished = sum(row["etat"] == "donne" and row["a_donner"] for row in paniers)
    assert (states["donne"] - wished, states["non_retire"]) == (
        jeu.dit["restes"]["donnes"],
        jeu.dit["restes"]["gardes"],
    )
    gifts = Counter(row["panier_id"] for row in jeu.lire("SELECT panier_id FROM don WHERE annule_id IS NULL"))
    assert gifts == Counter(row["id"] for row in paniers if row["etat"] == "donne")
    noted = Counter(
        row["panier_id"]
        for row in jeu.lire(
            "SELECT r.panier_id FROM retrait r JOIN panier p ON p.id = r.panier_id"
            " JOIN semaine s ON s.id = p.semaine_id"
            " WHERE s.code = %(code)s AND r.moyen <> 'annulation'"
            " AND NOT EXISTS (SELECT 1 FROM retrait u WHERE u.annule_id = r.id)"
        )
    )
    assert noted == Counter(row["id"] for row in paniers if row["etat"] == "remis")
    sent = {  # who was named for that very week before who is named for all, the last one named before the others
        row["foyer_id"]: row["id"]
        for row in jeu.lire(
            "SELECT q.* FROM procuration q, semaine s WHERE s.code = %(code)s AND q.revoquee_le IS NULL"
            " AND s.retrait_le BETWEEN q.du AND coalesce(q.au, s.retrait_le) ORDER BY q.au IS NOT NULL, q.id"
        )
    }
    came = {
        row["foyer_id"]: row["procuration_id"]
        for row in jeu.lire(
            "SELECT p.foyer_id, r.procuration_id FROM retrait r JOIN panier p ON p.id = r.panier_id"
            " JOIN semaine s ON s.id = p.semaine_id WHERE s.code = %(code)s"
        )
    }
    assert {key: who for key, who in came.items() if who} == {key: sent[key] for key in sent if key in came}


def test_no_maison_holds_more_than_its_places_and_who_took_an_offer_has_a_basket(jeu: Jeu, paniers: list[Row]) -> None:
    places = {row["id"]: row["places"] for row in jeu.lire("SELECT * FROM maison")}
    made = Counter[int]()
    for row in paniers:
        made[row["maison_id"]] += row["nombre"]
    assert all(count <= places[place] for place, count in made.items())
    taken = jeu.lire("SELECT * FROM attente WHERE etat = 'acceptee'")
    assert len(taken) == jeu.dit["acceptees"] > 0
    assert {row["foyer_id"] for row in taken} <= {row["foyer_id"] for row in paniers}
