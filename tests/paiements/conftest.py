"""One local Stripe for all tests of a process; each test has its own database and finds Stripe in good health."""

from collections.abc import Iterator

import pytest

from paiements.passerelle import prestataire_stripe
from tests.conftest import forget_settings
from tests.demo.outside_world import Outside, free_port, running
from tests.paiements.monde import CLE, SECRET, StripeLocal


@pytest.fixture(scope="session")
def processus_stripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    state = tmp_path_factory.mktemp("stripe") / "stripe.db"
    arguments = ["--state", str(state), "--secret-key", CLE, "--webhook-secret", SECRET]
    yield from running(Outside("demo.stripe_local", arguments, free_port(), "/_local/sante"))


@pytest.fixture
def stripe(base: str, processus_stripe: Outside, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeLocal]:
    """The local Stripe, to which this process's settings lead."""
    brancher(monkeypatch, processus_stripe.url)
    local = StripeLocal(processus_stripe.url)
    local.reparer()
    yield local
    local.reparer()
    prestataire_stripe.oublier_client()


def brancher(monkeypatch: pytest.MonkeyPatch, url: str, timeout: str = "1") -> None:
    """Lead this process's settings to the Stripe at `url`."""
    monkeypatch.setenv("STRIPE_API_BASE", url)
    monkeypatch.setenv("STRIPE_SECRET_KEY", CLE)
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("STRIPE_TIMEOUT", timeout)
    forget_settings()
    prestataire_stripe.oublier_client()
