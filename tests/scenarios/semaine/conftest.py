"""A whole week played by real processes, then recomputed from the outside.

`flask demo jouer --json` runs in a folder of its own. Its PostgreSQL and its local Stripe are then opened again, and
everything the week was to bring is worked out anew: by SQL that shares nothing with the closing, by a tariff and a
rule of proofs written a second time here, and by reading the printed PDFs with poppler and a barcode reader.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.demo.moteurs_dehors import moteurs_dehors
from tests.demo.outside_world import Outside, free_port, running
from tests.scenarios.semaine.jeu import FACONS, Facon, Jeu, Row, base_rouverte, jouer


@pytest.fixture(scope="session", params=FACONS)
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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def paniers(jeu: Jeu) -> list[Row]:
    return jeu.lire(
        "SELECT p.* FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = %(code)s ORDER BY p.id"
    )
