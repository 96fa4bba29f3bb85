"""A whole week played by real processes, then recomputed from the outside.

`flask demo jouer --json` runs in a folder of its own. Its PostgreSQL and its local Stripe are then opened again, and
everything the week was to bring is worked out anew: by SQL that shares nothing with the closing, by a tariff and a
rule of proofs written a second time here, and by reading the printed PDFs with poppler and a barcode reader.
"""

import json
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import requests
from psycopg.rows import dict_row

from demo import essais
from tests.demo.moteurs_dehors import moteurs_dehors
from tests.demo.outside_world import Outside, free_port, running
from tests.scenarios.dons_et_proches import CONTROLES
from tests.scenarios.jeu import (
    FACONS,
    Facon,
    Jeu,
    Row,
    base_rouverte,
    compte,
    jouer,
    lire_code,
    ouvrir,
    ouvrir_bon,
)

THE_CORRECTION = "SELECT c.* FROM correction c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"


@pytest.fixture(scope="module", params=FACONS)
def jeu(request: pytest.FixtureRequest) -> Iterator[Jeu]:
    facon: Facon = request.param
    var = Path(tempfile.mkdtemp(prefix="jeu-"))  # not pytest's own folder, closed to the account PostgreSQL runs under
    var.chmod(0o755)
    folder = var / "jeu"
    with ExitStack() as ending:
        ending.callback(shutil.rmtree, var, ignore_errors=True)
        engines = ending.enter_context(moteurs_dehors(var)) if facon.image else {}
        told = jouer(facon, var, engines)
        url = engines["DATABASE_URL"] if engines else ending.enter_context(base_rouverte(folder))
        state = Outside("demo.stripe_local", ["--state", str(folder / "stripe.sqlite")], free_port(), "/_local/sante")
        for stripe in running(state):
            # The town's database is `postgres` itself: a town has one.
            with psycopg.connect(url, row_factory=dict_row, autocommit=True) as base:
                secrets = json.loads((folder / "secrets.json").read_text())
                yield Jeu(told, base, stripe.url, secrets, folder)


@pytest.fixture(scope="module")
def dus(jeu: Jeu) -> dict[int, Row]:
    """The subscriptions due a basket, worked out in Python from the raw rows: what was said before the cut-off."""
    (week,) = jeu.lire("SELECT * FROM semaine WHERE code = %(code)s")
    cutoff, pickup = week["cloture_le"], week["retrait_le"]
    said: dict[int, Row] = {}
    for row in jeu.lire("SELECT v.*, a.foyer_id FROM abonnement_version v JOIN abonnement a ON a.id = v.abonnement_id"):
        if row["depuis"] < cutoff and (row["jusqu_a"] is None or row["jusqu_a"] >= cutoff):
            assert row["abonnement_id"] not in said, "one version in force"
            said[row["abonnement_id"]] = row
    due = {key: row for key, row in said.items() if row["debut"] <= pickup <= row["fin"]}
    for row in jeu.lire("SELECT * FROM pause"):
        lifted = row["levee_le"] is not None and row["levee_le"] < cutoff
        if row["posee_le"] < cutoff and not lifted and row["du"] <= pickup <= row["au"]:
            due.pop(row["abonnement_id"], None)
    for row in jeu.lire("SELECT c.* FROM choix c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"):
        if row["nature"] == "pas_cette_semaine":
            due.pop(row["abonnement_id"], None)
        elif row["nature"] == "autre_maison" and row["abonnement_id"] in due:
            due[row["abonnement_id"]]["maison_id"] = row["maison_id"]
    return due


@pytest.fixture(scope="module")
def paniers(jeu: Jeu) -> list[Row]:
    return jeu.lire(
        "SELECT p.* FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = %(code)s ORDER BY p.id"
    )


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


def test_no_maison_holds_more_than_its_places_and_who_took_an_offer_has_a_basket(jeu: Jeu, paniers: list[Row]) -> None:
    places = {row["id"]: row["places"] for row in jeu.lire("SELECT * FROM maison")}
    made = Counter[int]()
    for row in paniers:
        made[row["maison_id"]] += row["nombre"]
    assert all(count <= places[place] for place, count in made.items())
    taken = jeu.lire("SELECT * FROM attente WHERE etat = 'acceptee'")
    assert len(taken) == jeu.dit["acceptees"] > 0
    assert {row["foyer_id"] for row in taken} <= {row["foyer_id"] for row in paniers}
