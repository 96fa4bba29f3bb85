"""Failures, attempts and parking of a delivery."""

import pytest

from kernel import deliveries
from kernel.db import transaction
from tests.kernel.test_deliveries import (
    echouer,
    envoyer,
    essayer,
    etat,
    finir,
    laisser_finir_le_bail,
    prendre,
    prendre_encore,
    publier,
    repartir,
    sql,
)
from tests.paniers.bourg import compter
from tests.scenarios.faits import ArgentDu


@pytest.fixture
def livraison(base: str) -> int:
    """A delivery that was sent."""
    publier(ArgentDu(1))
    repartir()
    (delivery_id,) = envoyer()
    return delivery_id


def test_failures_wait_longer_each_time_then_park(livraison: int) -> None:
    waits = []
    for _ in range(len(deliveries.BACKOFF_SECONDS) + 1):
        echouer(prendre(livraison), "RuntimeError: essai")
        waits.append(compter("SELECT round(extract(epoch FROM wake_at - now())) FROM outbox_delivery"))
        if etat(livraison) == "due":
            assert essayer(livraison) is None
            laisser_finir_le_bail()
            assert envoyer() == [livraison]
    assert etat(livraison) == "parked"
    assert waits == [pytest.approx(wait, abs=1) for wait in (*deliveries.BACKOFF_SECONDS, 0)]
    assert envoyer() == []
    assert essayer(livraison) is None


def test_a_parked_delivery_gets_a_fresh_set_of_attempts(livraison: int) -> None:
    sql("UPDATE outbox_delivery SET state = 'parked', attempts = 7")
    with transaction() as session:
        assert deliveries.retry(session, livraison)
        assert not deliveries.retry(session, livraison)
    assert envoyer() == [livraison]
    assert prendre(livraison).attempt == 1


def test_a_worker_that_dies_at_each_attempt_has_its_delivery_parked(livraison: int) -> None:
    for _ in range(len(deliveries.BACKOFF_SECONDS)):
        prendre_encore(livraison)
    last = prendre_encore(livraison)
    assert last.attempt == len(deliveries.BACKOFF_SECONDS) + 1
    with transaction() as session:
        assert deliveries.park_exhausted(session) == [], "it still works, under its last lease"
    laisser_finir_le_bail()
    assert envoyer() == [], "it is for parking, not for sending"
    assert essayer(livraison) is None
    with transaction() as session:
        assert deliveries.park_exhausted(session) == [livraison]
    assert etat(livraison) == "parked"
    assert not finir(last)


def test_a_long_error_and_one_with_nul_bytes_are_kept_in_part(livraison: int) -> None:
    echouer(prendre(livraison), "a\0b" + "x" * 5000)
    assert compter("SELECT length(error) FROM outbox_delivery") == 2000


def test_a_fact_that_nobody_can_read_is_taken_all_the_same_and_fails_in_its_work(livraison: int) -> None:
    sql("UPDATE outbox_fact SET name = 'Oublie'")
    with pytest.raises(KeyError):
        _ = prendre(livraison).fact
