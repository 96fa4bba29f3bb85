"""Every fact of the circuit, by two workers at once and then once more: its messages and its effects come once."""

import importlib
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import delete, text

from foyers import messages
from foyers.events import CompteOuvert
from foyers.messages import Annonce
from kernel import deliveries
from kernel.db import Base, reading, transaction
from kernel.mail import MailQueued
from kernel.outbox import Fact, FactRow, publish
from tests.conftest import forget_settings
from tests.empreintes import empreinte
from tests.kernel.boite_smtp import Boite, boite_ouverte
from tests.paiements.monde import StripeLocal
from tests.securite.scene import planter
from tests.workers.scene_de_fait import Monde
from tests.workers.scenes_de_faits import SCENES

PATIENCE = 60
ESSAIS = 5
# A fact is delivered as often as the test says; what is printed again takes the place of what was printed.
A_PART = {"outbox_fact", "outbox_delivery", "document"}


@pytest.fixture
def circuit(base: str) -> ModuleType:
    return importlib.import_module("workers.circuit")


@pytest.fixture
def boite(stripe: StripeLocal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Boite]:
    with boite_ouverte() as opened:
        monkeypatch.setenv("SMTP_URL", opened.url)
        forget_settings()
        yield opened


@pytest.fixture
def monde(stripe: StripeLocal, boite: Boite) -> Monde:
    return Monde(planter(), stripe)


def livrer(circuit: ModuleType, fact: Fact, fois: int) -> None:
    """Publish the fact so many times, each for a worker of its own, all at once; what fails is tried again."""
    with transaction() as session:
        session.execute(delete(FactRow))
        publish(session, *[fact] * fois)
        deliveries.expand(session, circuit.ROUTES)
    for _ in range(ESSAIS):
        sent = _envoyer()
        if not sent:
            break
        _travailler(circuit, sent)
    with reading() as session:
        left = session.execute(text("SELECT actor, error FROM outbox_delivery WHERE state <> 'done'")).all()
        assert [tuple(row) for row in left if row.actor in _acteurs(circuit, fact)] == []


def _acteurs(circuit: ModuleType, fact: Fact) -> set[str]:
    return {actor.name for actor in circuit.CIRCUIT[type(fact)]}


def _envoyer() -> list[tuple[int, str]]:
    with transaction() as session:
        sent = session.execute(
            text(
                "UPDATE outbox_delivery SET state = 'sent', wake_at = clock_timestamp() + interval '1 minute' "
                "WHERE state = 'due' RETURNING id, actor"
            )
        )
        return [(row.id, row.actor) for row in sent]


def _travailler(circuit: ModuleType, sent: Sequence[tuple[int, str]]) -> None:
    bells = {actor.name: actor.doorbell.fn for actors in circuit.CIRCUIT.values() for actor in actors}
    gate = threading.Barrier(len(sent))

    def work(delivery_id: int, actor: str) -> None:
        gate.wait(PATIENCE)
        bells[actor](delivery_id)

    threads = [threading.Thread(target=work, args=one, daemon=True) for one in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)


def lignes() -> dict[str, int]:
    """How many rows each table holds."""
    names = sorted(Base.metadata.tables.keys())
    asked = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)  # noqa: S608
    with reading() as session:
        return {row[0]: row[1] for row in session.execute(text(asked))}


def etat() -> dict[str, str]:
    return {name: digest for name, digest in empreinte().items() if name not in A_PART}


def exiger_une_fois(circuit: ModuleType, monde: Monde, kind: type[Fact]) -> None:
    """Two workers at once, then a third: the rows that the scene counts, and nothing more the last time."""
    scene = SCENES[kind]
    fact = scene.planter(monde)
    before, found = lignes(), etat()
    livrer(circuit, fact, fois=2)
    after, kept = lignes(), etat()
    added = {name: after[name] - before[name] for name in _a_compter(scene.effets)}
    assert {name: number for name, number in added.items() if number} == scene.effets
    assert kept != found or after["document"] > before["document"], "nothing was done"
    livrer(circuit, fact, fois=1)
    assert etat() == kept
    assert lignes()["document"] == after["document"]


def _a_compter(effets: Mapping[str, int]) -> set[str]:
    """What nobody may be told, charged or given twice, beside what the scene names."""
    return {"message", "mail", "lettre", "appel", "ecriture", "document"} | effets.keys()


def test_every_fact_that_is_delivered_has_its_scene(circuit: ModuleType) -> None:
    assert {kind for kind, actors in circuit.CIRCUIT.items() if actors} == set(SCENES)


@pytest.mark.parametrize("kind", SCENES, ids=lambda kind: kind.__name__)
def test_a_fact_delivered_again_and_by_two_workers_at_once_has_its_effects_once(
    circuit: ModuleType, monde: Monde, kind: type[Fact]
) -> None:
    exiger_une_fois(circuit, monde, kind)


def test_control_a_message_without_its_key_is_seen_twice(
    circuit: ModuleType, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers, say = itertools.count(), messages.dire_a_plusieurs

    def always(session: Any, annonces: Sequence[Annonce]) -> Any:
        return say(session, [replace(one, cle=f"{one.cle}:{next(numbers)}") for one in annonces])

    monkeypatch.setattr(messages, "dire_a_plusieurs", always)
    with pytest.raises(AssertionError, match="'message': 2"):
        exiger_une_fois(circuit, monde, CompteOuvert)


def test_one_delivery_rung_for_two_workers_sends_its_mail_once(circuit: ModuleType, monde: Monde, boite: Boite) -> None:
    """The same bell twice, as when the relay rings again: one of them takes it."""
    fact = SCENES[MailQueued].planter(monde)
    with transaction() as session:
        session.execute(delete(FactRow))
        publish(session, fact)
        deliveries.expand(session, circuit.ROUTES)
    (sent,) = _envoyer()
    _travailler(circuit, [sent] * 4)
    assert len(boite.received) == 1
