"""The end of a term: told ahead, renewed, and the place kept until the last cut-off."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from paniers.abonnements import quitter, souscrire
from paniers.renouvellement import annoncer_fins_de_terme, renouveler
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, compter, ensemble
from tests.paniers.file_attente import bourg
from tests.paniers.ruee import tenues

__all__ = ["bourg"]


def terme(bourg: Bourg, semaines: int, **given: object) -> int:
    with transaction() as session:
        who = fabriques.foyer(session, maison_id=bourg.maisons[0]).id
        fin = JEUDI + timedelta(weeks=semaines)
        return fabriques.abonnement(session, who, bourg.maisons[0], fin=fin, **given).id


def avis(instant: datetime) -> int:
    with transaction() as session:
        return len(annoncer_fins_de_terme(session, instant))


def test_a_term_is_told_three_weeks_and_one_week_ahead_once_each(bourg: Bourg) -> None:
    terme(bourg, 1)
    thursday = clock.paris(JEUDI + timedelta(weeks=1))
    told = [avis(thursday - timedelta(days=days)) for days in (22, 21, 20, 8, 7, 6, 5)]
    assert told == [0, 1, 0, 0, 1, 0, 0]
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'FinDeTermeApprochee'") == 2


def test_a_late_first_notice_is_the_only_one_and_after_the_cutoff_there_is_none(bourg: Bourg) -> None:
    terme(bourg, 0)
    assert avis(bourg.avant(days=2)) == 1
    assert compter("SELECT semaines FROM avis_terme") == 1
    terme(bourg, 0)
    assert avis(bourg.apres(minutes=1)) == 0


def test_who_has_said_that_it_leaves_or_renews_is_told_nothing(bourg: Bourg) -> None:
    leaving, staying = terme(bourg, 1), terme(bourg, 1)
    with transaction() as session:
        quitter(session, leaving, instant=bourg.avant(days=9), dernier=JEUDI)
        renouveler(session, staying, instant=bourg.avant(days=9))
    assert avis(bourg.avant(days=3)) == 0


def test_two_timetables_tell_once(bourg: Bourg) -> None:
    terme(bourg, 0)
    told = ensemble([lambda s: len(annoncer_fins_de_terme(s, bourg.avant(days=2)))] * 3)
    assert sorted(told) == [0, 0, 1]  # type: ignore[type-var]


def test_a_renewal_keeps_place_and_maison_and_twice_is_once(bourg: Bourg) -> None:
    one, last = terme(bourg, 1, nombre=2), JEUDI + timedelta(weeks=1)
    for _twice in range(2):
        with transaction() as session:
            assert renouveler(session, one, instant=bourg.avant(days=1), fin=last) == last + timedelta(weeks=13)
    assert tenues(bourg.maisons[0]).abonnes == 2
    assert compter("SELECT count(*) FROM abonnement_version WHERE abonnement_id = :a", a=one) == 2


def test_a_renewal_comes_neither_too_early_nor_after_the_last_cutoff(bourg: Bourg) -> None:
    early, late = terme(bourg, 5), terme(bourg, 0)
    with pytest.raises(Refus, match="à partir du"), transaction() as session:
        renouveler(session, early, instant=bourg.avant(days=1))
    with pytest.raises(Refus, match="terminé"), transaction() as session:
        renouveler(session, late, instant=bourg.cloture_le)
    with transaction() as session:
        renouveler(session, late, instant=bourg.avant(seconds=1))


def test_a_place_is_kept_until_the_last_cutoff_has_had_its_minute(bourg: Bourg) -> None:
    terme(bourg, 0)
    with transaction() as session:
        session.execute(text("UPDATE maison SET places = 1 WHERE id = :m"), {"m": bourg.maisons[0]})
        newcomer = fabriques.foyer(session).id

    def come(seconds: int) -> None:
        with transaction() as session:
            souscrire(
                session,
                foyer_id=newcomer,
                maison_id=bourg.maisons[0],
                nombre=1,
                instant=bourg.apres(seconds=seconds),
            )

    with pytest.raises(Refus, match="complète"):
        come(30)
    come(61)


def test_a_departure_with_a_chosen_last_week_keeps_the_baskets_until_then(bourg: Bourg) -> None:
    one = terme(bourg, 8)
    with transaction() as session:
        assert quitter(session, one, instant=bourg.avant(days=1), dernier=JEUDI + timedelta(weeks=2)) == JEUDI + (
            timedelta(weeks=2)
        )
        renouveler(session, one, instant=bourg.avant(hours=9))
    assert compter("SELECT count(*) FROM abonnement_version WHERE quitte AND jusqu_a IS NULL") == 0
    with transaction() as session:
        last = quitter(session, one, instant=bourg.avant(hours=5), dernier=JEUDI + timedelta(weeks=500))
    assert last == JEUDI + timedelta(weeks=15), "never beyond the term"
