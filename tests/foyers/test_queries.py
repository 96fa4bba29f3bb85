"""What others read about households, on a real database: in a bounded number of queries, and no more than they may."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from foyers import queries
from foyers.dossiers import declarer_qf, refuser_qf, verifier_qf
from foyers.models import LectureQF, Membre
from foyers.queries import EtatQF, foyer, historique_qf, lectures_qf, lire_qf, maisons, qf_a_verifier, quotients_au
from foyers.recherche import chercher_foyers
from foyers.verifications import verifier
from kernel import clock
from kernel.clock import paris
from kernel.db import get_engine, reading, transaction
from kernel.errors import Introuvable
from kernel.web.access import Role
from tests import fabriques

pytestmark = pytest.mark.usefixtures("base")
CLOTURE = paris(date(2026, 11, 22), time(23, 59))
JEUDI = date(2026, 11, 26)


@pytest.fixture(autouse=True)
def avant_la_cloture(base: str) -> None:
    clock.set_now(CLOTURE - timedelta(days=2))


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the block sends."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    yield sent
    event.remove(get_engine(), "before_cursor_execute", note)


def test_quotients_at_the_cutoff_are_read_in_one_query() -> None:
    with transaction() as session:
        keys = [fabriques.foyer(session).id for _ in range(30)]
        for key in keys[:20]:
            fabriques.quotient(session, key, 300 + key)
        for key in keys[:10]:
            fabriques.quotient(session, key, 9_000, verifie=False, declare_le=CLOTURE + timedelta(seconds=1))
    with reading() as session, counted() as sent:
        found = quotients_au(session, keys, CLOTURE, JEUDI)
    assert len(sent) == 1
    assert found == {key: 300 + key for key in keys[:20]}


def test_quotients_follow_the_rule_whatever_the_database_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQL leaves out is only what the pure rule would leave out as well."""
    start = datetime(2026, 9, 1, 8, tzinfo=UTC)
    with transaction() as session:
        keys = [fabriques.foyer(session).id for _ in range(24)]
        for number, key in enumerate(keys):
            for turn in range(3):
                declared = start + timedelta(weeks=4 * turn + number % 4)
                checked = declared + timedelta(weeks=number % 5) if (number + turn) % 3 == 0 else None
                fabriques.quotient(
                    session,
                    key,
                    100 * turn + number,
                    verifie=False,
                    declare_le=declared,
                    verifie_le=checked,
                    valide_jusqu_au=JEUDI + timedelta(days=number - 12) if checked else None,
                    refuse_le=declared + timedelta(weeks=number % 7) if (number + turn) % 3 == 1 else None,
                )
    moments = [CLOTURE - timedelta(weeks=back) for back in range(10)]
    with reading() as session:
        filtered = [quotients_au(session, keys, moment, JEUDI) for moment in moments]
        monkeypatch.setattr(queries, "_QUOTIENTS", queries._DECLARES)
        whole = [quotients_au(session, keys, moment, JEUDI) for moment in moments]
    assert filtered == whole
    assert any(filtered)


def test_a_late_reading_of_the_cutoff_gives_what_a_punctual_one_gave() -> None:
    with transaction() as session:
        keys = [fabriques.foyer(session).id for _ in range(3)]
        given = [declarer_qf(session, key, 500, date(2026, 10, 1), None).id for key in keys]
    with reading() as session:
        on_time = quotients_au(session, keys, CLOTURE, JEUDI)
    clock.set_now(CLOTURE + timedelta(days=3))
    with transaction() as session:
        refuser_qf(session, given[0], agent=None)
        verifier_qf(session, given[1], agent=None)
        declarer_qf(session, keys[2], 100, date(2026, 11, 1), None)
    with reading() as session:
        assert quotients_au(session, keys, CLOTURE, JEUDI) == on_time == dict.fromkeys(keys, 500)
        assert quotients_au(session, keys, CLOTURE + timedelta(days=4), JEUDI) == {keys[1]: 500, keys[2]: 100}


def test_a_household_is_read_with_its_people_in_three_queries() -> None:
    with transaction() as session:
        compte = fabriques.compte(session)
        assert compte.foyer_id is not None
        session.add(Membre(foyer_id=compte.foyer_id, prenom="Lou", nom="X", nom_plie="lou x", adulte=False))
    with reading() as session, counted() as sent:
        seen = foyer(session, compte.foyer_id)
    assert len(sent) == 3
    assert [m.prenom for m in seen.membres] == ["Samira", "Lou"]
    assert seen.referent.prenom == "Samira"
    assert [c.email for c in seen.comptes] == [compte.email]
    with reading() as session, pytest.raises(Introuvable):
        foyer(session, compte.foyer_id + 1)


def test_closed_maisons_are_not_proposed() -> None:
    with transaction() as session:
        fabriques.maison(session, nom="Ouverte")
        fabriques.maison(session, nom="Fermée", active=False)
    with reading() as session:
        assert [m.nom for m in maisons(session)] == ["Ouverte"]
        assert len(maisons(session, toutes=True)) == 2


def test_each_reading_by_an_agent_is_written_down_for_good() -> None:
    with transaction() as session:
        key = fabriques.foyer(session).id
        agent = fabriques.compte(session, Role.AGENT)
        fabriques.quotient(session, key, 640)
        seen = lire_qf(session, key, agent=agent.id, motif="vérification")
    assert [q.valeur for q in seen] == [640]
    with reading() as session:
        noted = lectures_qf(session, key)
    assert [(one.agent, one.motif) for one in noted] == [(agent.nom, "vérification")]
    with pytest.raises(DBAPIError), transaction() as session:
        session.delete(session.scalars(select(LectureQF)).one())


def test_the_history_says_how_each_quotient_stands() -> None:
    clock.set_now(CLOTURE)
    with transaction() as session:
        key = fabriques.foyer(session).id
        ago = {weeks: CLOTURE - timedelta(weeks=weeks) for weeks in (1, 2, 5, 30, 60)}
        fabriques.quotient(session, key, 1, declare_le=ago[60], verifie_le=ago[60], valide_jusqu_au=date(2026, 11, 1))
        fabriques.quotient(session, key, 2, declare_le=ago[30], verifie_le=ago[30], valide_jusqu_au=date(2027, 6, 30))
        fabriques.quotient(session, key, 3, verifie=False, declare_le=ago[5])
        fabriques.quotient(session, key, 4, verifie=False, declare_le=ago[2], refuse_le=ago[1])
        fabriques.quotient(session, key, 5, verifie=False, declare_le=ago[1])
    with reading() as session:
        seen = historique_qf(session, key)
    states = [EtatQF.A_VERIFIER, EtatQF.REFUSE, EtatQF.SANS_PREUVE, EtatQF.VERIFIE, EtatQF.EXPIRE]
    assert [(q.valeur, q.etat) for q in seen] == list(zip([5, 4, 3, 2, 1], states, strict=True))
    assert [q.valeur for q in seen if q.retenu] == [5]


def test_the_queue_holds_what_waits_in_these_maisons_oldest_first() -> None:
    with transaction() as session:
        here, there = fabriques.maison(session), fabriques.maison(session)
        mine = [fabriques.foyer(session, maison_id=here.id).id for _ in range(3)]
        other = fabriques.foyer(session, maison_id=there.id).id
        fabriques.quotient(session, mine[0], 1, verifie=False, declare_le=CLOTURE - timedelta(days=3))
        fabriques.quotient(session, mine[1], 2, verifie=False, declare_le=CLOTURE - timedelta(days=40))
        fabriques.quotient(session, mine[2], 3)
        fabriques.quotient(session, other, 4, verifie=False)
    with reading() as session, counted() as sent:
        waiting = qf_a_verifier(session, [here.id])
        assert len(qf_a_verifier(session, None)) == 3
    assert [(q.foyer_id, q.compte_encore) for q in waiting] == [(mine[1], False), (mine[0], True)]
    assert len(sent) == 2


def ville(session: Session, maison_id: int) -> dict[str, int]:
    """Households to look for; their key by the referent's name."""
    people = [
        ("Zoé", "L’Hostis"),
        ("Mohamed", "Ben Ali"),
        ("Jean-Pierre", "Müller"),
        ("Ngọc", "Nguyễn"),
        ("Ana", "Gonçalves"),
    ]
    keys = {}
    for prenom, nom in people:
        made = fabriques.foyer(session, prenom=prenom, nom=nom, maison_id=maison_id)
        keys[nom] = made.id
    return keys


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("l'hostis", "L’Hostis"),
        ("lhostis", "L’Hostis"),
        ("ZOE", "L’Hostis"),
        ("hostis zoe", "L’Hostis"),
        ("benali", "Ben Ali"),
        ("mohammed ben ali", "Ben Ali"),
        ("mouhamed", "Ben Ali"),
        ("muller", "Müller"),
        ("jean pierre", "Müller"),
        ("mueler", "Müller"),
        ("nguyen", "Nguyễn"),
        ("ngyuen", "Nguyễn"),
        ("goncalvez", "Gonçalves"),
    ],
)
def test_a_household_is_found_in_spite_of_accents_and_errors(typed: str, found: str) -> None:
    with transaction() as session:
        place = fabriques.maison(session).id
        keys = ville(session, place)
    with reading() as session, counted() as sent:
        lines = chercher_foyers(session, typed, [place])
    assert lines[0].id == keys[found]
    assert len(sent) <= 4


def test_it_is_found_by_telephone_and_e_mail() -> None:
    with transaction() as session:
        key = fabriques.foyer(session, telephone="+33612345678", email="samira@exemple.fr").id
        fabriques.foyer(session, telephone="+33698765432")
    with reading() as session:
        for typed in ("06 12 34", "0612345678", "samira@ex"):
            assert [line.id for line in chercher_foyers(session, typed, None)] == [key]


@pytest.mark.parametrize(
    "typed", ["", "  ", "…", "%", "_", "'; DROP TABLE foyer; --", "\u202e", "x" * 10_000, "🍅", "\\", "q%"]
)
def test_odd_searches_find_nobody_and_break_nothing(typed: str) -> None:
    with transaction() as session:
        ville(session, fabriques.maison(session).id)
    with reading() as session:
        assert chercher_foyers(session, typed, None) == []


def test_other_maisons_are_not_searched() -> None:
    with transaction() as session:
        here, there = fabriques.maison(session).id, fabriques.maison(session).id
        ville(session, there)
    with reading() as session:
        for typed in ("zoe", "lhotis", "ben ali"):
            assert chercher_foyers(session, typed, [here]) == []
            assert chercher_foyers(session, typed, []) == []
            assert chercher_foyers(session, typed, [there])


def test_a_sound_town_has_no_fault_and_each_fault_is_named() -> None:
    with transaction() as session:
        compte = fabriques.compte(session)
        fabriques.quotient(session, compte.foyer_id or 0, 640)
    with reading() as session:
        assert verifier(session) == []
    tamperings = {
        "personne référente": "UPDATE membre SET referent = false",
        "illisibles": "UPDATE justificatif_qf SET valeur_scellee = set_byte(valeur_scellee, 20, 0) || '\\x00'::bytea",
        "comptes fermés": "INSERT INTO connexion SELECT 'x', id, now(), now() + interval '1 day' FROM compte;"
        "UPDATE compte SET actif = false",
        "trente jours": "INSERT INTO connexion SELECT 'x', id, now(), now() + interval '40 days' FROM compte",
        "mot de passe": "UPDATE compte SET mot_de_passe = 'en clair'",
        "avant d’être déclarés": "UPDATE justificatif_qf SET verifie_le = declare_le - interval '1 day'",
        "du futur": "UPDATE justificatif_qf SET mois = '2030-01-01'",
        "introuvables": "UPDATE foyer SET nom_plie = 'autre'",
        "sans y travailler": "INSERT INTO compte_maison SELECT c.id, m.id FROM compte c, maison m",
        "qui n’est pas de l’équipe": "INSERT INTO lecture_qf (foyer_id, compte_id, motif)"
        " SELECT foyer_id, id, 'x' FROM compte",
    }
    for said, tampering in tamperings.items():
        faults = faults_after(tampering)
        assert len(faults) == 1, said
        assert said in faults[0]


def faults_after(tampering: str) -> list[str]:
    """What is found once the statement has run; it is taken back."""
    with Session(get_engine()) as session:
        session.execute(text(tampering))
        return verifier(session)
