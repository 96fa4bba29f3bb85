"""A maison or a whole week that is skipped before its cut-off: no basket, no debit, and it may come back."""

import pytest

from kernel.db import transaction
from kernel.errors import Refus
from paniers.annulations import accueillir
from paniers.distributions import retablir
from tests.paniers.bourg import Bourg, compter
from tests.paniers.jours_annules import bourg, cloturee, fermer, tout_tient

__all__ = ["bourg"]


def test_a_maison_skipped_before_the_cut_off_has_no_basket_and_no_debit(bourg: Bourg) -> None:
    here, there = bourg.maisons
    assert fermer(bourg, here, bourg.avant(days=2)).paniers == 0
    cloturee(bourg)
    assert compter("SELECT count(*) FROM panier WHERE maison_id = :m", m=here) == 0
    assert compter("SELECT count(*) FROM panier WHERE maison_id = :m", m=there) == 1
    tout_tient()


def test_a_week_skipped_for_the_town_is_never_closed(bourg: Bourg) -> None:
    fermer(bourg, None, bourg.avant(days=2))
    cloturee(bourg)
    assert compter("SELECT count(*) FROM panier") == 0
    tout_tient()


def test_what_was_skipped_comes_back_until_the_cut_off_and_not_after(bourg: Bourg) -> None:
    here, _ = bourg.maisons
    for place in (None, here):
        fermer(bourg, place, bourg.avant(days=2))
        with transaction() as session:
            retablir(session, bourg.semaine, place, instant=bourg.avant(days=1))
    fermer(bourg, here, bourg.avant(hours=1))
    with pytest.raises(Refus, match="ne revient pas"), transaction() as session:
        retablir(session, bourg.semaine, here, instant=bourg.apres(seconds=1))
    cloturee(bourg)
    assert compter("SELECT count(*) FROM panier") == 1
    tout_tient()


def test_a_maison_taken_in_before_the_cut_off_has_its_baskets_made_there(bourg: Bourg) -> None:
    here, there = bourg.maisons
    with transaction() as session:
        accueillir(session, bourg.semaine, here, there, motif="travaux", instant=bourg.avant(days=1))
    cloturee(bourg)
    assert compter("SELECT count(*) FROM panier WHERE maison_id = :m", m=there) == 4
    tout_tient()


def test_a_host_does_not_close_itself_before_the_cut_off(bourg: Bourg) -> None:
    here, there = bourg.maisons
    with transaction() as session:
        accueillir(session, bourg.semaine, here, there, motif="travaux", instant=bourg.avant(days=1))
    with pytest.raises(Refus, match="accueille"):
        fermer(bourg, there, bourg.avant(hours=1))


def test_what_is_decided_after_the_cut_off_does_not_count_in_a_late_closing(bourg: Bourg) -> None:
    """Row 3: the closing makes every basket that was due, and the cancelling then gives them back one by one."""
    here, _ = bourg.maisons
    late = bourg.apres(days=2)
    done = fermer(bourg, here, late)
    assert (done.paniers, done.foyers) == (4, 3)
    assert compter("SELECT count(*) FROM panier") == 4
    assert compter("SELECT count(*) FROM ecriture WHERE cle LIKE 'panier:%'") == 4
    tout_tient()


def test_in_the_minute_of_the_closing_one_waits(bourg: Bourg) -> None:
    with pytest.raises(Refus):
        fermer(bourg, bourg.maisons[0], bourg.apres(seconds=20))
