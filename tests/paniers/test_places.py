"""Places under a rush: families, agents, visitors and the waiting list at once on the last ones; nothing oversold, and
at rest nothing left free while somebody waits who would fit. Each rule of `flask verifier` tampered with. Terms."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import transaction
from kernel.errors import Refus
from paniers import abonnements, attente, horaires, places
from paniers.abonnements import changer_maison, changer_nombre, quitter, souscrire
from paniers.attente import accepter_place, quitter_attente, rejoindre_attente
from paniers.choix import choisir
from paniers.models.semaines import NatureChoix
from paniers.renouvellement import annoncer_fins_de_terme, renouveler
from tests import fabriques
from tests.conftest import forget_settings
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble
from tests.paniers.ruee import DERNIERES, a_la_fois, ruee, tenues, trop_pleine, verifier

ENSEMBLE, CLIENTS = 40, 200


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        return batir(session, semaines=3)


# The rush.


def test_a_rush_on_the_last_places_never_oversells_and_leaves_none_free(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_POOL_SIZE", str(ENSEMBLE))  # each client has a connection before the race begins
    forget_settings()
    house, acts = ruee(bourg, ENSEMBLE, graine=ENSEMBLE)
    outcomes = ensemble(acts)
    assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refus)] == []
    at = bourg.avant(hours=5)
    horaires.proposer_les_places(at)
    held = tenues(house)
    assert not trop_pleine(held), held
    assert held.abonnes > DERNIERES / 2, held
    assert verifier(at) == []


def un_clin_d_oeil(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between looking whether there is room and taking it, the blink of an eye: as on a machine at work."""
    real = places.exiger_des_places

    def look_then_blink(*given: object, **named: object) -> None:
        real(*given, **named)  # type: ignore[arg-type]
        time.sleep(0.02)

    monkeypatch.setattr(abonnements, "exiger_des_places", look_then_blink)


@pytest.mark.long
def test_two_hundred_clients_at_once_through_the_webs_own_pool_never_oversell(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are let go together and share ten connections, as a web process does; offers run out meanwhile."""
    un_clin_d_oeil(monkeypatch)
    house, acts = ruee(bourg, CLIENTS, graine=CLIENTS, offres=6)
    rush = a_la_fois(acts, house, bourg.avant(hours=5))
    assert [one for one in rush.issues if isinstance(one, Exception) and not isinstance(one, Refus)] == []
    assert len(rush.issues) == CLIENTS
    assert rush.vues, "somebody looked on"
    assert [held for held in rush.vues if trop_pleine(held)] == []
    horaires.proposer_les_places(bourg.avant(hours=5))
    held = tenues(house)
    assert not trop_pleine(held), held
    assert held.abonnes > DERNIERES / 2, held
    assert compter("SELECT count(*) FROM attente WHERE etat = 'expiree'") == 3
    assert verifier(bourg.avant(hours=5)) == []


@pytest.mark.long
def test_control_two_hundred_clients_without_the_maisons_lock_oversell(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "VERROU", None)
    un_clin_d_oeil(monkeypatch)
    house, acts = ruee(bourg, CLIENTS, graine=CLIENTS, offres=6)
    rush = a_la_fois(acts, house, bourg.avant(hours=5))
    assert trop_pleine(tenues(house)), tenues(house)
    assert [held for held in rush.vues if trop_pleine(held)], "and it was seen while it happened"


def test_control_without_the_maisons_lock_a_rush_oversells(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        house = fabriques.maison(session, places=2).id
        families = [fabriques.foyer(session, maison_id=house).id for _ in range(6)]
    checked, real = threading.Barrier(6), places.exiger_des_places

    def check_then_wait(*given: object, **named: object) -> None:
        real(*given, **named)  # type: ignore[arg-type]
        checked.wait(30)

    monkeypatch.setattr(places, "VERROU", None)
    monkeypatch.setattr(abonnements, "exiger_des_places", check_then_wait)
    at = bourg.avant(hours=5)
    ensemble([partial(souscrire, foyer_id=foyer, maison_id=house, nombre=1, instant=at) for foyer in families])
    assert tenues(house).abonnes > 2
    assert any("pour 2 places" in said for said in verifier(at)), "and the verification sees it"


def test_control_without_the_list_being_served_places_stay_free(bourg: Bourg, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        house = fabriques.maison(session, places=1).id
        inside = fabriques.abonnement(session, fabriques.foyer(session).id, house).id
        fabriques.attente(session, fabriques.foyer(session).id, house, depuis=bourg.avant(days=2))
    monkeypatch.setattr(abonnements, "servir_tous", lambda *given: None)
    with transaction() as session:
        quitter(session, inside, instant=bourg.avant(days=1))
    assert any("places sont libres" in said for said in verifier(bourg.avant(days=1)))
    monkeypatch.undo()
    horaires.proposer_les_places(bourg.avant(days=1))
    assert verifier(bourg.avant(days=1)) == []


# A life of the list, whatever happens in whatever order.


class Liste(RuleBasedStateMachine):
    """One maison of three places, six households, and time that only goes forward."""

    bourg: Bourg

    @initialize()
    def planter(self) -> None:
        with transaction() as session:
            for table in ("attente", "abonnement"):  # those of the life before, which was later than this one begins
                session.execute(text(f"DELETE FROM {table}"))  # noqa: S608
            self.ici, self.ailleurs = (fabriques.maison(session, places=n).id for n in (3, 50))
            self.foyers = [fabriques.foyer(session, maison_id=self.ici).id for _ in range(6)]
        self.at = self.bourg.avant(days=9)

    def faire(self, geste: Callable[[Session], object]) -> None:
        self.at += timedelta(minutes=20)
        try:
            with transaction() as session:
                geste(session)
        except Refus:
            pass

    def _cle(self, table: str, foyer: int) -> int:
        return compter(f"SELECT max(id) FROM {table} WHERE foyer_id = :f", f=self.foyers[foyer])  # noqa: S608

    @rule(foyer=st.integers(0, 5), nombre=st.integers(1, 2), loin=st.booleans())
    def s_abonner(self, foyer: int, nombre: int, loin: bool) -> None:
        where = self.ailleurs if loin else self.ici
        self.faire(lambda s: souscrire(s, foyer_id=self.foyers[foyer], maison_id=where, nombre=nombre, instant=self.at))

    @rule(foyer=st.integers(0, 5), nombre=st.integers(1, 2))
    def attendre(self, foyer: int, nombre: int) -> None:
        self.faire(
            lambda s: rejoindre_attente(
                s, foyer_id=self.foyers[foyer], maison_id=self.ici, nombre=nombre, instant=self.at
            )
        )

    @rule(foyer=st.integers(0, 5), loin=st.booleans())
    def demenager(self, foyer: int, loin: bool) -> None:
        where, one = (self.ailleurs if loin else self.ici), self._cle("abonnement", foyer)
        self.faire(lambda s: changer_maison(s, one, maison_id=where, instant=self.at))

    @rule(foyer=st.integers(0, 5), nombre=st.integers(1, 2))
    def compter_autrement(self, foyer: int, nombre: int) -> None:
        self.faire(lambda s: changer_nombre(s, self._cle("abonnement", foyer), nombre=nombre, instant=self.at))

    @rule(foyer=st.integers(0, 5))
    def partir(self, foyer: int) -> None:
        self.faire(lambda s: quitter(s, self._cle("abonnement", foyer), instant=self.at))

    @rule(foyer=st.integers(0, 5), prendre=st.booleans())
    def repondre(self, foyer: int, prendre: bool) -> None:
        act = accepter_place if prendre else quitter_attente
        self.faire(lambda s: act(s, self._cle("attente", foyer), instant=self.at))

    @rule(foyer=st.integers(0, 5))
    def visiter(self, foyer: int) -> None:
        one, week = self._cle("abonnement", foyer), self.bourg.semaine
        self.faire(lambda s: choisir(s, one, week, NatureChoix.AUTRE_MAISON, maison_id=self.ici, instant=self.at))

    @rule(combien=st.integers(2, 4))
    def agrandir(self, combien: int) -> None:
        self.faire(lambda s: s.execute(text("UPDATE maison SET places = :n WHERE id = :m"),
                                       {"n": combien, "m": self.ici}))  # fmt: skip

    @rule(heures=st.integers(1, 60))
    def laisser_passer(self, heures: int) -> None:
        self.at += timedelta(hours=heures)

    @invariant()
    def tout_tient(self) -> None:
        horaires.proposer_les_places(self.at)
        assert verifier(self.at) == []
        assert compter("SELECT count(*) FROM attente WHERE etat = 'offerte' AND maison_id <> :m", m=self.ici) == 0


@pytest.mark.parametrize("vies", [4, pytest.param(150, marks=pytest.mark.long)])
def test_a_list_that_lives_breaks_no_rule(bourg: Bourg, vies: int) -> None:
    Liste.bourg = bourg
    run_state_machine_as_test(
        Liste,
        settings=settings(
            max_examples=vies,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


# What the verification names.

FAUTES = {
    "oversold": ("UPDATE abonnement_version SET nombre = 2", "pour 1 places"),
    "oversold after it was made smaller": (
        "UPDATE maison SET places = 0 WHERE id = :m; INSERT INTO abonnement (foyer_id, souscrit_le)"
        " SELECT foyer_id, souscrit_le FROM abonnement LIMIT 1; INSERT INTO abonnement_version (abonnement_id, depuis,"
        " maison_id, nombre, debut, fin) SELECT max(id), now(), :m, 1, '2026-11-26', '2027-01-07' FROM abonnement",
        "pour 0 places",
    ),
    "offered beyond": (
        "UPDATE attente SET etat = 'offerte', offerte_le = '2026-11-22 10:00Z', expire_le = '2026-11-24 10:00Z',"
        " tenue_le = now()",
        "pour 1 places",
    ),
    "free while one waits": ("UPDATE abonnement_version SET fin = '2026-11-19'", "sont libres"),
    "an offer forgotten": (
        "UPDATE attente SET etat = 'offerte', offerte_le = '2026-11-10 10:00Z', expire_le = '2026-11-12 10:00Z',"
        " tenue_le = now()",
        "n’a pas été rendue",
    ),
    "accepted in vain": ("UPDATE attente SET etat = 'acceptee', close_le = now()", "n’a pas eu d’abonnement"),
    "visitors beyond": (
        "INSERT INTO abonnement (foyer_id, souscrit_le) SELECT foyer_id, now() FROM attente;"
        " INSERT INTO abonnement_version (abonnement_id, depuis, maison_id, nombre, debut, fin)"
        " SELECT max(id), now(), :autre, 1, '2026-11-26', '2027-01-07' FROM abonnement;"
        " INSERT INTO choix (abonnement_id, semaine_id, nature, maison_id, fait_le)"
        " SELECT max(a.id), :s, 'autre_maison', :m, '2026-11-20 10:00Z' FROM abonnement a",
        "paniers de passage",
    ),
}


@pytest.mark.parametrize("faute", FAUTES)
def test_each_broken_rule_is_named(bourg: Bourg, faute: str) -> None:
    with transaction() as session:
        house = fabriques.maison(session, places=1).id
        fabriques.abonnement(session, fabriques.foyer(session).id, house)
        fabriques.attente(session, fabriques.foyer(session).id, house, depuis=bourg.avant(days=3))
    at = bourg.avant(hours=5)
    assert verifier(at) == []
    query, said = FAUTES[faute]
    with transaction() as session:
        for part in query.split(";"):
            given = {"m": house, "autre": bourg.maisons[1], "s": bourg.semaine}
            session.execute(text(part), {name: value for name, value in given.items() if f":{name}" in part})
    assert any(said in sentence for sentence in verifier(at)), verifier(at)


def test_a_household_has_one_open_request_in_the_database_too(bourg: Bourg) -> None:
    with transaction() as session:
        who = fabriques.foyer(session).id
        fabriques.attente(session, who, bourg.maisons[0])
    with pytest.raises(IntegrityError, match="uq_attente_ouverte"), transaction() as session:
        fabriques.attente(session, who, bourg.maisons[1])


def test_a_request_never_goes_back(bourg: Bourg) -> None:
    with transaction() as session:
        made = fabriques.attente(session, fabriques.foyer(session).id, bourg.maisons[0])
        attente.retirer(made, bourg.avant(days=1), None)
        with pytest.raises(ValueError, match="does not become"):
            attente.retirer(made, bourg.avant(hours=1), None)


# Terms.


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
