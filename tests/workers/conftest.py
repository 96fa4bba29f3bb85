"""The actors of money call the local Stripe of the tests of payments."""

from tests.paiements.conftest import processus_stripe, stripe

__all__ = ["processus_stripe", "stripe"]
