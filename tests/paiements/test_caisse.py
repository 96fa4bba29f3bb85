"""Money at the counter: receipts, their rules, their undoing, and numbers without gap whatever happens."""

import contextlib
import os
import random
import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from kernel import clock
from kernel.db import get_engine, reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements import grand_livre, verifications
from paiements.models.en_ligne import Echeance
from paiements.models.grand_livre import CompteGL
from paiements.regie.acte import encaisse, nommer_mandataire, retirer_mandataire
from paiements.regie.caisse import annuler, encaisser
from paiements.regles.monnaie import MoyenPaiement
from tests import fabriques
from tests.paiements.guichet import FONDS, Comptoir, comptoir, recu
from tests.paiements.monde import compter, debiter

MIDI = datetime(2026, 11, 26, 16, tzinfo=UTC)


@pytest.fixture
def nu(base: str) -> Comptoir:
    """A counter on which nobody checks anything afterwards."""
    clock.set_now(MIDI)
    with transaction() as session:
        return comptoir(session)


@pytest.fixture
def ici(nu: Comptoir) -> Iterator[Comptoir]:
    """A counter where all must hold at the end of the test."""
    yield nu
    with reading() as session:
        assert verifications.verifier(session) == []


def solde(foyer_id: int) -> int:
    with reading() as session:
        return grand_livre.solde(session, foyer_id)


def numeros() -> list[int]:
    with reading() as session:
        return list(session.scalars(text("SELECT numero FROM quittance ORDER BY numero")))


def test_twenty_euros_for_five_fifty_gives_back_fourteen_fifty_and_settles(ici: Comptoir) -> None:
    debiter(ici.foyer)
    with transaction() as session:
        made = encaisser(session, recu(ici, 550, 2000), par=ici.agent)
    assert (made.numero, made.annee, made.donne, made.rendu) == (1, 2026, 2000, 1450)
    assert solde(ici.foyer) == 0
    with reading() as session:
        assert encaisse(session, ici.maison) == FONDS + 550
        assert session.query(Echeance).one().reglee_le == MIDI
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'QuittanceEmise'") == 1


def test_what_is_beyond_the_debt_stays_as_an_advance(ici: Comptoir) -> None:
    debiter(ici.foyer)
    with transaction() as session:
        encaisser(session, recu(ici, 1000, moyen=MoyenPaiement.CAP), par=ici.agent)
    assert solde(ici.foyer) == -450
    with reading() as session:
        assert encaisse(session, ici.maison, CompteGL.CAP) == 1000
        assert encaisse(session, ici.maison) == FONDS


def test_the_same_form_sent_twice_is_one_receipt(ici: Comptoir) -> None:
    form = recu(ici)
    for _ in range(2):
        with transaction() as session:
            assert encaisser(session, form, par=ici.agent).numero == 1
    assert (solde(ici.foyer), numeros()) == (-550, [1])
    with pytest.raises(Refus, match="déjà servi"), transaction() as session:
        encaisser(session, recu(ici, 700, cle=form.cle), par=ici.agent)


def test_two_clicks_at_once_are_one_receipt(ici: Comptoir) -> None:
    form, start = recu(ici), threading.Barrier(6)

    def click() -> None:
        start.wait()
        with transaction() as session:
            encaisser(session, form, par=ici.agent)

    ensemble([click] * 6)
    assert (solde(ici.foyer), numeros()) == (-550, [1])


@pytest.mark.parametrize("moyen", [MoyenPaiement.CHEQUE, MoyenPaiement.CARTE])
def test_a_cheque_or_a_ticket_has_a_number(ici: Comptoir, moyen: MoyenPaiement) -> None:
    with pytest.raises(Refus, match="numéro"), transaction() as session:
        encaisser(session, recu(ici, moyen=moyen, reference=None), par=ici.agent)


def test_beyond_the_ceiling_cash_needs_a_reason_which_is_kept(ici: Comptoir) -> None:
    with pytest.raises(Refus, match="précarité"), transaction() as session:
        encaisser(session, recu(ici, 30_001), par=ici.agent)
    with transaction() as session:
        made = encaisser(session, recu(ici, 30_001, derogation="Sans compte bancaire"), par=ici.agent)
        assert made.derogation == "Sans compte bancaire"
        assert made.numero == 1, "what was refused has used no number"


def test_the_act_says_which_means_are_taken(base: str) -> None:
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session, moyens=["especes"], rendu_monnaie=False)
    for refused in (recu(here, moyen=MoyenPaiement.CAP), recu(here, 550, 600)):
        with pytest.raises(Refus), transaction() as session:
            encaisser(session, refused, par=here.agent)


def test_before_its_act_a_regie_takes_nothing(ici: Comptoir) -> None:
    clock.set_now(datetime(2025, 12, 31, 12, tzinfo=UTC))
    with pytest.raises(Refus, match="acte de régie"), transaction() as session:
        encaisser(session, recu(ici), par=ici.agent)


def test_only_a_mandataire_and_the_regisseur_take_money(ici: Comptoir) -> None:
    with transaction() as session:
        other = fabriques.compte(session, Role.AGENT, maisons=(ici.maison,)).id
        regisseur = fabriques.compte(session, Role.REGISSEUR).id
    with pytest.raises(Refus, match="mandataire"), transaction() as session:
        encaisser(session, recu(ici), par=other)
    with transaction() as session:
        nommer_mandataire(session, ici.maison, other)
        encaisser(session, recu(ici), par=other)
        encaisser(session, recu(ici), par=regisseur)
    with transaction() as session:
        retirer_mandataire(session, compter("SELECT id FROM mandataire WHERE compte_id = :c", c=other))
    with pytest.raises(Refus, match="mandataire"), transaction() as session:
        encaisser(session, recu(ici), par=other)


def test_undoing_a_receipt_is_another_receipt_and_the_debt_is_back(ici: Comptoir) -> None:
    debiter(ici.foyer)
    with transaction() as session:
        made = encaisser(session, recu(ici), par=ici.agent)
    with transaction() as session:
        undone = annuler(session, made.id, "Mauvais foyer", par=ici.agent)
    assert (undone.numero, undone.montant, undone.annule_id) == (2, -550, made.id)
    assert solde(ici.foyer) == 550
    with reading() as session:
        assert encaisse(session, ici.maison) == FONDS
        assert session.query(Echeance).one().reglee_le is None, "what it had settled is due again"
    for key, said in ((made.id, "déjà annulée"), (undone.id, "en annule une autre")):
        with pytest.raises(Refus, match=said), transaction() as session:
            annuler(session, key, "Encore", par=ici.agent)


def test_undoing_says_why(ici: Comptoir) -> None:
    with transaction() as session:
        made = encaisser(session, recu(ici), par=ici.agent)
    with pytest.raises(Refus, match="pourquoi"), transaction() as session:
        annuler(session, made.id, "  ", par=ici.agent)


def test_the_database_refuses_to_change_or_remove_a_receipt(ici: Comptoir) -> None:
    with transaction() as session:
        encaisser(session, recu(ici), par=ici.agent)
    for statement in (
        "UPDATE quittance SET montant = 1, donne = 1",
        "DELETE FROM quittance",
        "TRUNCATE quittance CASCADE",
    ):
        with pytest.raises(Exception, match="never changed or removed"), transaction() as session:
            session.execute(text(statement))


def test_each_year_counts_from_one(ici: Comptoir) -> None:
    with transaction() as session:
        encaisser(session, recu(ici), par=ici.agent)
    clock.set_now(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))  # the New Year in Paris
    with transaction() as session:
        made = encaisser(session, recu(ici), par=ici.agent)
    assert (made.annee, made.numero) == (2027, 1)


# Numbers without gap (reliability.md, row 20).


def ensemble(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)


Take = Callable[[Session], object]


class Perdu(Exception):
    """What makes a transaction roll back after its number was given."""


def malchance(session: Session, rng: random.Random) -> None:
    """One transaction in three raises after its work, one in six loses its connection."""
    drawn = rng.random()
    if drawn < 1 / 3:
        raise Perdu
    if drawn < 1 / 2:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def rafale(take: Take, threads: int, each: int) -> None:
    """Threads take money at once, with bad luck."""

    def work(seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(each):
            with contextlib.suppress(Perdu, DBAPIError, PoolTimeout), transaction() as session:
                take(session)
                malchance(session, rng)

    ensemble([partial(work, seed) for seed in range(threads)])


@pytest.mark.parametrize(("threads", "each"), [(12, 5), pytest.param(50, 20, marks=pytest.mark.long)])
def test_numbers_have_no_gap_though_connections_are_killed(ici: Comptoir, threads: int, each: int) -> None:
    rafale(lambda session: encaisser(session, recu(ici), par=ici.agent), threads, each)
    given = numeros()
    print("receipts", len(given), "of", threads * each)
    assert given == list(range(1, len(given) + 1))
    assert threads * each / 4 < len(given) < threads * each, "some were lost on the way"
    assert solde(ici.foyer) == -550 * len(given)


def test_control_a_sequence_leaves_gaps(nu: Comptoir, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        session.execute(text("CREATE SEQUENCE numeros"))
    monkeypatch.setattr(
        "paiements.regie.caisse.numero_suivant",
        lambda session, *_: session.execute(text("SELECT nextval('numeros')")).scalar_one(),
    )
    rafale(lambda session: encaisser(session, recu(nu), par=nu.agent), 6, 5)
    given = numeros()
    assert given != list(range(1, len(given) + 1))
    with reading() as session:
        assert any("compteur n’a pas donné" in fault for fault in verifications.verifier(session))


def test_a_worker_killed_between_number_and_commit_leaves_no_gap(ici: Comptoir) -> None:
    """SIGKILL of the process itself: PostgreSQL gives the number back."""
    get_engine().dispose()
    child = os.fork()
    if child == 0:
        with transaction() as session:
            encaisser(session, recu(ici), par=ici.agent)
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    with transaction() as session:
        assert encaisser(session, recu(ici, cle=uuid.uuid4()), par=ici.agent).numero == 1
    assert numeros() == [1]


# `flask verifier` on the régie: each alteration is named.

ALTERATIONS = {
    "UPDATE quittance SET numero = 7 WHERE numero = 2": "ont un trou",
    "UPDATE compteur_regie SET dernier = 9": "ont un trou",
    "UPDATE quittance SET annee = 2025 WHERE numero = 1": "compteur n’a pas donné",
    "UPDATE quittance SET montant = montant + 1, donne = donne + 1 WHERE annule_id IS NULL": "n’a pas son écriture",
    "UPDATE quittance SET moyen = 'cap' WHERE numero = 1": "n’a pas son écriture",
    "UPDATE quittance SET montant = -1, donne = -1 WHERE annule_id IS NOT NULL": "n’annule pas exactement",
    "DELETE FROM quittance WHERE annule_id IS NOT NULL": "sans quittance d’annulation",
    "DELETE FROM quittance WHERE numero = 3": "une quittance qui n’existe pas",
    "UPDATE caisse SET fonds = fonds + 1": "a un fonds de",
    "UPDATE mouvement SET montant = -99999 WHERE compte = 'caisse'": "est négatif",
}


def test_each_alteration_of_the_regie_is_named(ici: Comptoir) -> None:
    with transaction() as session:
        first = encaisser(session, recu(ici), par=ici.agent)
        annuler(session, first.id, "Mauvais foyer", par=ici.agent)
        encaisser(session, recu(ici, moyen=MoyenPaiement.CHEQUE), par=ici.agent)
    for alteration, mot in ALTERATIONS.items():
        with transaction() as session:
            for table in ("mouvement", "ecriture", "quittance"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
            session.execute(text(alteration))
            fautes = verifications.verifier(session)
            assert any(mot in faute for faute in fautes), f"{alteration} → {fautes}"
            session.rollback()
