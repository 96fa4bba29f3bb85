"""The circuit: every fact is on the screen, every actor has a queue that the relay serves, and a lease it can keep."""

import importlib
from types import ModuleType

import pytest

from kernel.outbox import Fact


@pytest.fixture
def circuit(base: str) -> ModuleType:
    return importlib.import_module("workers.circuit")


def test_every_fact_of_the_house_is_on_the_screen(circuit: ModuleType) -> None:
    own = {name for name, fact in Fact._names.items() if not fact.__module__.startswith(("tests.", "bench."))}
    assert own == set(circuit.ROUTES)


def test_every_route_leads_to_a_queue_that_is_served_and_an_actor_that_is_loaded(circuit: ModuleType) -> None:
    relay = importlib.import_module("workers.relay")
    runtime = importlib.import_module("workers.runtime")
    served = relay.lines(circuit.ROUTES)
    assert [line.queue for line in served] == ["argent", "courriel", "documents"]
    assert {name for line in served for name in line.routes} == set(circuit.ROUTES)
    for actors in circuit.CIRCUIT.values():
        for actor in actors:
            assert runtime.broker.get_actor(actor.name) is actor.doorbell
            assert actor.doorbell.queue_name == actor.queue


def test_a_route_to_no_queue_is_refused_at_once(circuit: ModuleType) -> None:
    relay = importlib.import_module("workers.relay")
    with pytest.raises(ValueError, match="nulle-part"):
        relay.lines({"ArgentDu": [("encaisser", "nulle-part")]})


def test_facts_that_feed_money_are_expanded_with_money(circuit: ModuleType) -> None:
    relay = importlib.import_module("workers.relay")
    both = {"Un": [("b", "documents"), ("a", "argent")], "Deux": [("b", "documents")], "Rien": []}
    argent, _, documents = relay.lines(both)
    assert set(argent.routes) == {"Un"}
    assert set(documents.routes) == {"Deux", "Rien"}
    assert documents.actors == {"b"}
