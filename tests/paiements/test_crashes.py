"""kill -9 of a worker at every point of a charge: between any two messages to PostgreSQL or Stripe.

A real process charges a real household through the real library; only the wires are ours (see `fils`). After each
crash another worker takes over, as the delivery's next attempt would.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from kernel.db import transaction
from kernel.settings import get_settings
from paiements import verifications
from paiements.en_ligne import prelevements
from paiements.passerelle import Indisponible
from paiements.regles.etats import Etat
from tests.demo.outside_world import ROOT
from tests.paiements.fils import Fils
from tests.paiements.monde import (
    StripeLocal,
    compter,
    debiter,
    ecritures,
    faits,
    foyer_par_carte,
    lire,
    prelevement_du,
)


@dataclass
class Ouvriers:
    """Workers to be killed, forked by one process (`souche`) whose wires pass through `fils`."""

    fils: Fils
    souche: "subprocess.Popen[str]"

    def prelever(self, paiement_id: int, cut_at: int | None, garde: str = "avec") -> int:
        """Charge in a worker that dies at chunk `cut_at`; returns how it ended (0: it lived, and charged)."""
        assert self.souche.stdin is not None
        assert self.souche.stdout is not None
        self._say(f"{paiement_id} {garde}")
        self.fils.watch(int(self.souche.stdout.readline()), cut_at)
        self._say("go")
        status = int(self.souche.stdout.readline())
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) in {0, 75}, "the worker failed otherwise"
        return status

    def _say(self, line: str) -> None:
        assert self.souche.stdin is not None
        self.souche.stdin.write(line + "\n")
        self.souche.stdin.flush()


@pytest.fixture
def ouvriers(stripe: StripeLocal) -> Iterator[Ouvriers]:
    settings = get_settings()
    address = urlsplit(settings.database_url)
    real = Path(parse_qs(address.query)["host"][0])
    with tempfile.TemporaryDirectory(prefix="fils") as folder:
        fils = Fils(Path(folder), str(real / ".s.PGSQL.5432"), urlsplit(stripe.url).port or 0)
        settings_of_worker = {
            "DATABASE_URL": address._replace(query=f"host={quote(folder)}").geturl(),
            "STRIPE_API_BASE": f"http://127.0.0.1:{fils.port}",
        }
        souche = subprocess.Popen(
            [sys.executable, "-m", "tests.paiements.souche"],
            cwd=ROOT,
            env={**os.environ, **settings_of_worker},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        yield Ouvriers(fils, souche)
        souche.send_signal(signal.SIGKILL)
        souche.wait()
        for pipe in (souche.stdin, souche.stdout):
            if pipe is not None:
                pipe.close()
        fils.close()


def a_charger(stripe: StripeLocal, number: int) -> tuple[int, str]:
    foyer_id, client = foyer_par_carte(stripe)
    debiter(foyer_id, 550, f"essai {number}")
    return prelevement_du(foyer_id), client


def finir(paiement_id: int) -> None:
    """The delivery's next attempts, by a worker that nobody kills."""
    for _ in range(5):
        try:
            return prelevements.prelever(paiement_id)
        except Indisponible:
            continue
    raise AssertionError("the payment stays unknown")


def exactement_une_fois(stripe: StripeLocal, paiement_id: int, client: str) -> bool:
    charges, paiement = stripe.intentions_reussies(client), lire(paiement_id)
    return (
        charges == [paiement.stripe_id]
        and paiement.etat == Etat.REUSSI
        and ecritures(paiement_id) == faits("PaiementReussi", paiement_id) == 1
    )


# One point in three, from another one each time; all of them in the long run.
EVERY = [pytest.param(3, id="one in three"), pytest.param(1, id="all", marks=pytest.mark.long)]


@pytest.mark.parametrize("every", EVERY)
def test_a_worker_killed_at_any_point_leaves_one_charge_and_one_entry(
    stripe: StripeLocal, ouvriers: Ouvriers, every: int
) -> None:
    paiement_id, client = a_charger(stripe, 0)
    assert ouvriers.prelever(paiement_id, None) == 0
    points = ouvriers.fils.passes
    assert exactement_une_fois(stripe, paiement_id, client)
    assert points > 20, "the wires saw nothing"

    charged_before_the_crash = 0
    point = random.SystemRandom().randrange(every)
    while True:
        paiement_id, client = a_charger(stripe, point + 1)
        status = ouvriers.prelever(paiement_id, point)
        charged_before_the_crash += bool(stripe.intentions_reussies(client)) and ecritures(paiement_id) == 0
        finir(paiement_id)
        assert exactement_une_fois(stripe, paiement_id, client), f"killed at point {point} of {points}"
        if status == 0:
            break  # it got through: an answer may come in one piece more or less than before, so only this ends it
        assert status == signal.SIGKILL
        point += every
    assert point > points * 0.8, f"points after {point} of {points} were not reached"
    assert charged_before_the_crash > 0, "no crash fell between Stripe's answer and our commit"
    with transaction() as session:
        assert verifications.verifier(session) == []


def test_control_without_the_guard_some_crash_charges_twice(stripe: StripeLocal, ouvriers: Ouvriers) -> None:
    paiement_id, _ = a_charger(stripe, 0)
    ouvriers.prelever(paiement_id, None, "sans")
    doubles = 0
    for point in range(ouvriers.fils.passes - 1, 0, -1):
        paiement_id, client = a_charger(stripe, point)
        ouvriers.prelever(paiement_id, point, "sans")
        ouvriers.prelever(paiement_id, None, "sans")
        doubles += len(stripe.intentions_reussies(client)) > 1
        if doubles:
            break
    assert doubles, "the guard guards nothing, or the crashes miss their point"


@pytest.mark.long
def test_a_thousand_random_crashes_and_faults_double_and_lose_nothing(stripe: StripeLocal, ouvriers: Ouvriers) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    for number in range(1_000):
        paiement_id, client = a_charger(stripe, number)
        for _ in range(draw.randrange(1, 4)):
            if draw.random() < 0.3:
                stripe.panne(draw.choice(["drop_after", "drop_before"]), times=draw.randrange(1, 3))
            ouvriers.prelever(paiement_id, draw.randrange(60))
        stripe.reparer()
        finir(paiement_id)
        assert exactement_une_fois(stripe, paiement_id, client), f"seed {seed}, payment {number}"
    assert compter("SELECT count(*) FROM ecriture WHERE cle LIKE 'paiement:%'") == 1_000
