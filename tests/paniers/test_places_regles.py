"""The waiting list whatever happens in whatever order, and each rule of `flask verifier` tampered with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kernel.db import transaction
from kernel.errors import Refus
from paniers import attente, horaires
from paniers.abonnements import changer_maison, changer_nombre, quitter, souscrire
from paniers.attente import accepter_place, quitter_attente, rejoindre_attente
from paniers.choix import choisir
from paniers.models.semaines import NatureChoix
from tests import fabriques
from tests.paniers.bourg import Bourg, compter
from tests.paniers.file_attente import bourg
from tests.paniers.ruee import verifier

__all__ = ["bourg"]

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
