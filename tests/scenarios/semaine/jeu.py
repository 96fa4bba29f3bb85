"""A town whose week was played by `flask demo jouer`, opened again: its database, its Stripe, its keys, its papers."""

import base64
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image

from kernel.embedded import start_postgres
from tests.demo.outside_world import ROOT

THE_CORRECTION = "SELECT c.* FROM correction c JOIN semaine s ON s.id = c.semaine_id WHERE s.code = %(code)s"
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

    def lire(self, query: str, **more: object) -> list[Row]:
        """Rows of a query in which %(code)s is the played week, and `more` whatever else it asks."""
        return self.base.execute(query, {"code": self.semaine} | more).fetchall()

    def noms_des_proches(self) -> set[str]:
        """Whoever was ever named to come in somebody's place."""
        return {row["qui"] for row in self.lire("SELECT DISTINCT prenom || ' ' || nom AS qui FROM procuration")}

    @contextmanager
    def falsifie(self, query: str) -> Iterator[None]:
        """The town tampered with, the guards of its tables aside; as it was again afterwards."""
        with self.base.transaction(force_rollback=True):
            self.base.execute("SET LOCAL session_replication_role = replica")
            self.base.execute(query.encode(), {})
            yield

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
