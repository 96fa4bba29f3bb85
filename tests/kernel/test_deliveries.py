"""The life of a delivery, step by step on a real database: who may take, renew, finish, fail; what goes first."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from kernel import deliveries
from kernel.db import get_engine, transaction
from kernel.deliveries import Taken
from kernel.outbox import Fact, publish
from tests.paniers.bourg import compter
from tests.scenarios.faits import ArgentDu, CourrielDu, DocumentDu

ROUTES = {
    "ArgentDu": [("encaisser", "argent")],
    "DocumentDu": [("imprimer", "documents"), ("annoncer", "courriel")],
    "CourrielDu": [],
}
MIENS = frozenset({"encaisser", "imprimer", "annoncer"})


def publier(*facts: Fact) -> None:
    with transaction() as session:
        publish(session, *facts)


def repartir(limit: int = 500) -> int:
    with transaction() as session:
        return deliveries.expand(session, ROUTES, limit)


def envoyer(queue: str = "argent", most: int = 1000) -> list[int]:
    with transaction() as session:
        return [row.id for row in deliveries.send(session, queue, MIENS, most)]


def prendre(delivery_id: int) -> Taken:
    taken = essayer(delivery_id)
    assert taken is not None
    return taken


def essayer(delivery_id: int) -> Taken | None:
    with transaction() as session:
        return deliveries.take(session, delivery_id)


def finir(taken: Taken) -> bool:
    with transaction() as session:
        return deliveries.finish(session, taken)


def echouer(taken: Taken, error: str = "essai") -> None:
    with transaction() as session:
        deliveries.fail(session, taken, error)


def laisser_finir_le_bail() -> None:
    sql("UPDATE outbox_delivery SET wake_at = clock_timestamp() - interval '1 second' WHERE state <> 'done'")


def sql(statement: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(text(statement), values)


def etat(delivery_id: int) -> str:
    with transaction() as session:
        found = text("SELECT state FROM outbox_delivery WHERE id = :id")
        return str(session.execute(found, {"id": delivery_id}).scalar_one())


@pytest.fixture
def livraison(base: str) -> int:
    """A delivery that was sent."""
    publier(ArgentDu(1))
    repartir()
    (delivery_id,) = envoyer()
    return delivery_id


def prendre_encore(delivery_id: int) -> Taken:
    laisser_finir_le_bail()
    envoyer()
    return prendre(delivery_id)


def test_a_fact_becomes_one_delivery_for_each_of_its_actors(base: str) -> None:
    publier(ArgentDu(1), DocumentDu(2), CourrielDu(3))
    assert repartir() == 3
    assert repartir() == 0
    assert compter("SELECT count(*) FROM outbox_delivery") == 3
    assert compter("SELECT count(*) FROM outbox_fact WHERE expanded_at IS NULL") == 0


def test_a_fact_that_no_route_names_waits_for_a_relay_that_knows_it(base: str) -> None:
    publier(ArgentDu(1), DocumentDu(2))
    with transaction() as session:
        assert deliveries.expand(session, {"ArgentDu": ROUTES["ArgentDu"]}) == 1
        assert deliveries.news(session) == {"DocumentDu"}
    assert repartir() == 1
    assert compter("SELECT count(*) FROM outbox_delivery") == 3


def test_a_delivery_to_an_unknown_actor_waits_for_a_relay_that_knows_it(base: str) -> None:
    publier(ArgentDu(1))
    repartir()
    with transaction() as session:
        assert deliveries.send(session, "argent", {"autre"}, 10) == []
        assert deliveries.standings(session, {"argent": {"autre"}})["argent"].awake is False
    assert len(envoyer()) == 1


def test_several_relays_at_once_expand_each_fact_once(base: str) -> None:
    publier(*(DocumentDu(numero) for numero in range(300)))
    counts = en_meme_temps(4, lambda: [repartir(40) for _ in range(10)])
    assert sum(sum(one) for one in counts) == 300
    assert compter("SELECT count(*) FROM outbox_delivery") == 600


def test_control_without_its_guards_two_relays_double_deliveries(base: str) -> None:
    """The lock passed over and the unique key are both needed: without them the same reading writes twice."""
    sql("ALTER TABLE outbox_delivery DROP CONSTRAINT uq_outbox_delivery_fact_id_actor")
    publier(ArgentDu(1))
    with Session(get_engine()) as one, Session(get_engine()) as other:
        for session in (one, other):  # both read before either writes, as they would without FOR UPDATE
            session.execute(text("SELECT id FROM outbox_fact WHERE expanded_at IS NULL"))
        for session in (one, other):
            session.execute(
                text("INSERT INTO outbox_delivery (fact_id, actor, queue) SELECT id, 'un', 'argent' FROM outbox_fact")
            )
            session.commit()
    assert compter("SELECT count(*) FROM outbox_delivery") == 2


def test_several_relays_at_once_send_each_delivery_once(base: str) -> None:
    publier(*(ArgentDu(numero) for numero in range(200)))
    repartir()
    sent = [
        number
        for one in en_meme_temps(4, lambda: [envoyer(most=9) for _ in range(8)])
        for many in one
        for number in many
    ]
    assert len(sent) == len(set(sent)) == 200


def test_no_more_is_sent_than_asked_and_the_eldest_first(base: str) -> None:
    publier(*(ArgentDu(numero) for numero in range(10)))
    repartir()
    sent = envoyer(most=4)
    assert len(sent) == 4
    assert max(sent) < min(envoyer())


def test_an_ended_lease_goes_before_a_flood_of_what_is_due(livraison: int) -> None:
    prendre(livraison)
    publier(*(ArgentDu(numero) for numero in range(50)))
    repartir()
    sql("UPDATE outbox_delivery SET wake_at = now() - interval '1 hour' WHERE state = 'due'")
    laisser_finir_le_bail()
    sql("UPDATE outbox_delivery SET wake_at = now() - interval '1 hour' WHERE state = 'due'")
    assert envoyer(most=3)[0] == livraison


def test_standings_count_what_is_in_flight_and_tell_what_waits(livraison: int) -> None:
    def standing() -> tuple[int, bool]:
        with transaction() as session:
            found = deliveries.standings(session, {"argent": MIENS})["argent"]
            return found.in_flight, found.awake

    assert standing() == (1, False)
    publier(ArgentDu(2))
    repartir()
    assert standing() == (1, True)
    taken = prendre(livraison)
    assert standing() == (1, True)
    finir(taken)
    assert standing() == (0, True)


def test_what_is_taken_is_nobody_elses_until_its_lease_ends(livraison: int) -> None:
    first = prendre(livraison)
    assert essayer(livraison) is None
    assert envoyer() == []
    laisser_finir_le_bail()
    second = prendre(livraison)
    assert (first.attempt, second.attempt) == (1, 2)


def test_of_many_at_once_one_takes(livraison: int) -> None:
    taken = en_meme_temps(8, lambda: essayer(livraison))
    assert sum(one is not None for one in taken) == 1


def test_a_bell_for_what_is_not_sent_is_not_answered(base: str) -> None:
    publier(ArgentDu(1))
    repartir()
    (delivery_id,) = envoyer()
    with transaction() as session:
        deliveries.unsend(session, [delivery_id])
    assert etat(delivery_id) == "due"
    assert essayer(delivery_id) is None
    assert essayer(10**9) is None


def test_a_bell_rung_again_burns_no_attempt(livraison: int) -> None:
    for _ in range(20):
        laisser_finir_le_bail()
        assert envoyer() == [livraison]
        with transaction() as session:
            assert deliveries.park_exhausted(session) == []
    assert prendre(livraison).attempt == 1


@pytest.mark.parametrize("meanwhile", ["sent again", "taken", "done", "parked and retried"])
def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(livraison: int, meanwhile: str) -> None:
    late = prendre(livraison)
    laisser_finir_le_bail()
    if meanwhile == "sent again":
        envoyer()
    elif meanwhile == "parked and retried":
        sql("UPDATE outbox_delivery SET state = 'parked'")
        with transaction() as session:
            assert deliveries.retry(session, livraison)
        envoyer()
        assert prendre(livraison).attempt == late.attempt, "the same number, and yet another attempt"
    else:
        second = prendre(livraison)
        assert meanwhile != "done" or finir(second)
    before = ligne()
    assert not finir(late)
    echouer(late)
    with transaction() as session:
        deliveries.renew(session, [late])
    assert ligne() == before


def test_control_without_the_fence_a_late_worker_finishes_for_another(
    livraison: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = prendre(livraison)
    laisser_finir_le_bail()
    prendre(livraison)
    unfenced = str(deliveries._FINISH).replace(" AND attempts = :held_attempt AND started_at = :held_since", "")
    assert ":held_since" not in unfenced
    monkeypatch.setattr(deliveries, "_FINISH", text(unfenced))
    monkeypatch.setattr(deliveries, "_holder", lambda taken: {"held_id": taken.id})
    assert finir(late)


def test_a_renewed_lease_is_left_in_peace(livraison: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "LEASE_SECONDS", 0.5)
    taken = prendre_encore(livraison)
    for _ in range(6):
        time.sleep(0.15)
        with transaction() as session:
            deliveries.renew(session, [taken])
        assert envoyer() == []
    assert finir(taken)


def test_the_relays_queries_use_their_indexes_amid_100000_rows(base: str) -> None:
    sql(
        "INSERT INTO outbox_fact (name, payload, expanded_at)"
        " SELECT 'ArgentDu', '{}', now() FROM generate_series(1, 100000)"
    )
    sql(
        "INSERT INTO outbox_delivery (fact_id, actor, queue, wake_at, state)"
        " SELECT id, 'encaisser', 'argent', now() - interval '1 minute',"
        " CASE WHEN id % 5000 = 0 THEN 'sent' WHEN id > 95000 THEN 'due' ELSE 'done' END FROM outbox_fact"
    )
    with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE outbox_fact, outbox_delivery"))
    with plans_lus() as plans, transaction() as session:
        assert deliveries.news(session) == set()
        assert deliveries.expand(session, ROUTES) == 0
        assert deliveries.park_exhausted(session) == []
        deliveries.standings(session, {"argent": MIENS})
        assert len(deliveries.send(session, "argent", MIENS, 50)) == 50
    assert len(plans) >= 6
    for statement, plan in plans:
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"


@contextmanager
def plans_lus() -> Iterator[list[tuple[str, str]]]:
    """How PostgreSQL does each statement on the outbox: (statement, plan)."""
    read: list[tuple[str, str]] = []

    def explain(conn: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
        if "outbox" in statement:
            with cursor.connection.cursor() as own:
                own.execute("EXPLAIN " + statement, parameters)
                read.append((statement, "\n".join(row[0] for row in own.fetchall())))

    event.listen(get_engine(), "before_cursor_execute", explain)
    yield read
    event.remove(get_engine(), "before_cursor_execute", explain)


def ligne() -> object:
    with transaction() as session:
        return session.execute(text("SELECT state, attempts, wake_at, done_at, error FROM outbox_delivery")).one()


def en_meme_temps(count: int, what: Any) -> list[Any]:
    """What each of `count` threads, let go at once, returned."""
    gate, results = threading.Barrier(count), []

    def run() -> None:
        gate.wait(30)
        results.append(what())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == count
    return results
