"""A late closing gives what a punctual one gave: everything is read as of the cut-off."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from kernel.db import transaction
from paniers import horaires
from paniers.semaines import DELAI_DE_CLOTURE
from tests.conftest import Engines, forget_settings
from tests.paniers.bourg import JEUDI
from tests.paniers.fermetures import SEMAINES, UNE_SEMAINE, contenu, fonds, sans_suite, vide
from tests.paniers.histoires import (
    EN_RETARD,
    FOYERS,
    GESTES,
    Evenement,
    apres,
    raconter,
)

__all__ = ["fonds", "vide"]


def a_une_histoire(session: Session, retrait_le: date, history: list[Evenement], graine: int = 0) -> bool:
    """Whether a late closing gives what the punctual one gave; the whole contents are compared."""
    scene = raconter(session, retrait_le, history, graine=graine)
    punctual = scene.a_l_heure()
    scene.jouer(apres(history))
    assert scene.en_retard() == punctual
    return {key: rows for key, rows in punctual.items() if key != "ecritures"} != scene.en_retard_au_present()


EVENEMENTS = st.builds(
    Evenement,
    minute=st.integers(-UNE_SEMAINE, UNE_SEMAINE // 3) | st.sampled_from([-1, 0, 1, 2]),
    foyer=st.integers(0, FOYERS - 1),
    geste=st.sampled_from(sorted(GESTES)),
    valeur=st.integers(0, 11),
)


def _histoires(examples: int) -> None:
    # A history that fails is printed with how to play it again; shrinking it would take longer than reading it.
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        retrait_le=st.sampled_from(SEMAINES),
        history=st.lists(EVENEMENTS, max_size=24),
        graine=st.integers(0, 5),
    )
    def same(retrait_le: date, history: list[Evenement], graine: int) -> None:
        with sans_suite() as session:
            a_une_histoire(session, retrait_le, history, graine)

    same()


def test_a_late_closing_gives_what_a_punctual_one_gave_whatever_happened_in_between(vide: None) -> None:
    _histoires(50)


@pytest.mark.long
def test_a_thousand_histories_end_alike_punctual_or_late(vide: None) -> None:
    _histoires(1_000)


ENTRE_TEMPS = {
    "a quotient given": [Evenement(60, 3, "déclarer un quotient", 0)],
    "a quotient checked": [
        Evenement(-41_000, 3, "déclarer un quotient", 0),
        Evenement(60, 3, "vérifier un quotient", 2),
    ],
    "a quotient refused": [Evenement(-60, 3, "déclarer un quotient", 0), Evenement(60, 3, "refuser un quotient")],
    "a pause laid": [Evenement(60, 2, "poser une pause", 1)],
    "a pause lifted": [Evenement(-60, 2, "poser une pause", 1), Evenement(60, 2, "lever une pause")],
    "another maison": [Evenement(60, 2, "changer de maison", 1)],
    "left, taken again": [Evenement(60, 2, "quitter"), Evenement(90, 2, "souscrire", 1)],
}


@pytest.mark.parametrize("retrait_le", SEMAINES[:3], ids=["ordinary", "clocks back", "clocks forward"])
@pytest.mark.parametrize("history", ENTRE_TEMPS.values(), ids=ENTRE_TEMPS.keys())
def test_what_happens_between_cutoff_and_closing_waits_for_the_next_week(
    vide: None, retrait_le: date, history: list[Evenement]
) -> None:
    with sans_suite() as session:
        a_une_histoire(session, retrait_le, history)


@pytest.mark.parametrize("kind", sorted(set(ENTRE_TEMPS) - {"left, taken again"}))
def test_a_closing_that_reads_the_present_gives_something_else(vide: None, kind: str) -> None:
    """The negative control of the tests above."""
    with sans_suite() as session:
        assert a_une_histoire(session, JEUDI, ENTRE_TEMPS[kind])


def test_a_wish_after_the_cutoff_is_refused_while_the_closing_is_late(vide: None) -> None:
    with sans_suite() as session:
        scene = raconter(session, JEUDI, [])
        scene.jouer([Evenement(minute, 2, "choisir", 0) for minute in (0, 1, 3 * 24 * 60 - 1)])
        assert len(scene.refus) == 3
        assert len(scene.en_retard()["paniers"]) == FOYERS - 1


@pytest.mark.parametrize(
    ("geste", "valeur", "avant"),
    [("changer de maison", 1, None), ("poser une pause", 1, None), ("lever une pause", 0, "poser une pause")],
)
def test_the_cutoff_instant_itself_is_too_late(vide: None, geste: str, valeur: int, avant: str | None) -> None:
    """At 23:59:00 the page already speaks of the next week: a change of that very instant is for the next week."""
    first = [Evenement(-60, 2, avant, 1)] if avant else []
    with sans_suite() as session:
        scene = raconter(session, JEUDI, first)
        without = scene.a_l_heure()
        scene.jouer([Evenement(0, 2, geste, valeur)])
        assert scene.refus == []
        assert scene.en_retard() == without == scene.a_l_heure()


@pytest.fixture
def autre_base(base: str, engines: Engines) -> Iterator[str]:
    """A second fresh database beside `base`; yields its address."""
    name = engines.databases.lend()
    yield engines.database(name)
    forget_settings()
    engines.databases.give_back(name)


def test_two_databases_one_closed_punctually_one_late_hold_the_same(
    base: str, autre_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [event for events in ENTRE_TEMPS.values() for event in events]
    made = []
    for database, late in ((base, False), (autre_base, True)):
        monkeypatch.setenv("DATABASE_URL", database)
        forget_settings()
        with transaction() as session:
            scene = raconter(session, JEUDI, history)
            if late:
                scene.jouer(apres(history))
        horaires.cloturer_ce_qui_est_du(scene.bourg.cloture_le + (EN_RETARD if late else DELAI_DE_CLOTURE))
        made.append(contenu(scene.bourg))
    assert made[0]["etat"] == [("cloturee",)]
    assert made[0] == made[1]
