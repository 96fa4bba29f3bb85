"""Households, a till and Stripe together, in any order, with lost replies: a stateful model of the money.

Whatever comes after what, each household's balance is what the model says, the rules of `flask verifier` are green, and
once everything is quiet the reconciliation finds nothing.
"""

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from paiements import aides, avoirs, echeances, grand_livre, passerelle, verifications
from paiements.en_ligne import checkout, litiges, prelevements, remboursements
from paiements.models.en_ligne import ConditionEnLigne
from paiements.passerelle import Indisponible, Ordre, prestataire_stripe
from paiements.rapprochement import nuit, queries
from paiements.regie import caisse, versements
from paiements.regles.monnaie import MoyenPaiement
from tests import fabriques
from tests.demo.outside_world import Outside, free_port, running
from tests.paiements import guichet
from tests.paiements.conftest import brancher
from tests.paiements.monde import CLE, SECRET, StripeLocal, foyer_par_carte, page_id

PANNES = ("aucune", "aucune", "drop_after", "drop_before")
QUI = st.integers(0, 2)
CENTIMES = st.integers(50, 2_000)
CHOIX = st.integers(0, 9)
GESTES = (
    *["un_panier", "la_carte_est_debitee"] * 3,
    "un_panier_est_annule",
    "la_famille_paie_en_ligne",
    "la_caisse_encaisse",
    "une_quittance_est_annulee",
    "la_caisse_verse",
    "le_ccas_aide",
    "de_l_argent_est_rendu",
    "une_banque_reprend",
    "le_litige_se_clot",
)
VERIFIER_TOUS_LES = 10
EXEMPLES = 28

_SOLDES = text(
    """
    SELECT f.id, (SELECT coalesce(sum(montant), 0) FROM mouvement WHERE foyer_id = f.id) AS solde,
           (SELECT coalesce(sum(montant), 0) FROM paiement WHERE foyer_id = f.id AND etat = 'reussi') AS pris,
           (SELECT coalesce(sum(montant), 0) FROM remboursement WHERE foyer_id = f.id AND etat = 'fait') AS rendu,
           (SELECT coalesce(sum(montant), 0) FROM litige WHERE foyer_id = f.id AND etat <> 'gagne') AS repris
    FROM foyer f WHERE f.id = ANY(CAST(:foyers AS bigint[]))
    """
)


_VU = text(
    """
    SELECT 'debits reussis' AS quoi, count(*) AS nombre FROM paiement WHERE nature = 'prelevement' AND etat = 'reussi'
    UNION ALL SELECT 'debits refuses', count(*) FROM paiement WHERE nature = 'prelevement' AND etat = 'refuse'
    UNION ALL SELECT 'reponses perdues', count(DISTINCT paiement_id) FROM paiement_etape WHERE vers = 'inconnu'
    UNION ALL SELECT 'payes en ligne', count(*) FROM paiement WHERE nature <> 'prelevement' AND etat = 'reussi'
    UNION ALL SELECT 'rendus', count(*) FROM remboursement WHERE etat = 'fait'
    UNION ALL SELECT 'repris', count(*) FROM litige
    UNION ALL SELECT 'litiges gagnes', count(*) FROM litige WHERE etat = 'gagne'
    UNION ALL SELECT 'aides', count(*) FROM aide
    UNION ALL SELECT 'quittances annulees', count(*) FROM quittance WHERE annule_id IS NOT NULL
    UNION ALL SELECT 'versements', count(*) FROM versement
    """
)


@dataclass(frozen=True)
class Tirage:
    """What a gesture may need: centimes, how Stripe fails meanwhile, and a figure that chooses."""

    montant: int
    panne: str
    choix: int


@dataclass
class Modele:
    """What the model knows of a household, in centimes; what Stripe took is read from its payments."""

    id: int
    du: int = 0
    paniers: dict[str, tuple[str, int]] = field(default_factory=dict)


class Argent(RuleBasedStateMachine):
    """Three households (two by card), one till."""

    stripe: ClassVar[StripeLocal]
    lieu: ClassVar[guichet.Comptoir]
    pas: ClassVar[int] = 0
    numero: ClassVar[int] = 0

    @initialize()
    def des_foyers(self) -> None:
        with transaction() as session:
            counter = fabriques.foyer(session, maison_id=self.lieu.maison).id
        self.foyers = [Modele(foyer_par_carte(self.stripe)[0]) for _ in range(2)] + [Modele(counter)]
        self.quittances: list[tuple[Modele, int, int]] = []
        self.litiges: list[str] = []

    # One rule that draws its gesture: rules of their own would be left out of whole examples at a time.
    @rule(geste=st.sampled_from(GESTES), qui=QUI, montant=CENTIMES, panne=st.sampled_from(PANNES), choix=CHOIX)
    def un_geste(self, geste: str, qui: int, montant: int, panne: str, choix: int) -> None:
        getattr(self, geste)(self.foyers[qui], Tirage(montant, panne, choix))

    def un_panier(self, house: Modele, tire: Tirage) -> None:
        number, prix = self._suivant(), tire.montant
        cle, label = f"2026-W{number}", "Panier"
        with transaction() as session:
            grand_livre.debiter_paniers(session, clock.today(), label, [(number, house.id, prix, prix + 200)])
            amounts = {house.id: prix}
            echeances.ouvrir_en_lot(session, cle=cle, libelle=label, montants=amounts, instant=clock.now())
        house.du += prix
        house.paniers[f"panier:{number}"] = (cle, prix)

    def un_panier_est_annule(self, house: Modele, tire: Tirage) -> None:
        if not house.paniers:
            return
        entry = sorted(house.paniers)[tire.choix % len(house.paniers)]
        cle, prix = house.paniers.pop(entry)
        with transaction() as session:
            assert grand_livre.contrepasser_en_lot(session, [entry], "Annulé") == 1
            avoirs.alleger(session, cle=cle, montants={house.id: prix}, instant=clock.now())
        house.du -= prix

    def la_carte_est_debitee(self, house: Modele, tire: Tirage) -> None:
        waiting = self._lire(
            "SELECT id FROM paiement WHERE foyer_id = :foyer AND nature = 'prelevement'"
            " AND etat IN ('prepare', 'inconnu') ORDER BY id LIMIT 1",
            foyer=house.id,
        )
        if waiting is None:
            return
        card = self._lire("SELECT stripe_id FROM carte WHERE foyer_id = :foyer", foyer=house.id)
        self.stripe.poster_local(f"cartes/{card}", outcome="generic_decline" if tire.choix < 2 else "ok")
        with self._en_panne(tire.panne, "POST /v1/payment_intents"), suppress(Indisponible):
            prelevements.prelever(waiting)

    def la_famille_paie_en_ligne(self, house: Modele, tire: Tirage) -> None:
        with suppress(Refus):
            page = checkout.ouvrir_paiement_en_ligne(house.id, avance=tire.montant if tire.choix < 3 else None)
            self.stripe.payer_page(page)
            for cause in ("retour", "webhook"):
                checkout.conclure_page(page_id(page), cause)

    def la_caisse_encaisse(self, house: Modele, tire: Tirage) -> None:
        moyen = MoyenPaiement.CHEQUE if tire.choix < 3 else MoyenPaiement.ESPECES
        form = guichet.recu(self.lieu, tire.montant, moyen=moyen, foyer_id=house.id)
        for _ in range(2):  # the form is sent twice
            with transaction() as session:
                caisse.encaisser(session, form, par=self.lieu.agent)
        house.du -= tire.montant
        receipt = self._lire("SELECT id FROM quittance WHERE cle = :cle", cle=form.cle)
        self.quittances.append((house, receipt, tire.montant))

    def une_quittance_est_annulee(self, _house: Modele, tire: Tirage) -> None:
        if not self.quittances:
            return
        house, receipt, montant = self.quittances.pop(tire.choix % len(self.quittances))
        with suppress(Refus), transaction() as session:  # what is deposited, or not in the till, cannot be undone
            caisse.annuler(session, receipt, "Erreur", par=self.lieu.agent)
            house.du += montant

    def la_caisse_verse(self, _house: Modele, tire: Tirage) -> None:
        with suppress(Refus), transaction() as session:
            versements.verser(session, self.lieu.maison, tire.montant, par=self.lieu.agent)

    def le_ccas_aide(self, house: Modele, tire: Tirage) -> None:
        with suppress(Refus), transaction() as session:
            aides.accorder(session, house.id, montant=tire.montant, motif="Fin de mois", par=None)
            house.du -= tire.montant

    def de_l_argent_est_rendu(self, house: Modele, tire: Tirage) -> None:
        paid = self._un_paiement(house)
        if paid is None:
            return
        with suppress(Refus):
            with transaction() as session:
                back = remboursements.demander(session, paid, montant=tire.montant, motif="Avance", par=None)
            with self._en_panne(tire.panne, "POST /v1/refunds"), suppress(Indisponible):
                remboursements.rembourser(back)

    def une_banque_reprend(self, house: Modele, _tire: Tirage) -> None:
        paid = self._un_paiement(house)
        if paid is None or self._lire("SELECT id FROM litige WHERE paiement_id = :p", p=paid):
            return
        intention = self._lire("SELECT stripe_id FROM paiement WHERE id = :p", p=paid)
        taken = self.stripe.poster_local("litiges", payment_intent=intention)["id"]
        for _ in range(2):
            litiges.conclure_litige(taken)
        self.litiges.append(taken)

    def le_litige_se_clot(self, _house: Modele, tire: Tirage) -> None:
        if self.litiges:
            closed = self.litiges.pop(0)
            self.stripe.poster_local(f"litiges/{closed}", status="won" if tire.choix < 5 else "lost")
            for _ in range(2):
                litiges.conclure_litige(closed)

    @invariant()
    def chaque_solde_est_celui_du_modele(self) -> None:
        Argent.pas += 1
        if not hasattr(self, "foyers"):
            return
        with reading() as session:
            for row in session.execute(_SOLDES, {"foyers": [one.id for one in self.foyers]}):
                known = next(one.du for one in self.foyers if one.id == row.id)
                assert row.solde == known - row.pris + row.rendu + row.repris
            if Argent.pas % VERIFIER_TOUS_LES == 0:
                assert verifications.verifier(session) == []

    def teardown(self) -> None:
        """Everything that was left open is taken up again; then Stripe, ledger and till say the same."""
        self.stripe.reparer()
        for paid in self._tous("SELECT id FROM paiement WHERE etat = 'inconnu' AND nature = 'prelevement'"):
            prelevements.prelever(paid)
        for back in self._tous("SELECT id FROM remboursement WHERE etat IN ('prepare', 'inconnu')"):
            remboursements.rembourser(back)
        clock.set_now(clock.now() + timedelta(hours=1))
        try:
            nuit.rapprocher_le(clock.today())
            with reading() as session:
                assert queries.ecarts(session) == []
        finally:
            clock.set_now(None)
            with reading() as session:
                assert verifications.verifier(session) == []

    @contextmanager
    def _en_panne(self, panne: str, route: str) -> Iterator[None]:
        """Stripe does it and its reply is lost, or never hears of it; the library tries once more by itself."""
        if panne != "aucune":
            for _ in range(2):
                self.stripe.panne(panne, route)
        yield
        if panne != "aucune":
            self.stripe.reparer()

    def _un_paiement(self, house: Modele) -> Any:
        found = "SELECT id FROM paiement WHERE foyer_id = :foyer AND etat = 'reussi' ORDER BY id DESC LIMIT 1"
        return self._lire(found, foyer=house.id)

    @staticmethod
    def _lire(sql: str, **values: Any) -> Any:
        with reading() as session:
            return session.execute(text(sql), values).scalar()

    @staticmethod
    def _tous(sql: str) -> list[int]:
        with reading() as session:
            return list(session.scalars(text(sql)))

    @staticmethod
    def _suivant() -> int:
        Argent.numero += 1
        return Argent.numero


def vu() -> dict[str, int]:
    """How often each thing has come to pass that a model must have met."""
    with reading() as session:
        return {row.quoi: row.nombre for row in session.execute(_VU)}


@pytest.fixture
def argent(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Argent]]:
    """The machine, in a town with one till and a Stripe of its own."""
    arguments = ["--state", str(tmp_path / "stripe.db"), "--secret-key", CLE, "--webhook-secret", SECRET]
    for outside in running(Outside("demo.stripe_local", arguments, free_port(), "/_local/sante")):
        brancher(monkeypatch, outside.url)
        with transaction() as session:
            given = {"jour_du_mois": 5, "avance_max": 10_000, "reprises": {}, "remboursement": True}
            session.add(ConditionEnLigne(effet_le=date(2026, 1, 1), **given))
            Argent.lieu = guichet.comptoir(session)
        Argent.stripe, Argent.pas, Argent.numero = StripeLocal(outside.url), 0, 0
        yield Argent
    prestataire_stripe.oublier_client()


def marcher(machine: type[Argent], graine: int, histoires: int, pas: int = 50) -> None:
    """The same machine driven by a seed alone, for Hypothesis would keep a tree of all that it has drawn."""
    drawn = random.Random(graine)
    for _ in range(histoires):
        town = machine()
        town.des_foyers()
        for _ in range(pas):
            gesture = {"geste": drawn.choice(GESTES), "panne": drawn.choice(PANNES), "qui": drawn.randint(0, 2)}
            town.un_geste(**gesture, montant=drawn.randint(50, 2_000), choix=drawn.randint(0, 9))
            town.chaque_solde_est_celui_du_modele()
        town.teardown()


def jouer(machine: type[Argent], exemples: int, pas: int = 50) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=exemples,
            stateful_step_count=pas,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_thousand_steps_of_households_till_and_stripe_keep_every_rule(argent: type[Argent]) -> None:
    jouer(argent, EXEMPLES)
    assert argent.pas >= 1_000
    assert all(vu().values()), vu()


@pytest.mark.long
@pytest.mark.parametrize("graine", range(80))
def test_a_hundred_thousand_steps_keep_every_rule(argent: type[Argent], graine: int) -> None:
    """Eighty towns: after each of its histories the whole of a town is verified, and all of its Stripe read again."""
    marcher(argent, graine, histoires=25)
    assert argent.pas >= 100_000 / 80


def test_the_model_finds_a_worker_that_asks_with_a_new_key(
    argent: type[Argent], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = prestataire_stripe.prelever

    def autre_cle(ordre: Ordre) -> passerelle.Resultat:
        return asked(Ordre(str(uuid.uuid4()), ordre.montant, ordre.client, ordre.carte, ordre.libelle))

    monkeypatch.setattr(prestataire_stripe, "prelever", autre_cle)
    monkeypatch.setattr(prestataire_stripe, "retrouver", lambda client, cle: None)
    with pytest.raises(AssertionError):
        jouer(argent, EXEMPLES)
