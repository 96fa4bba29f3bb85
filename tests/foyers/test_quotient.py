"""Which quotient counts at a cut-off: nothing that happens later is known, and nothing changes backwards."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foyers import quotient
from foyers.quotient import Lecture, mois_recevables, premier_du_mois, qf_retenu, validite_usuelle

CLOTURE = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
JEUDI = date(2026, 11, 26)
SEMAINE = timedelta(weeks=1)

instants = st.integers(0, 730 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
jours = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@st.composite
def lectures(draw: st.DrawFn) -> Lecture:
    declared = draw(instants)
    later = st.timedeltas(timedelta(), timedelta(days=200)).map(lambda gap: declared + gap)
    verdict = draw(st.sampled_from(["rien", "verifie", "refuse"]))
    return Lecture(
        valeur=draw(st.integers(0, 3000)),
        mois=premier_du_mois(declared.date()),
        source=draw(st.sampled_from(["declaration", "caf"])),
        declare_le=declared,
        verifie_le=draw(later) if verdict == "verifie" else None,
        refuse_le=draw(later) if verdict == "refuse" else None,
        valide_jusqu_au=draw(jours) if verdict == "verifie" else None,
    )


def lecture(valeur: int = 640, *, semaines: float = 1, **given: object) -> Lecture:
    """A quotient declared some weeks before the cut-off."""
    base = Lecture(valeur, date(2026, 10, 1), "declaration", CLOTURE - semaines * SEMAINE)
    return replace(base, **given)  # type: ignore[arg-type]


def valeur(*known: Lecture) -> int | None:
    kept = qf_retenu(known, instant=CLOTURE, jour=JEUDI)
    return kept.valeur if kept else None


def test_without_a_quotient_the_top_price_applies() -> None:
    assert valeur() is None


def test_a_declared_quotient_counts_at_once() -> None:
    assert valeur(lecture(semaines=0)) == 640


def test_one_declared_after_the_cutoff_does_not() -> None:
    assert valeur(lecture(declare_le=CLOTURE + timedelta(seconds=1))) is None


@pytest.mark.parametrize(("weeks", "kept"), [(3.99, 640), (4, None), (4.01, None)])
def test_unchecked_it_counts_for_four_weeks(weeks: float, kept: int | None) -> None:
    assert valeur(lecture(semaines=weeks)) == kept


def test_the_number_of_weeks_is_data() -> None:
    given_ = lecture(semaines=5)
    assert qf_retenu([given_], instant=CLOTURE, jour=JEUDI, semaines_sans_preuve=6) == given_


def test_checked_it_counts_until_the_last_day_of_its_validity() -> None:
    checked = lecture(semaines=40, verifie_le=CLOTURE - 39 * SEMAINE, valide_jusqu_au=JEUDI)
    assert valeur(checked) == 640
    assert valeur(replace(checked, valide_jusqu_au=JEUDI - timedelta(days=1))) is None


def test_a_check_after_the_cutoff_is_not_known_yet() -> None:
    late = lecture(semaines=5, verifie_le=CLOTURE + SEMAINE, valide_jusqu_au=date(2027, 10, 31))
    assert valeur(late) is None


def test_refused_it_counts_no_more_from_its_refusal_on() -> None:
    assert valeur(lecture(refuse_le=CLOTURE)) is None
    assert valeur(lecture(refuse_le=CLOTURE + timedelta(seconds=1))) == 640


def test_the_latest_declared_wins() -> None:
    old = lecture(400, semaines=10, verifie_le=CLOTURE - 9 * SEMAINE, valide_jusqu_au=date(2027, 6, 30))
    assert valeur(old, lecture(900, semaines=1)) == 900


def test_an_earlier_checked_one_counts_again_when_the_latest_does_not() -> None:
    old = lecture(400, semaines=10, verifie_le=CLOTURE - 9 * SEMAINE, valide_jusqu_au=date(2027, 6, 30))
    assert valeur(old, lecture(900, semaines=5)) == 400
    assert valeur(old, lecture(900, refuse_le=CLOTURE - timedelta(days=1))) == 400


@given(st.lists(lectures(), max_size=6), instants, jours, st.randoms(use_true_random=False))
def test_the_order_of_the_list_never_decides(
    known: list[Lecture], instant: datetime, jour: date, chance: random.Random
) -> None:
    """Two that differ only by what an agent is yet to do are one and the same at the cut-off."""
    shuffled = chance.sample(known, len(known))
    kept, other = (qf_retenu(some, instant=instant, jour=jour) for some in (known, shuffled))
    assert (kept and known_at(kept, instant)) == (other and known_at(other, instant))


def known_at(reading: Lecture, instant: datetime) -> Lecture:
    """The reading as it stood at `instant`."""
    checked = reading.verifie_le is not None and reading.verifie_le <= instant
    refused = reading.refuse_le is not None and reading.refuse_le <= instant
    return replace(
        reading,
        verifie_le=reading.verifie_le if checked else None,
        valide_jusqu_au=reading.valide_jusqu_au if checked else None,
        refuse_le=reading.refuse_le if refused else None,
    )


def same_price_later(known: list[Lecture], later: list[Lecture], instant: datetime, jour: date) -> bool:
    """Whether the cut-off read late, with all that came since, gives what it gave on time."""
    on_time = [known_at(reading, instant) for reading in known if reading.declare_le <= instant]
    news = [reading for reading in later if reading.declare_le > instant]
    then = qf_retenu(on_time, instant=instant, jour=jour)
    now = qf_retenu([*known, *news], instant=instant, jour=jour)
    return (then and then.valeur) == (now and now.valeur)


@given(st.lists(lectures(), max_size=6), st.lists(lectures(), max_size=4), instants, jours)
def test_nothing_that_comes_later_changes_a_past_cutoff(
    known: list[Lecture], later: list[Lecture], instant: datetime, jour: date
) -> None:
    assert same_price_later(known, later, instant, jour)


def test_control_a_rule_that_knows_the_future_changes_a_past_cutoff(monkeypatch: pytest.MonkeyPatch) -> None:
    refused_later = lecture(refuse_le=CLOTURE + SEMAINE)
    assert same_price_later([refused_later], [], CLOTURE, JEUDI)
    monkeypatch.setattr(quotient, "s_applique", lambda reading, *_: reading.refuse_le is None)
    assert not same_price_later([refused_later], [], CLOTURE, JEUDI)


@given(st.lists(lectures(), max_size=6), instants, jours)
def test_what_counts_was_given_and_stands(known: list[Lecture], instant: datetime, jour: date) -> None:
    kept = qf_retenu(known, instant=instant, jour=jour)
    if kept is None:
        return
    assert kept.declare_le <= instant
    assert kept.refuse_le is None or kept.refuse_le > instant
    checked = kept.verifie_le is not None and kept.verifie_le <= instant
    assert checked or instant - kept.declare_le < 4 * SEMAINE
    assert not checked or (kept.valide_jusqu_au is not None and jour <= kept.valide_jusqu_au)


def test_a_checked_quotient_is_usually_valid_to_the_end_of_its_month_a_year_later() -> None:
    assert validite_usuelle(date(2026, 10, 1)) == date(2027, 10, 31)
    assert validite_usuelle(date(2027, 2, 1)) == date(2028, 2, 29)


def test_this_month_and_the_twelve_before_may_be_given() -> None:
    months = mois_recevables(date(2026, 11, 30))
    assert months[0] == date(2026, 11, 1)
    assert months[-1] == date(2025, 11, 1)
    assert len(months) == 13
