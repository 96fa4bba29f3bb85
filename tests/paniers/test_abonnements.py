"""Subscriptions: places never oversold, changes that take turns, and a past that stays readable."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.outbox import FactRow
from paniers.abonnements import (
    Terme,
    changer_maison,
    lever_pause,
    mettre_en_pause,
    quitter,
    souscrire,
)
from paniers.models.semaines import Abonnement, AbonnementVersion, Pause
from paniers.places import occupations
from paniers.versions import en_cours
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter

SEMAINE = timedelta(days=7)


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session)


def abonner(bourg: Bourg, nombre: int = 1, instant: datetime | None = None) -> int:
    with transaction() as session:
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[0])
        made = souscrire(
            session,
            foyer_id=foyer.id,
            maison_id=bourg.maisons[0],
            nombre=nombre,
            instant=instant or bourg.avant(days=2),
        )
        return made.id


def reprendre(bourg: Bourg, terme: Terme) -> int:
    """A subscription that was kept elsewhere until now."""
    with transaction() as session:
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[0])
        place, instant = bourg.maisons[0], bourg.avant(days=2)
        return souscrire(
            session, foyer_id=foyer.id, maison_id=place, nombre=1, instant=instant, terme=terme, annoncer=False
        ).id


def version(abonnement_id: int) -> AbonnementVersion:
    with transaction() as session:
        current = select(AbonnementVersion).where(
            AbonnementVersion.abonnement_id == abonnement_id, AbonnementVersion.jusqu_a.is_(None)
        )
        return session.scalars(current).one()


def test_a_subscription_runs_thirteen_pickups_from_the_first_open_week(bourg: Bourg) -> None:
    found = version(abonner(bourg, nombre=2))
    assert (found.debut, found.fin, found.nombre) == (JEUDI, JEUDI + 12 * SEMAINE, 2)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'AbonnementSouscrit'") == 1


def test_from_the_cutoff_on_a_subscription_starts_a_week_later(bourg: Bourg) -> None:
    assert version(abonner(bourg, instant=bourg.avant(seconds=1))).debut == JEUDI
    assert version(abonner(bourg, instant=bourg.cloture_le)).debut == JEUDI + SEMAINE
    assert version(abonner(bourg, instant=bourg.apres(minutes=1))).debut == JEUDI + SEMAINE


@pytest.mark.parametrize(
    ("debut", "fin", "premier", "dernier"),
    [
        (None, None, 0, 12),
        (-70, 23, 0, 3),  # taken over from elsewhere, its last pick-up in three weeks
        (1, None, 1, 13),
        (7, 14, 1, 2),
    ],
)
def test_a_subscription_taken_over_keeps_its_own_term(
    bourg: Bourg, debut: int | None, fin: int | None, premier: int, dernier: int
) -> None:
    days = [None if day is None else JEUDI + timedelta(days=day) for day in (debut, fin)]
    found = version(reprendre(bourg, Terme(*days)))
    assert (found.debut, found.fin) == (JEUDI + premier * SEMAINE, JEUDI + dernier * SEMAINE)


@pytest.mark.parametrize(
    ("terme", "said"),
    [
        (Terme(fin=JEUDI - timedelta(days=1)), "finit avant son premier panier"),
        (Terme(debut=JEUDI + 5 * SEMAINE, fin=JEUDI + 4 * SEMAINE), "finit avant son premier panier"),
        (Terme(fin=date.max), "un an au plus"),
        (Terme(debut=date.max), "dans l’année"),
    ],
)
def test_a_term_that_cannot_be_is_refused(bourg: Bourg, terme: Terme, said: str) -> None:
    with pytest.raises(Refus, match=said):
        reprendre(bourg, terme)


def test_a_subscription_taken_over_in_silence_writes_to_nobody(bourg: Bourg) -> None:
    reprendre(bourg, Terme())
    with transaction() as session:
        assert session.scalars(select(FactRow.name)).all() == []
    abonner(bourg)
    with transaction() as session:
        assert session.scalars(select(FactRow.name)).all() == ["AbonnementSouscrit"]


@pytest.mark.parametrize("nombre", [-1, 0, 3, 10**6])
def test_a_subscription_counts_one_or_two_baskets(bourg: Bourg, nombre: int) -> None:
    with pytest.raises(Refus, match="un ou deux"):
        abonner(bourg, nombre=nombre)
    assert compter("SELECT count(*) FROM abonnement") == 0


def test_a_full_maison_a_closed_one_and_a_second_subscription_are_refused(bourg: Bourg) -> None:
    with transaction() as session:
        full, closed = fabriques.maison(session, places=1).id, fabriques.maison(session, active=False).id
        foyer = fabriques.foyer(session, maison_id=full).id

    def take(maison: int, nombre: int = 1) -> Abonnement:
        with transaction() as session:
            return souscrire(session, foyer_id=foyer, maison_id=maison, nombre=nombre, instant=bourg.avant(days=1))

    for maison, nombre, said in (
        (full, 2, "complète"),
        (closed, 1, "ne distribue pas"),
        (10**9, 1, "ne distribue pas"),
    ):
        with pytest.raises(Refus, match=said):
            take(maison, nombre)
    take(full)
    with pytest.raises(Refus, match="déjà abonné"):
        take(bourg.maisons[0])


def test_without_an_open_week_nobody_subscribes(base: str) -> None:
    with transaction() as session:
        bourg = batir(session, semaines=1)
    with pytest.raises(Refus, match="Aucune semaine n’est ouverte"):
        abonner(bourg, instant=bourg.cloture_le)


def test_a_pause_keeps_its_place_and_who_left_gives_it_back(bourg: Bourg) -> None:
    one, other = abonner(bourg, nombre=2), abonner(bourg)
    with transaction() as session:
        mettre_en_pause(session, one, du=JEUDI, au=JEUDI, instant=bourg.avant(hours=3))
        quitter(session, other, instant=bourg.avant(hours=3))
        held = occupations(session, JEUDI)
        assert (held[bourg.maisons[0]].abonnes, held[bourg.maisons[1]].abonnes) == (2, 0)


# Leaving, changing, pausing.


def test_leaving_before_the_cutoff_frees_this_week_after_it_the_next(bourg: Bourg) -> None:
    early, late = abonner(bourg, instant=bourg.avant(days=9)), abonner(bourg)
    with transaction() as session:
        assert quitter(session, early, instant=bourg.avant(seconds=1)) is None, "it had not begun"
        assert quitter(session, late, instant=bourg.cloture_le) == JEUDI
    assert version(early).fin == JEUDI - SEMAINE
    with transaction() as session:
        assert quitter(session, late, instant=bourg.apres(hours=1)) == JEUDI, "leaving twice is leaving once"
    assert compter("SELECT count(*) FROM abonnement_version WHERE abonnement_id = :id", id=late) == 2


def test_who_left_may_come_back(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    with transaction() as session:
        foyer = session.get_one(Abonnement, subscription).foyer_id
        quitter(session, subscription, instant=bourg.apres(hours=1))
        assert en_cours(session, foyer, JEUDI) is not None
        again = souscrire(session, foyer_id=foyer, maison_id=bourg.maisons[1], nombre=1, instant=bourg.apres(hours=2))
    assert version(again.id).debut == JEUDI + SEMAINE
    assert version(subscription).fin == JEUDI


def test_a_change_of_maison_leaves_the_past_as_it_was(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    for instant in (bourg.avant(hours=5), bourg.avant(hours=4)):
        with transaction() as session:
            changer_maison(session, subscription, maison_id=bourg.maisons[1], instant=instant)
    with transaction() as session:
        rows = session.scalars(select(AbonnementVersion).order_by(AbonnementVersion.id)).all()
    assert [(row.maison_id, row.jusqu_a) for row in rows] == [
        (bourg.maisons[0], bourg.avant(hours=5)),
        (bourg.maisons[1], None),
    ]


def test_a_change_to_a_full_maison_or_of_a_subscription_that_is_over_is_refused(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    with transaction() as session:
        full = fabriques.maison(session, places=0).id
    with pytest.raises(Refus, match="complète"), transaction() as session:
        changer_maison(session, subscription, maison_id=full, instant=bourg.avant(hours=1))
    with transaction() as session:
        quitter(session, subscription, instant=bourg.avant(hours=1))
    with pytest.raises(Refus, match="terminé"), transaction() as session:
        changer_maison(session, subscription, maison_id=bourg.maisons[1], instant=bourg.avant(minutes=5))


@pytest.mark.parametrize(
    ("du", "au", "quand", "said"),
    [
        (0, -1, 60, "avant son début"),
        (0, 85, 60, "douze semaines"),
        (0, 0, -60, "déjà close"),
        (-21, -7, 60, "déjà close"),
        (7, 20, 60, "couvre déjà"),
    ],
)
def test_pauses_that_cannot_be_are_refused(bourg: Bourg, du: int, au: int, quand: int, said: str) -> None:
    subscription = abonner(bourg)
    with transaction() as session:
        start = JEUDI + timedelta(days=14)
        mettre_en_pause(session, subscription, du=start, au=start, instant=bourg.avant(hours=2))
    with pytest.raises(Refus, match=said), transaction() as session:
        mettre_en_pause(
            session,
            subscription,
            du=JEUDI + timedelta(days=du),
            au=JEUDI + timedelta(days=au),
            instant=bourg.avant(minutes=quand),
        )
    assert compter("SELECT count(*) FROM pause") == 1


def test_a_lifted_pause_keeps_the_instant_of_its_first_lifting_and_leaves_room_for_another(bourg: Bourg) -> None:
    subscription = abonner(bourg)
    du, au = JEUDI, JEUDI + SEMAINE
    with transaction() as session:
        first = mettre_en_pause(session, subscription, du=du, au=au, instant=bourg.avant(hours=3))
        session.flush()
        lever_pause(session, first.id, instant=bourg.avant(hours=2))
        lever_pause(session, first.id, instant=bourg.avant(hours=1))
        mettre_en_pause(session, subscription, du=du, au=au, instant=bourg.avant(minutes=30))
    with transaction() as session:
        assert session.get_one(Pause, first.id).levee_le == bourg.avant(hours=2)


@pytest.mark.parametrize(
    "geste",
    [
        lambda s, at: changer_maison(s, 10**9, maison_id=1, instant=at),
        lambda s, at: quitter(s, 10**9, instant=at),
        lambda s, at: mettre_en_pause(s, 10**9, du=JEUDI, au=JEUDI, instant=at),
        lambda s, at: lever_pause(s, 10**9, instant=at),
    ],
)
def test_what_does_not_exist_is_not_found(bourg: Bourg, geste: Callable[[Session, datetime], object]) -> None:
    with pytest.raises(Refus) as told, transaction() as session:
        geste(session, bourg.avant(hours=1))
    assert isinstance(told.value, Introuvable) or "ne distribue pas" in told.value.sentence
