"""A town with two of everything, for each test of this folder that asks for it."""

import pytest
from flask import Flask

from kernel.web.security import limiter
from paiements.passerelle import stripe_appels
from tests.securite.scene import Scene, planter


@pytest.fixture
def scene(app: Flask, base: str, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """The town; Stripe is away, and is said to be at once."""
    monkeypatch.setattr(stripe_appels, "MAX_RETRIES", 0)
    stripe_appels.oublier_client()
    return planter()


@pytest.fixture
def sans_limite(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests knock more often than a person does; throttling has tests of its own."""
    monkeypatch.setattr(limiter, "enabled", False)
