"""The ledger: every entry sums to zero, nothing is ever changed, a key is booked once."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kernel.db import transaction
from paiements import echeances, grand_livre
from paiements.grand_livre import APasser, Ligne
from paiements.models.grand_livre import CompteGL
from tests import fabriques
from tests.paiements.monde import compter

JOUR = date(2026, 11, 26)
MONTANTS = st.integers(-10_000, 10_000).filter(bool)


@pytest.fixture
def foyer_id(base: str) -> int:
    with transaction() as session:
        return fabriques.foyer(session).id


def paniers(foyer_id: int, montant: int) -> list[Ligne]:
    return [Ligne(CompteGL.FOYER, montant, foyer_id=foyer_id), Ligne(CompteGL.ACHATS, -montant)]


def test_a_basket_costs_its_household_its_price_and_the_ccas_the_rest(foyer_id: int) -> None:
    with transaction() as session:
        assert grand_livre.debiter_paniers(session, JOUR, "Panier", [(1, foyer_id, 550, 750)]) == 1
        assert grand_livre.debiter_paniers(session, JOUR, "Panier", [(2, foyer_id, 900, 750)]) == 1
        assert grand_livre.debiter_paniers(session, JOUR, "Panier", [(3, foyer_id, 750, 750)]) == 1
        assert grand_livre.debiter_paniers(session, JOUR, "Panier", [(1, foyer_id, 550, 750)]) == 0
        soldes = {compte: grand_livre.solde_du_compte(session, compte) for compte in CompteGL}
    assert soldes[CompteGL.FOYER] == 2_200
    assert soldes[CompteGL.PARTICIPATION_CCAS] == 200 - 150
    assert soldes[CompteGL.ACHATS] == -2_250
    assert compter("SELECT count(*) FROM mouvement") == 8, "no movement of zero"


def test_a_balance_is_explained_line_by_line(foyer_id: int) -> None:
    with transaction() as session:
        grand_livre.passer(session, cle="a", jour=JOUR, libelle="Panier", mouvements=paniers(foyer_id, 550))
        grand_livre.passer(session, cle="b", jour=JOUR, libelle="Payé", mouvements=paniers(foyer_id, -300))
        lignes = grand_livre.lignes_du_compte(session, foyer_id)
        assert [(ligne.libelle, ligne.montant, ligne.solde) for ligne in lignes] == [
            ("Panier", 550, 550),
            ("Payé", -300, 250),
        ]
        assert grand_livre.solde(session, foyer_id) == 250
        assert grand_livre.soldes(session, [foyer_id, foyer_id + 1]) == {foyer_id: 250, foyer_id + 1: 0}


def test_a_reversal_mirrors_its_entry_once(foyer_id: int) -> None:
    with transaction() as session:
        ecriture = grand_livre.passer(session, cle="a", jour=JOUR, libelle="x", mouvements=paniers(foyer_id, 550))
        assert ecriture is not None
        assert grand_livre.contrepasser(session, ecriture, "Panier annulé : neige") is not None
        assert grand_livre.contrepasser(session, ecriture, "Panier annulé : neige") is None
        assert grand_livre.solde(session, foyer_id) == 0


def test_an_unbalanced_entry_is_refused_here_and_by_the_database(foyer_id: int) -> None:
    boiteuse = [Ligne(CompteGL.FOYER, 550, foyer_id=foyer_id), Ligne(CompteGL.ACHATS, -549)]
    with transaction() as session, pytest.raises(ValueError, match="sum to zero"):
        grand_livre.passer(session, cle="a", jour=JOUR, libelle="x", mouvements=boiteuse)
    with pytest.raises(IntegrityError, match="sum to zero"), transaction() as session:
        session.execute(text(f"{ECRITURE} {UN_SEUL_MOUVEMENT}"))


ECRITURE = (
    "WITH e AS (INSERT INTO ecriture (cle, jour, libelle, passee_le) VALUES ('z', now(), 'x', now()) RETURNING id)"
)
UN_SEUL_MOUVEMENT = "INSERT INTO mouvement (ecriture_id, compte, montant) SELECT id, 'achats', 1 FROM e"
ALTERATIONS = [
    "UPDATE mouvement SET montant = montant + 1",
    "DELETE FROM mouvement",
    "UPDATE ecriture SET libelle = 'autre'",
    "DELETE FROM ecriture",
    "TRUNCATE mouvement",
    "TRUNCATE ecriture CASCADE",
]


def test_the_database_refuses_to_change_the_past(foyer_id: int) -> None:
    with transaction() as session:
        grand_livre.passer(session, cle="a", jour=JOUR, libelle="x", mouvements=paniers(foyer_id, 550))
    for alteration in ALTERATIONS:
        with pytest.raises(DBAPIError, match="never changed"), transaction() as session:
            session.execute(text(alteration))


def test_control_without_its_triggers_the_database_lets_the_past_be_changed(foyer_id: int) -> None:
    with transaction() as session:
        grand_livre.passer(session, cle="a", jour=JOUR, libelle="x", mouvements=paniers(foyer_id, 550))
        for table in ("mouvement", "ecriture"):
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    for alteration in [f"{ECRITURE} {UN_SEUL_MOUVEMENT}", *ALTERATIONS]:
        with transaction() as session:
            session.execute(text(alteration))


def test_ten_thousand_households_fall_due_in_two_statements_a_lot(base: str, queries: list[str]) -> None:
    with transaction() as session:
        maison = fabriques.maison(session)
        session.execute(
            text(
                "INSERT INTO foyer (nom, nom_plie, maison_id, canal, cree_le)"
                " SELECT 'F' || n, 'f' || n, :maison, 'papier', now() FROM generate_series(1, 10000) n"
            ),
            {"maison": maison.id},
        )
        session.execute(
            text(
                "INSERT INTO reglement (foyer_id, mode, client_stripe) SELECT id, 'carte', 'cus_' || id FROM foyer;"
                "INSERT INTO carte (foyer_id, stripe_id, marque, derniers_chiffres, expire_mois, expire_annee,"
                " enregistree_le) SELECT id, 'pm_' || id, 'visa', '4242', 12, 2034, now() FROM foyer"
            )
        )
        foyers = list(session.execute(text("SELECT id FROM foyer")).scalars())
        debits = [(n, foyer_id, 550, 750) for n, foyer_id in enumerate(foyers)]
        queries.clear()
        assert grand_livre.debiter_paniers(session, JOUR, "Panier", debits) == 10_000
        montants = dict.fromkeys(foyers, 550)
        opened = echeances.ouvrir_en_lot(
            session, cle="2026-W48", libelle="x", montants=montants, instant=fabriques.DEBUT
        )
        again = echeances.ouvrir_en_lot(
            session, cle="2026-W48", libelle="x", montants=montants, instant=fabriques.DEBUT
        )
        assert (opened, again) == (10_000, 0)
        lots = 10_000 // echeances.PAR_LOT
        assert len(queries) <= 1 + 3 * lots, "to open, to ask for the charges, and to find that all is open"
    assert compter("SELECT count(*) FROM paiement WHERE etat = 'prepare'") == 10_000
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'PrelevementDemande'") == 10_000


@pytest.fixture
def queries(base: str) -> Iterator[list[str]]:
    """The statements that this process sends to the database."""
    from sqlalchemy import event  # noqa: PLC0415

    from kernel.db import get_engine  # noqa: PLC0415

    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(get_engine(), "before_cursor_execute", note)
    yield sent
    event.remove(get_engine(), "before_cursor_execute", note)


class GrandLivre(RuleBasedStateMachine):
    """Random bookings against a model: a dictionary of balances and the set of keys."""

    foyers: tuple[int, int]

    def __init__(self) -> None:
        super().__init__()
        self.suite = next(_suites)
        self.soldes = dict.fromkeys(self.foyers, 0)
        self.passees: dict[str, tuple[int, dict[int, int]]] = {}
        self.annulees: set[str] = set()
        with transaction() as session:
            self.depart = grand_livre.soldes(session, list(self.foyers))

    @rule(cle=st.integers(0, 15), montants=st.lists(MONTANTS, min_size=1, max_size=4), lequel=st.integers(0, 1))
    def passer(self, cle: int, montants: list[int], lequel: int) -> None:
        foyer_id = self.foyers[lequel]
        lignes = [Ligne(CompteGL.FOYER, montant, foyer_id=foyer_id) for montant in montants]
        if sum(montants):
            lignes.append(Ligne(CompteGL.STRIPE, -sum(montants)))
        nom = f"{self.suite}:{cle}"
        with transaction() as session:
            faites = grand_livre.passer_en_lot(session, [APasser(nom, JOUR, "essai", lignes)])
        assert bool(faites) == (nom not in self.passees)
        if faites:
            self.passees[nom] = (faites[nom], {foyer_id: sum(montants)})
            self.soldes[foyer_id] += sum(montants)

    @rule(panier=st.integers(0, 15), prix=st.integers(400, 900), cout=st.integers(600, 900), lequel=st.integers(0, 1))
    def debiter(self, panier: int, prix: int, cout: int, lequel: int) -> None:
        foyer_id, panier_id = self.foyers[lequel], self.suite * 100 + panier
        nom = f"panier:{panier_id}"
        with transaction() as session:
            fait = grand_livre.debiter_paniers(session, JOUR, "Panier", [(panier_id, foyer_id, prix, cout)])
            ecriture = grand_livre.ecriture_de(session, nom)
        assert fait == (nom not in self.passees)
        assert ecriture is not None
        if fait:
            self.passees[nom] = (ecriture.id, {foyer_id: prix})
            self.soldes[foyer_id] += prix

    @rule(data=st.data())
    def contrepasser(self, data: st.DataObject) -> None:
        if not self.passees:
            return
        nom = data.draw(st.sampled_from(sorted(self.passees)))
        ecriture_id, effet = self.passees[nom]
        with transaction() as session:
            fait = grand_livre.contrepasser(session, ecriture_id, "essai")
        assert (fait is not None) == (nom not in self.annulees)
        if fait:
            self.annulees.add(nom)
            for foyer_id, montant in effet.items():
                self.soldes[foyer_id] -= montant

    @invariant()
    def les_comptes_sont_justes(self) -> None:
        with transaction() as session:
            lus = grand_livre.soldes(session, list(self.foyers))
            assert {f: lus[f] - self.depart[f] for f in self.foyers} == self.soldes
            for foyer_id in self.foyers:
                lignes = grand_livre.lignes_du_compte(session, foyer_id)
                assert (lignes[-1].solde if lignes else 0) == lus[foyer_id]
            assert sum(grand_livre.solde_du_compte(session, compte) for compte in CompteGL) == 0


_suites = iter(range(1, 1_000_000))


@pytest.mark.parametrize("examples", [15, pytest.param(300, marks=pytest.mark.long)])
def test_whatever_is_booked_in_whatever_order_the_balances_are_the_models(base: str, examples: int) -> None:
    with transaction() as session:
        GrandLivre.foyers = (fabriques.foyer(session).id, fabriques.foyer(session).id)
    quiet = settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(GrandLivre, settings=quiet)
