"""The waiting list: served by date, an offer held for two days, one winner between acceptance and expiry."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from paniers import horaires
from paniers.abonnements import changer_maison, changer_nombre, quitter, souscrire
from paniers.attente import DELAI_DE_REPONSE, accepter_place, quitter_attente, rang, rejoindre_attente
from paniers.choix import choisir
from paniers.models.attente import Attente
from paniers.models.semaines import NatureChoix
from paniers.places import occupations
from paniers.verifications import places as verifications_places
from paniers.versions import en_cours
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

SEMAINE = timedelta(days=7)


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session, semaines=5)


@pytest.fixture
def petite(bourg: Bourg) -> int:
    """A maison of two places, both taken."""
    with transaction() as session:
        place = fabriques.maison(session, places=2).id
    for _ in range(2):
        abonner(bourg, place)
    return place


def foyer(bourg: Bourg) -> int:
    with transaction() as session:
        return fabriques.foyer(session, maison_id=bourg.maisons[0]).id


def abonner(bourg: Bourg, maison: int, nombre: int = 1, foyer_id: int | None = None, **avant: float) -> int:
    who = foyer_id or foyer(bourg)
    at = bourg.avant(**(avant or {"days": 5}))
    with transaction() as session:
        return souscrire(session, foyer_id=who, maison_id=maison, nombre=nombre, instant=at).id


def attendre(bourg: Bourg, maison: int, nombre: int = 1, foyer_id: int | None = None, **avant: float) -> int:
    who = foyer_id or foyer(bourg)
    at = bourg.avant(**(avant or {"days": 4}))
    with transaction() as session:
        return rejoindre_attente(session, foyer_id=who, maison_id=maison, nombre=nombre, instant=at).id


def partir(maison: int, instant: datetime) -> None:
    """The first subscriber of the maison leaves."""
    with transaction() as session:
        first = session.execute(
            text(
                "SELECT abonnement_id FROM abonnement_version WHERE maison_id = :m AND jusqu_a IS NULL AND NOT quitte"
                " ORDER BY abonnement_id LIMIT 1"
            ),
            {"m": maison},
        ).scalar_one()
        quitter(session, first, instant=instant)


def lire(attente_id: int) -> Attente:
    with transaction() as session:
        return session.get_one(Attente, attente_id)


def etats(*attentes: int) -> list[str]:
    return [lire(attente).etat for attente in attentes]


def faits(name: str) -> int:
    return compter("SELECT count(*) FROM outbox_fact WHERE name = :name", name=name)


def accepter(attente_id: int, instant: datetime) -> int:
    with transaction() as session:
        return accepter_place(session, attente_id, instant=instant)


def tient(instant: datetime) -> bool:
    """All rules hold once the timetable's grace after `instant` is over."""
    clock.set_now(instant + verifications_places.GRACE)
    with transaction() as session:
        assert verifications_places.verifier(session) == []
    return True


# Joining.


def test_one_waits_only_where_it_is_full_and_for_one_place_at_a_time(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    with pytest.raises(Refus, match="Il reste de la place"):
        attendre(bourg, bourg.maisons[0], foyer_id=who)
    attendre(bourg, petite, foyer_id=who)
    with pytest.raises(Refus, match="attend déjà une place"):
        attendre(bourg, petite, foyer_id=who)
    for maison, said in ((10**9, "ne distribue pas"), (petite, "un ou deux")):
        with pytest.raises(Refus, match=said):
            attendre(bourg, maison, nombre=3)
    with pytest.raises(Introuvable), transaction() as session:
        rejoindre_attente(session, foyer_id=10**9, maison_id=petite, nombre=1, instant=bourg.avant(days=4))


def test_who_lives_there_already_does_not_wait_there(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        inhabitant = session.execute(
            text("SELECT a.foyer_id FROM abonnement a JOIN abonnement_version v ON v.abonnement_id = a.id"
                 " WHERE v.maison_id = :m LIMIT 1"), {"m": petite},
        ).scalar_one()  # fmt: skip
    with pytest.raises(Refus, match="déjà votre place"):
        attendre(bourg, petite, foyer_id=inhabitant)


def test_the_rank_is_told_and_moves_up(bourg: Bourg, petite: int) -> None:
    first, second, third = (attendre(bourg, petite, days=4 - n / 10) for n in range(3))
    with transaction() as session:
        assert [rang(session, session.get_one(Attente, one)) for one in (first, second, third)] == [1, 2, 3]
        quitter_attente(session, first, instant=bourg.avant(days=3))
    with transaction() as session:
        assert rang(session, session.get_one(Attente, third)) == 2
    assert etats(first) == ["retiree"]


# Being served.


def test_who_leaves_gives_its_place_to_the_first_at_once(bourg: Bourg, petite: int) -> None:
    first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3)
    partir(petite, bourg.avant(days=2))
    assert etats(first, second) == ["offerte", "en_attente"]
    assert faits("PlaceOfferte") == 1
    assert lire(first).expire_le == bourg.avant(days=2) + DELAI_DE_REPONSE
    assert tient(bourg.avant(days=2))


def test_an_offered_place_is_nobody_elses(bourg: Bourg, petite: int) -> None:
    attendre(bourg, petite)
    partir(petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="complète"):
        abonner(bourg, petite, days=1)
    with transaction() as session:
        held = occupations(session, JEUDI)[petite]
    assert (held.abonnes, held.offertes, held.libres) == (1, 1, 0)


def test_a_request_for_two_is_overtaken_only_while_two_do_not_fit(bourg: Bourg, petite: int) -> None:
    two, one, later = attendre(bourg, petite, 2, days=4), attendre(bourg, petite, 1, days=3), attendre(bourg, petite)
    partir(petite, bourg.avant(days=2))
    assert etats(two, one, later) == ["en_attente", "en_attente", "offerte"], "the older request for one comes first"
    quitter_attente_(later, bourg.avant(days=2))
    assert etats(two, one) == ["en_attente", "offerte"], "two do not fit yet: one is served, two keep their rank"
    partir(petite, bourg.avant(days=1))
    assert etats(two) == ["en_attente"]
    quitter_attente_(one, bourg.avant(hours=20))
    assert etats(two, one) == ["offerte", "declinee"]
    assert tient(bourg.avant(hours=20))


def quitter_attente_(attente_id: int, instant: datetime) -> None:
    with transaction() as session:
        quitter_attente(session, attente_id, instant=instant)


@pytest.mark.parametrize("geste", ["move", "fewer", "raised", "term", "visitor"])
def test_every_way_in_which_a_place_comes_free_serves_the_list(bourg: Bourg, geste: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session, places=2).id
        guest = fabriques.abonnement(session, fabriques.foyer(session).id, bourg.maisons[0]).id
    inhabitant = abonner(bourg, place, nombre=1 if geste == "visitor" else 2)
    if geste == "visitor":
        visiter(bourg, guest, place, bourg.avant(days=5))
    waiting = attendre(bourg, place)
    at = bourg.avant(days=2)
    if geste == "raised":
        with transaction() as session:
            session.execute(text("UPDATE maison SET places = 3 WHERE id = :m"), {"m": place})
        horaires.proposer_les_places(at)
    elif geste == "term":
        with transaction() as session:
            session.execute(text("UPDATE abonnement_version SET fin = :d WHERE maison_id = :m"),
                            {"d": JEUDI, "m": place})  # fmt: skip
        horaires.proposer_les_places(bourg.apres(seconds=30))
        assert etats(waiting) == ["en_attente"], "what was said just before the cut-off may still be on its way"
        horaires.proposer_les_places(bourg.apres(seconds=61))
    else:
        with transaction() as session:
            if geste == "move":
                changer_maison(session, inhabitant, maison_id=bourg.maisons[1], instant=at)
            elif geste == "fewer":
                changer_nombre(session, inhabitant, nombre=1, instant=at)
            else:
                choisir(session, guest, bourg.semaine, NatureChoix.COMME_D_HABITUDE, instant=at)
    assert etats(waiting) == ["offerte"]
    assert tient(bourg.apres(seconds=61) if geste == "term" else at)


def visiter(bourg: Bourg, abonnement_id: int, maison: int, instant: datetime, semaine: int = 0) -> None:
    with transaction() as session:
        choisir(
            session,
            abonnement_id,
            bourg.semaines[semaine],
            NatureChoix.AUTRE_MAISON,
            maison_id=maison,
            instant=instant,
        )


# Accepting, declining, letting it pass.


def test_who_accepts_is_subscribed_and_hears_of_it_once(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(days=2))
    told = faits("AbonnementSouscrit")
    made = accepter(request, bourg.avant(days=1))
    assert accepter(request, bourg.avant(hours=20)) == made, "accepting twice is accepting once"
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert (version.maison_id, version.debut, version.attente_id) == (petite, JEUDI, request)
    assert faits("AbonnementSouscrit") == told + 1
    assert etats(request) == ["acceptee"]
    assert tient(bourg.avant(hours=20))


def test_accepting_after_a_cutoff_begins_a_week_later(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(hours=5))
    accepter(request, bourg.apres(hours=1))
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert version.debut == JEUDI + SEMAINE


def test_who_is_subscribed_elsewhere_moves_and_frees_its_place(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        other = fabriques.maison(session, places=1).id
    who = foyer(bourg)
    subscription = abonner(bourg, other, foyer_id=who)
    request, behind = attendre(bourg, petite, foyer_id=who), attendre(bourg, other, days=3)
    partir(petite, bourg.avant(days=2))
    assert etats(behind) == ["en_attente"], "until it accepts, its place is its own"
    assert accepter(request, bourg.avant(days=1)) == subscription
    with transaction() as session:
        version = en_cours(session, who, JEUDI)
        assert version is not None
        assert (version.maison_id, version.debut, version.fin) == (petite, JEUDI, JEUDI + 12 * SEMAINE)
    assert etats(behind) == ["offerte"]
    assert compter("SELECT count(*) FROM abonnement WHERE foyer_id = :f", f=who) == 1
    assert tient(bourg.avant(days=1))


def test_an_offer_that_nobody_answers_goes_on_to_the_next(bourg: Bourg, petite: int) -> None:
    first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3)
    partir(petite, bourg.avant(days=2))
    late = bourg.avant(days=2) + DELAI_DE_REPONSE
    horaires.proposer_les_places(late - timedelta(seconds=1))
    assert etats(first, second) == ["offerte", "en_attente"]
    with pytest.raises(Refus, match="allée à une autre famille"):
        accepter(first, late)
    for _ in range(2):
        horaires.proposer_les_places(late)
    assert etats(first, second) == ["expiree", "offerte"]
    assert (faits("OffreExpiree"), faits("PlaceOfferte")) == (1, 2)
    assert tient(late)


def test_who_left_is_offered_nothing_more(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    subscription = abonner(bourg, bourg.maisons[0], foyer_id=who)
    waiting, gone = attendre(bourg, petite, foyer_id=who), attendre(bourg, petite, days=3)
    with transaction() as session:
        quitter(session, subscription, instant=bourg.avant(days=3))
    quitter_attente_(gone, bourg.avant(days=2))
    quitter_attente_(gone, bourg.avant(days=2))
    partir(petite, bourg.avant(days=1))
    assert etats(waiting, gone) == ["retiree", "retiree"]
    assert faits("PlaceOfferte") == 0


def test_who_finds_a_place_there_by_itself_waits_no_longer(bourg: Bourg, petite: int) -> None:
    who = foyer(bourg)
    request = attendre(bourg, petite, foyer_id=who)
    partir(petite, bourg.avant(days=2))
    assert abonner(bourg, petite, foyer_id=who, days=1), "its own offer stands in nobody's way, least of all its own"
    assert etats(request) == ["acceptee"]
    assert tient(bourg.avant(days=1))


def test_nobody_overtakes_the_list_even_before_the_timetable(bourg: Bourg, petite: int) -> None:
    waiting = attendre(bourg, petite)
    with transaction() as session:
        session.execute(text("UPDATE maison SET places = 3 WHERE id = :m"), {"m": petite})
    with pytest.raises(Refus, match="complète"):
        abonner(bourg, petite, days=1)
    horaires.proposer_les_places(bourg.avant(days=1))
    assert etats(waiting) == ["offerte"]


def test_a_maison_made_smaller_evicts_nobody(bourg: Bourg, petite: int) -> None:
    waiting = attendre(bourg, petite)
    with transaction() as session:
        session.execute(text("UPDATE maison SET places = 1 WHERE id = :m"), {"m": petite})
    horaires.proposer_les_places(bourg.avant(days=2))
    assert tient(bourg.avant(days=2))
    partir(petite, bourg.avant(days=2))
    assert etats(waiting) == ["en_attente"]
    partir(petite, bourg.avant(days=1))
    assert etats(waiting) == ["offerte"]
    assert tient(bourg.avant(days=1))


def test_what_does_not_exist_is_not_found(bourg: Bourg) -> None:
    for act in (accepter_place, quitter_attente):
        with pytest.raises(Introuvable), transaction() as session:
            act(session, 10**9, instant=bourg.avant(days=1))


# Visitors.


def test_a_visitor_comes_only_where_that_week_has_room(bourg: Bourg, petite: int) -> None:
    guests = [abonner(bourg, bourg.maisons[0]) for _ in range(2)]
    partir(petite, bourg.avant(days=3))
    visiter(bourg, guests[0], petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="n’a plus assez de place"):
        visiter(bourg, guests[1], petite, bourg.avant(days=1))
    visiter(bourg, guests[1], petite, bourg.avant(days=1), semaine=1)
    with pytest.raises(Refus, match="d’ailleurs"):
        abonner(bourg, petite, days=1)
    visiter(bourg, guests[0], petite, bourg.avant(hours=9))
    assert tient(bourg.avant(hours=9))


def test_a_second_basket_must_fit_where_one_visits_too(bourg: Bourg, petite: int) -> None:
    guest = abonner(bourg, bourg.maisons[0])
    partir(petite, bourg.avant(days=3))
    visiter(bourg, guest, petite, bourg.avant(days=2))
    with pytest.raises(Refus, match="n’a plus assez de place"), transaction() as session:
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(days=1))
    partir(petite, bourg.avant(days=1))
    with transaction() as session:
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(hours=9))
        changer_nombre(session, guest, nombre=2, instant=bourg.avant(hours=8))
    assert compter("SELECT nombre FROM abonnement_version WHERE abonnement_id = :a AND jusqu_a IS NULL", a=guest) == 2


def test_a_second_basket_must_fit_at_home(bourg: Bourg, petite: int) -> None:
    with transaction() as session:
        inhabitant = session.execute(
            text("SELECT min(abonnement_id) FROM abonnement_version WHERE maison_id = :m"), {"m": petite}
        ).scalar_one()
    with pytest.raises(Refus, match="complète"), transaction() as session:
        changer_nombre(session, inhabitant, nombre=2, instant=bourg.avant(days=1))
    with pytest.raises(Refus, match="un ou deux"), transaction() as session:
        changer_nombre(session, inhabitant, nombre=3, instant=bourg.avant(days=1))


def test_who_pauses_takes_no_room_elsewhere(bourg: Bourg, petite: int) -> None:
    guest = abonner(bourg, bourg.maisons[0])
    with transaction() as session:
        from_ = bourg.avant(days=2)
        session.execute(text("INSERT INTO pause (abonnement_id, du, au, posee_le) VALUES (:a, :j, :j, :le)"),
                        {"a": guest, "j": JEUDI, "le": from_})  # fmt: skip
    with pytest.raises(Refus, match="en pause"):
        visiter(bourg, guest, bourg.maisons[1], bourg.avant(days=1))


# Races.


def test_an_acceptance_and_its_expiry_have_one_winner(bourg: Bourg, petite: int) -> None:
    """Reliability: hold expiry against confirmation. The clock of each says that it is just in time."""
    for turn in range(6):
        first, second = attendre(bourg, petite, days=4), attendre(bourg, petite, days=3.5)
        partir(petite, bourg.avant(days=3))
        end = lire(first).expire_le
        assert end is not None
        outcomes = ensemble(_course(first, petite, end)[:: 1 if turn % 2 else -1])
        won, next_ = etats(first, second)
        assert (won, next_) in {("acceptee", "en_attente"), ("expiree", "offerte")}, outcomes
        assert compter("SELECT count(*) FROM abonnement_version WHERE attente_id = :a", a=first) == (won == "acceptee")
        assert tient(end)
        with transaction() as session:
            session.execute(text("UPDATE maison SET places = places + 4 WHERE id = :m"), {"m": petite})
        _vider(petite, bourg.avant(days=1))


def _course(attente_id: int, maison: int, end: datetime) -> list[Callable[[Session], object]]:
    return [
        lambda session: accepter_place(session, attente_id, instant=end - timedelta(seconds=1)),
        lambda session: horaires.proposer_les_places(end),
    ]


def _vider(maison: int, instant: datetime) -> None:
    """Everybody who waits is served, and the maison is full again."""
    horaires.proposer_les_places(instant)
    with transaction() as session:
        open_ = session.execute(text("SELECT id FROM attente WHERE etat = 'offerte'")).scalars().all()
    for request in open_:
        accepter(request, instant)
    with transaction() as session:
        session.execute(
            text("UPDATE maison SET places = (SELECT sum(nombre) FROM abonnement_version WHERE maison_id = :m"
                 " AND jusqu_a IS NULL AND fin >= :j AND debut <= fin) WHERE id = :m"), {"m": maison, "j": JEUDI},
        )  # fmt: skip
