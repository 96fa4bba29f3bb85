"""What the tests of the world outside share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.outside_world import Outside, Receiver, free_port, running
from tests.demo.stripe_town import Town, arguments


@pytest.fixture(scope="module")
def outbox() -> Iterator[Receiver]:
    """An endpoint that receives webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def shared_town(outbox: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    state = tmp_path_factory.mktemp("stripe") / "stripe.sqlite"
    for outside in running(Outside("demo.stripe_local", arguments(outbox, state), free_port(), "/_local/sante")):
        yield Town(outside, outbox)


@pytest.fixture
def town(shared_town: Town) -> Town:
    """The shared Stripe, mended, its webhooks prompt, nothing left to deliver."""
    shared_town.local("DELETE", "pannes")
    prompt = {"hold": False, "shuffle": False, "duplicates": 0, "delay_ms": 0, "jitter_ms": 0, "retry_ms": 20}
    shared_town.local("POST", "webhooks", prompt)
    assert shared_town.local("POST", "webhooks/attendre", {"ms": 5000}) == {"waiting": 0}
    shared_town.outbox.forget()
    return shared_town


@pytest.fixture
def mortal(outbox: Receiver, tmp_path: Path) -> Iterator[Town]:
    """A Stripe of this test's own, that it may kill."""
    outside = Outside("demo.stripe_local", arguments(outbox, tmp_path / "stripe.sqlite"), free_port(), "/_local/sante")
    for started in running(outside):
        yield Town(started, outbox)
