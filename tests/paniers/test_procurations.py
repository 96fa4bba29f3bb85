"""Who comes in a household's place: named for a week or for good, expected at the door, written down."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text

from kernel.clock import paris
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paniers import procurations, verifications
from paniers.models.semaines import Retrait
from paniers.queries.remise import panier as lire_panier
from paniers.retraits import Moyen, Verdict, annuler_remise, remettre, venu_en_personne
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

SOIR = paris(JEUDI, time(17, 30))
MIDI = paris(JEUDI, time(12))


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        made = batir(session)
        foyer = fabriques.foyer(session, maison_id=made.maisons[0], prenom="Karim", nom="Demir")
        subscription = fabriques.abonnement(session, foyer.id, made.maisons[0])
        fabriques.panier(session, made.semaine, subscription, made.maisons[0])
        session.execute(text("UPDATE semaine SET etat = 'commandee' WHERE id = :s"), {"s": made.semaine})
        fabriques.compte(session, Role.AGENT, maisons=(made.maisons[0],))
    return made


@pytest.fixture
def foyer(bourg: Bourg) -> int:
    return compter("SELECT foyer_id FROM panier")


def nommer(foyer: int, prenom: str = "Samira", *, du: date = JEUDI, au: date | None = None) -> int:
    with transaction() as session:
        given = procurations.donner(session, foyer, prenom=prenom, nom="Haddad", du=du, au=au, par=None, instant=MIDI)
        session.flush()
        return given.id


def attendu() -> str | None:
    """The first name of who is expected for the basket."""
    with transaction() as session:
        return lire_panier(session, compter("SELECT id FROM panier")).proche_prenom


def donner(instant: datetime = SOIR, *, en_personne: bool = False) -> Verdict:
    agent, basket = compter("SELECT id FROM compte"), compter("SELECT id FROM panier")
    with transaction() as session:
        return remettre(
            session, basket, par=agent, moyen=Moyen.LISTE, maisons=None, instant=instant, en_personne=en_personne
        ).verdict


def registre() -> list[tuple[str, int | None]]:
    with transaction() as session:
        rows = session.scalars(select(Retrait).order_by(Retrait.id)).all()
        return [(row.moyen, row.procuration_id) for row in rows]


def test_who_is_named_is_expected_and_written_down(foyer: int) -> None:
    named = nommer(foyer)
    assert attendu() == "Samira"
    assert donner() is Verdict.REMIS
    assert registre() == [("liste", named)]
    with transaction() as session:
        assert not any("proche" in fault for fault in verifications.verifier(session))


def test_without_a_procuration_nobody_is_written_down(foyer: int) -> None:
    assert attendu() is None
    donner()
    assert registre() == [("liste", None)]


def test_a_procuration_counts_for_its_pick_up_days_alone(foyer: int) -> None:
    nommer(foyer, du=JEUDI + timedelta(days=7), au=JEUDI + timedelta(days=7))
    assert attendu() is None
    nommer(foyer, "Ana", du=JEUDI, au=JEUDI)
    assert attendu() == "Ana"


def test_who_is_named_for_the_week_comes_before_who_comes_always_and_the_last_before_the_first(foyer: int) -> None:
    nommer(foyer, "Ana", du=JEUDI, au=JEUDI)
    nommer(foyer, "Toujours")
    assert attendu() == "Ana"
    nommer(foyer, "Bea", du=JEUDI, au=JEUDI)
    assert attendu() == "Bea"


def test_a_revoked_procuration_counts_no_more_and_says_so_twice_without_harm(foyer: int) -> None:
    named = nommer(foyer)
    for later in (1, 2):
        with transaction() as session:
            procurations.revoquer(session, named, par=None, instant=MIDI + timedelta(minutes=later))
    assert attendu() is None
    donner()
    assert registre() == [("liste", None)]
    assert compter("SELECT count(*) FROM procuration WHERE revoquee_le = :le", le=MIDI + timedelta(minutes=1)) == 1


def test_of_one_who_hands_out_while_the_family_revokes_the_register_is_right(foyer: int) -> None:
    named = nommer(foyer)
    agent, basket = compter("SELECT id FROM compte"), compter("SELECT id FROM panier")
    ensemble(
        [
            lambda s: procurations.revoquer(s, named, par=None, instant=SOIR),
            lambda s: remettre(s, basket, par=agent, moyen=Moyen.SCAN, maisons=None, instant=SOIR),
        ]
    )
    with transaction() as session:
        assert not any("proche" in fault for fault in verifications.verifier(session))


def test_the_household_came_itself_after_all(foyer: int) -> None:
    named = nommer(foyer)
    agent, basket = compter("SELECT id FROM compte"), compter("SELECT id FROM panier")
    donner()
    for _ in range(2):
        with transaction() as session:
            venu_en_personne(session, basket, par=agent, instant=SOIR + timedelta(seconds=20))
    assert registre() == [("liste", named), ("annulation", None), ("liste", None)]
    assert compter("SELECT count(*) FROM panier WHERE etat = 'remis'") == 1
    with transaction() as session:
        annuler_remise(session, basket, par=agent, instant=SOIR + timedelta(minutes=1))
    with pytest.raises(Refus, match="rien à annuler"), transaction() as session:
        annuler_remise(session, basket, par=agent, instant=SOIR + timedelta(minutes=2))


def test_days_that_are_over_or_turned_around_are_refused(foyer: int) -> None:
    for du, au in ((JEUDI - timedelta(days=7),) * 2, (JEUDI + timedelta(days=7), JEUDI)):
        with pytest.raises(Refus, match="passé"):
            nommer(foyer, du=du, au=au)


def test_five_people_are_enough_even_at_once(foyer: int) -> None:
    def name(session):  # type: ignore[no-untyped-def]
        procurations.donner(session, foyer, prenom="Ana", nom="Essai", du=JEUDI, au=None, par=None, instant=MIDI)

    told = ensemble([name] * 8)
    assert sum(isinstance(found, Refus) for found in told) == 3, told
    assert compter("SELECT count(*) FROM procuration") == 5


def test_a_procuration_of_nobody_is_not_found(base: str) -> None:
    with pytest.raises(Introuvable):
        nommer(10**9)
    with pytest.raises(Introuvable), transaction() as session:
        procurations.revoquer(session, 10**9, par=None, instant=MIDI)


@pytest.mark.parametrize(
    "tampered",
    [
        "UPDATE procuration SET foyer_id = (SELECT max(id) FROM foyer)",
        "UPDATE procuration SET du = '2027-01-01'",
        "UPDATE procuration SET revoquee_le = '2026-11-26 12:00+01'",
    ],
)
def test_a_register_that_names_somebody_who_was_not_expected_is_found(foyer: int, tampered: str) -> None:
    nommer(foyer)
    donner()
    with transaction() as session:
        fabriques.foyer(session)
        session.execute(text(tampered))
    with transaction() as session:
        assert any("proche" in fault for fault in verifications.verifier(session))
