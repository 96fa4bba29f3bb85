"""A whole week played by real processes, then recomputed from the outside.

`flask demo jouer --json` runs in a folder of its own. Its PostgreSQL and its local Stripe are then opened again, and
everything the week was to bring is worked out anew: by SQL that shares nothing with the closing, by a tariff and a
rule of proofs written a second time here, and by reading the printed PDFs with poppler and a barcode reader.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image
from psycopg.rows import dict_row

from kernel.embedded import start_postgres
from tests.demo.moteurs_dehors import moteurs_dehors
from tests.demo.outside_world import ROOT, Outside, free_port, running

BIN = Path(sys.executable).parent
Row = dict[str, Any]


@dataclass
class Jeu:
    """The played town: what it told, its database, its Stripe, its keys and its printed documents."""

    dit: dict[str, Any]
    base: "psycopg.Connection[Row]"
    stripe: str
    secrets: dict[str, str]
    dossier: Path

    @property
    def semaine(self) -> str:
        return str(self.dit["semaine"])

    def lire(self, query: str) -> list[Row]:
        """Rows of a query in which %(code)s is the played week."""
        return self.base.execute(query, {"code": self.semaine}).fetchall()

    def cle(self, name: str) -> tuple[int, bytes]:
        number, _, encoded = self.secrets[name].partition(":")
        return int(number), base64.b64decode(encoded)


@dataclass(frozen=True, slots=True)
class Facon:
    """How a week is played: with how many households, and from which container image, if any."""

    foyers: int
    image: str = ""


IMAGE = os.environ.get("IMAGE", "paniers-et-culture")
FACONS = [
    pytest.param(Facon(90), id="90 households"),
    pytest.param(Facon(600), id="600 households", marks=pytest.mark.long),
    pytest.param(Facon(90, IMAGE), id="from the image, two of each", marks=pytest.mark.long),
]


def jouer(facon: Facon, var: Path, engines: dict[str, str]) -> dict[str, Any]:
    """What `flask demo jouer` tells of a week played in `var`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [str(BIN / "flask"), "demo", "jouer", "--json", "--foyers", str(facon.foyers), "--graine", "11"]
    command += ["--image", facon.image] if facon.image else []
    settings = kept | engines | {"VAR_DIR": str(var)}
    played = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=1800)
    if "make image" in played.stderr:
        pytest.skip(f"the image {facon.image} has not been built on this machine (make image)")
    assert played.returncode == 0, played.stderr[-3000:] + played.stdout[-3000:]
    told: dict[str, Any] = json.loads(played.stdout)
    return told


@contextmanager
def base_rouverte(folder: Path) -> Iterator[str]:
    """The embedded database of a town that was played; its address."""
    engine = start_postgres(folder, durable=False)
    try:
        yield engine.url
    finally:
        engine.stop()


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
    assert jeu.dit["remis"] + jeu.dit["non_retires"] == len(paniers)
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
    due = Counter[int]()
    for row in paniers:
        due[row["foyer_id"]] += row["nombre"] * row["prix"]
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


def compte(row: Row, cutoff: datetime, pickup: date) -> bool:
    """Whether a quotient applies: checked and valid on the day, or declared less than four weeks before."""
    if row["declare_le"] > cutoff or (row["refuse_le"] is not None and row["refuse_le"] <= cutoff):
        return False
    if row["verifie_le"] is not None and row["verifie_le"] <= cutoff:
        return bool(pickup <= row["valide_jusqu_au"])
    return bool(cutoff - row["declare_le"] < timedelta(weeks=4))


def ouvrir(jeu: Jeu, row: Row) -> int:
    """The sealed value, opened with the town's key: number (1 byte), nonce (12), ciphertext."""
    number, key = jeu.cle("DATA_KEYS")
    sealed = bytes(row["valeur_scellee"])
    assert sealed[0] == number
    place = f"justificatif_qf:{row['foyer_id']}".encode()
    return int(AESGCM(key).decrypt(sealed[1:13], sealed[13:], place))


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


def test_every_basket_has_a_printed_voucher_whose_code_is_genuine(
    jeu: Jeu, paniers: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    files = {int(path.name.split("-")[1]): path for path in (jeu.dossier / "documents" / "bon").glob("bon-*.pdf")}
    assert files.keys() == {row["id"] for row in paniers}
    with ThreadPoolExecutor(2) as pool:
        texts = dict(pool.map(lambda pair: (pair[0], lire_code(pair[1], folder)), files.items()))
    (week,) = jeu.lire("SELECT * FROM semaine WHERE code = %(code)s")
    for row in paniers:
        identity, first, last = ouvrir_bon(jeu, texts[row["id"]])
        assert identity == row["bon"]
        assert first <= week["retrait_le"] <= last


def lire_code(path: Path, folder: Path) -> str:
    page = folder / path.stem
    subprocess.run(["pdftoppm", "-r", "100", "-gray", "-singlefile", str(path), str(page)], check=True)
    with Image.open(page.with_name(page.name + ".pgm")) as image:
        (code,) = zxingcpp.read_barcodes(image)
    return str(code.text)


def ouvrir_bon(jeu: Jeu, text: str) -> tuple[uuid.UUID, date, date]:
    """Read and verify a voucher with nothing but its published layout and the town's public key."""
    assert text.startswith("PC1:")
    letters = text.removeprefix("PC1:")
    raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    body, signature = raw[:-64], raw[-64:]
    number, seed = jeu.cle("QR_KEYS")
    Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(
        signature, b"paniers-et-culture voucher 1\0" + body
    )  # raises InvalidSignature
    assert (body[0], body[1], len(body)) == (1, number, 22), "version, key, voucher, two days: nothing about a person"
    first, last = (date(2020, 1, 1) + timedelta(days=int.from_bytes(body[at : at + 2])) for at in (18, 20))
    return uuid.UUID(bytes=body[2:18]), first, last


def test_every_maison_has_its_dossier_and_every_producer_its_order(jeu: Jeu, paniers: list[Row]) -> None:
    documents = jeu.dossier / "documents"
    assert len(list((documents / "dossier").glob("*.pdf"))) == len({row["maison_id"] for row in paniers})
    for kind in ("pdf", "csv"):
        assert len(list((documents / "commande").glob(f"*.{kind}"))) == len(jeu.dit["commandes"])
    answers = jeu.lire(
        "SELECT c.etat FROM commande c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s ORDER BY 1"
    )
    assert [row["etat"] for row in answers] == ["confirmee"] * (len(answers) - 1) + ["ecart"]


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
            "SELECT modele, count(*) AS all, count(DISTINCT cle) AS keys, count(DISTINCT (foyer_id, cle)) AS whom"
            " FROM message GROUP BY modele"
        )
    }
    assert "paiements/recu" in told
    assert all(row["all"] == row["keys"] == row["whom"] for row in told.values())
    (gone,) = jeu.lire(
        "SELECT count(*) FILTER (WHERE m.voie = 'courriel') AS mails, count(mail.id) AS sent,"
        " count(*) FILTER (WHERE m.voie <> 'courriel' AND f.canal = 'email' AND m.sorte = 'service') AS astray"
        " FROM message m JOIN foyer f ON f.id = m.foyer_id LEFT JOIN mail ON mail.key = m.cle"
    )
    assert gone["mails"] == gone["sent"] > 0
    assert gone["astray"] == 0
