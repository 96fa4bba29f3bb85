"""How the relay shares what it sends out among bells."""

import importlib
import random
from collections import Counter
from types import ModuleType, SimpleNamespace

import pytest


@pytest.fixture
def relay(base: str) -> ModuleType:
    return importlib.import_module("workers.relay")


def sent(actors: list[str]) -> list[SimpleNamespace]:
    """Deliveries in the order in which they fall due, the n-th to the n-th actor."""
    return [SimpleNamespace(id=number, actor=actor) for number, actor in enumerate(actors, 1)]


def test_each_delivery_is_told_once_to_its_own_actor_in_order(relay: ModuleType) -> None:
    drawn = random.Random(7)
    for _ in range(200):
        given = sent(drawn.choices(["prelever", "rembourser", "ecrire"], k=drawn.randrange(400)))
        rung = relay.bells(given)
        told = [(number, actor) for actor, numbers in rung for number in numbers]
        assert Counter(told) == Counter((one.id, one.actor) for one in given)
        assert all(0 < len(numbers) <= relay.LONGEST_BELL for _, numbers in rung)
        assert all(numbers == sorted(numbers) for _, numbers in rung)
        firsts = [numbers[0] for _, numbers in rung]
        assert firsts == sorted(firsts)


def test_a_short_flood_is_shared_out_and_a_long_one_has_few_bells(relay: ModuleType) -> None:
    def rung(waiting: int) -> int:
        return len(relay.bells(sent(["prelever"] * waiting)))

    shares, longest = relay.SHARES, relay.LONGEST_BELL
    assert [rung(waiting) for waiting in range(shares + 1)] == list(range(shares + 1))
    assert rung(shares + 1) == shares // 2 + 1
    assert rung(shares * longest) == shares
    assert rung(shares * longest * 10) == shares * 10
