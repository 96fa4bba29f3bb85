"""A family's wish for one week: the last one counts, until the cut-off and no longer."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paniers.abonnements import quitter
from paniers.choix import choisir
from paniers.cloture import cloturer
from paniers.models.semaines import NatureChoix
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

PAS_LA = NatureChoix.PAS_CETTE_SEMAINE


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session)


@pytest.fixture
def abonnement(bourg: Bourg) -> int:
    with transaction() as session:
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[0])
        return fabriques.abonnement(session, foyer.id, bourg.maisons[0], fin=JEUDI + timedelta(days=7)).id


def lire() -> list[tuple[str, int | None]]:
    with transaction() as session:
        return [(row.nature, row.maison_id) for row in session.execute(text("SELECT * FROM choix ORDER BY id"))]


def test_the_last_wish_takes_the_place_of_the_one_before(bourg: Bourg, abonnement: int) -> None:
    wishes = (
        (PAS_LA, None, None),
        (NatureChoix.AUTRE_MAISON, bourg.maisons[1], bourg.maisons[1]),
        (NatureChoix.COMME_D_HABITUDE, bourg.maisons[1], None),
    )
    for nature, maison, kept in wishes:
        with transaction() as session:
            choisir(session, abonnement, bourg.semaine, nature, maison_id=maison, instant=bourg.avant(seconds=1))
        assert lire() == [(nature, kept)]


def test_each_week_has_its_own_wish(bourg: Bourg, abonnement: int) -> None:
    for week in bourg.semaines[:2]:
        with transaction() as session:
            choisir(session, abonnement, week, PAS_LA, instant=bourg.avant(hours=1))
    assert len(lire()) == 2


def test_two_tabs_make_one_wish(bourg: Bourg, abonnement: int) -> None:
    def wish(nature: NatureChoix) -> Callable[[Session], None]:
        return lambda session: choisir(session, abonnement, bourg.semaine, nature, instant=bourg.avant(hours=1))

    assert ensemble([wish(PAS_LA), wish(NatureChoix.COMME_D_HABITUDE), wish(PAS_LA)]) == [None] * 3
    assert len(lire()) == 1


@pytest.mark.parametrize("late", [0, 1, 60, 3 * 86_400])
def test_from_the_cutoff_on_a_wish_is_refused_closed_or_not(bourg: Bourg, abonnement: int, late: int) -> None:
    with pytest.raises(Refus, match="close"), transaction() as session:
        choisir(session, abonnement, bourg.semaine, PAS_LA, instant=bourg.apres(seconds=late))
    assert lire() == []


def test_a_week_that_is_closed_takes_no_wish_of_before(bourg: Bourg, abonnement: int) -> None:
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=2))
    with pytest.raises(Refus, match="close"), transaction() as session:
        choisir(session, abonnement, bourg.semaine, PAS_LA, instant=bourg.avant(hours=1))


INSERER = "INSERT INTO choix (abonnement_id, semaine_id, nature, fait_le) VALUES (:a, :s, :n, :le)"


def test_the_database_refuses_a_wish_after_the_cutoff(bourg: Bourg, abonnement: int) -> None:
    given = {"a": abonnement, "s": bourg.semaine, "n": "pas_cette_semaine"}
    with pytest.raises(IntegrityError, match="before the cut-off"), transaction() as session:
        session.execute(text(INSERER), given | {"le": bourg.cloture_le})
    with transaction() as session:
        session.execute(text(INSERER), given | {"le": bourg.avant(seconds=1)})
    with pytest.raises(IntegrityError, match="before the cut-off"), transaction() as session:
        session.execute(text("UPDATE choix SET fait_le = :le"), {"le": bourg.cloture_le})
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=2))
    with pytest.raises(IntegrityError, match="before the cut-off"), transaction() as session:
        session.execute(text("UPDATE choix SET nature = 'comme_d_habitude'"))


def test_without_its_trigger_the_database_takes_a_late_wish(bourg: Bourg, abonnement: int) -> None:
    """The negative control of the test above."""
    with transaction() as session:
        session.execute(text("ALTER TABLE choix DISABLE TRIGGER choix_before_cutoff"))
        given = {"a": abonnement, "s": bourg.semaine, "n": "pas_cette_semaine"}
        session.execute(text(INSERER), given | {"le": bourg.apres(days=1)})
    assert len(lire()) == 1


def test_the_database_holds_one_wish_per_subscription_and_week(bourg: Bourg, abonnement: int) -> None:
    given = {"a": abonnement, "s": bourg.semaine, "n": "pas_cette_semaine", "le": bourg.avant(hours=1)}
    with pytest.raises(IntegrityError, match="uq_choix"), transaction() as session:
        session.execute(text(INSERER), [given, given])


@pytest.mark.parametrize("maison", ["own", "none", "closed", "unknown"])
def test_another_maison_is_another_one_that_hands_out_baskets(bourg: Bourg, abonnement: int, maison: str) -> None:
    with transaction() as session:
        closed = fabriques.maison(session, active=False).id
    asked = {"own": bourg.maisons[0], "none": None, "closed": closed, "unknown": 10**9}[maison]
    with pytest.raises(Refus), transaction() as session:
        choisir(
            session,
            abonnement,
            bourg.semaine,
            NatureChoix.AUTRE_MAISON,
            maison_id=asked,
            instant=bourg.avant(hours=1),
        )
    assert lire() == []


def test_a_week_outside_the_subscription_takes_no_wish(bourg: Bourg, abonnement: int) -> None:
    for week, at in ((bourg.semaines[2], bourg.avant(hours=1)), (bourg.semaine, bourg.avant(minutes=1))):
        with pytest.raises(Refus, match="ne couvre pas"), transaction() as session:
            choisir(session, abonnement, week, PAS_LA, instant=at)
        with transaction() as session:
            quitter(session, abonnement, instant=bourg.avant(minutes=30))
    with pytest.raises(Introuvable), transaction() as session:
        choisir(session, abonnement, 10**9, PAS_LA, instant=bourg.avant(hours=1))
    assert compter("SELECT count(*) FROM choix") == 0
