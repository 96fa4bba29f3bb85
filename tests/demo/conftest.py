"""What the tests of the world outside share."""

from collections.abc import Iterator

import pytest

from tests.demo.outside_world import Receiver


@pytest.fixture(scope="module")
def outbox() -> Iterator[Receiver]:
    """An endpoint that receives webhooks."""
    receiver = Receiver()
    yield receiver
    receiver.close()
