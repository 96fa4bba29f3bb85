"""No hand-out: skipped before the cut-off, cancelled and credited after it, or at another maison instead."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import text

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from paiements import verifications as verifications_paiements
from paiements.en_ligne.avancement import Encaissement, encaisser, verrouiller
from paiements.models.en_ligne import Carte, Reglement
from paiements.regles.etats import Etat
from paniers import verifications
from paniers.annulations import Annulation, accueillir, annuler
from paniers.cloture import cloturer
from paniers.commandes import commander
from paniers.distributions import Horaire, deplacer, retablir
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import Semaine
from paniers.retraits import Moyen, Verdict, remettre
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

HABITANTS = ((0, 1, 300), (0, 2, 700), (0, 1, None), (1, 1, 900))
"""Maison, baskets, quotient."""
NEIGE = "neige, routes fermées"
MATIN = paris(JEUDI, time(8))


def peuple() -> Bourg:
    """Three households here (one pays by card, one takes two baskets), one there; the first week is composed."""
    with transaction() as session:
        made = batir(session)
        for number, (rank, nombre, quotient) in enumerate(HABITANTS):
            place = made.maisons[rank]
            foyer = fabriques.foyer(session, maison_id=place).id
            fabriques.abonnement(session, foyer, place, nombre=nombre)
            if quotient is not None:
                fabriques.quotient(session, foyer, quotient)
            if number == 0:
                session.add(Reglement(foyer_id=foyer, mode="carte", client_stripe="cus_1"))
                session.flush()
                session.add(
                    Carte(
                        foyer_id=foyer, stripe_id="pm_1", marque="visa", derniers_chiffres="4242", expire_mois=1,
                        expire_annee=2034, enregistree_le=fabriques.DEBUT,
                    )
                )  # fmt: skip
        offer = fabriques.offre(session, made.semaine, fabriques.producteur(session).id, fabriques.produit(session).id)
        fabriques.composition(session, made.semaine, {offer.id: 3_500})
    return made


@pytest.fixture
def bourg(base: str) -> Bourg:
    return peuple()


def cloturee(bourg: Bourg) -> None:
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))


def commandee(bourg: Bourg) -> None:
    cloturee(bourg)
    with transaction() as session:
        commander(session, bourg.semaine, instant=bourg.apres(hours=7))


def fermer(bourg: Bourg, maison: int | None = None, instant: datetime | None = None) -> Annulation:
    clock.set_now(instant or MATIN)
    with transaction() as session:
        return annuler(session, bourg.semaine, maison, motif=NEIGE, instant=instant or MATIN)


def prelever(etat: Etat = Etat.REUSSI) -> None:
    """The card has been charged, or is being so."""
    with transaction() as session:
        (paiement_id,) = session.scalars(text("SELECT id FROM paiement")).all()
        paiement = verrouiller(session, paiement_id)
        paiement.etat, paiement.tente_le = Etat.INCONNU, clock.now()
        session.execute(
            text("INSERT INTO paiement_etape (paiement_id, de, vers, cause) VALUES (:p, 'prepare', 'inconnu', 'x')"),
            {"p": paiement_id},
        )
        if etat is Etat.REUSSI:
            encaisser(session, paiement, Encaissement("pi_1", paiement.montant), "essai")


def tout_tient() -> None:
    clock.set_now(MATIN)
    with reading() as session:
        assert verifications.verifier(session) == []
        assert [f for f in verifications_paiements.verifier(session) if "attend la réponse" not in f] == []


def comptes() -> dict[str, int]:
    """The ledger by account, told by a query of this file."""
    with reading() as session:
        rows = session.execute(text("SELECT compte, sum(montant) FROM mouvement GROUP BY 1"))
        return {account: int(amount) for account, amount in rows}


# Before the cut-off.


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


# After it.


def test_before_the_orders_nothing_is_left_to_bear(bourg: Bourg) -> None:
    cloturee(bourg)
    done = fermer(bourg, bourg.maisons[0])
    assert (done.paniers, done.foyers, done.montant) == (4, 3, 400 + 2 * 550 + 900)
    assert comptes() == {"foyer": 700, "participation_ccas": 50, "achats": -750}
    with transaction() as session:
        (order,) = commander(session, bourg.semaine, instant=MATIN)
    assert compter("SELECT sum(quantite) FROM commande_ligne WHERE maison_id IS NOT NULL") == 3_500
    assert order.total_ht
    tout_tient()


def test_after_the_orders_the_ccas_bears_what_was_ordered(bourg: Bourg) -> None:
    commandee(bourg)
    before = comptes()
    fermer(bourg, bourg.maisons[0])
    after = comptes()
    assert after["foyer"] == before["foyer"] - 2_400 == 700
    assert after["participation_ccas"] == before["participation_ccas"] + 2_400
    assert after.get("achats", 0) == before.get("achats", 0) == 0
    assert after["producteurs"] == before["producteurs"]
    tout_tient()


def test_a_whole_week_is_cancelled(bourg: Bourg) -> None:
    commandee(bourg)
    done = fermer(bourg)
    assert done.paniers == 5
    assert comptes().get("foyer", 0) == 0
    assert compter("SELECT count(*) FROM panier WHERE etat <> 'annule'") == 0
    with reading() as session:
        assert session.get_one(Semaine, bourg.semaine).etat == "annulee"
    tout_tient()


def test_twice_is_once(bourg: Bourg) -> None:
    commandee(bourg)
    first, again = fermer(bourg, bourg.maisons[0]), fermer(bourg, bourg.maisons[0])
    assert (again.deja_faite, again.decision_id) == (True, first.decision_id)
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 3
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'DistributionDecidee'") == 1


def test_two_who_cancel_at_once_cancel_once(bourg: Bourg) -> None:
    commandee(bourg)
    clock.set_now(MATIN)
    outcomes = ensemble(
        [lambda session: annuler(session, bourg.semaine, bourg.maisons[0], motif=NEIGE, instant=MATIN)] * 4
    )
    done = [outcome for outcome in outcomes if isinstance(outcome, Annulation)]
    assert sorted(outcome.deja_faite for outcome in done) == [False, True, True, True]
    assert compter("SELECT count(*) FROM ecriture WHERE contrepasse_id IS NOT NULL") == 3
    tout_tient()


def test_a_basket_is_either_handed_out_or_cancelled(bourg: Bourg) -> None:
    """An agent and the coordination at the same instant: one of them is told."""
    commandee(bourg)
    clock.set_now(MATIN)
    basket = compter("SELECT min(id) FROM panier WHERE maison_id = :m", m=bourg.maisons[0])
    with transaction() as session:
        agent = fabriques.compte(session).id
    ensemble(
        [
            lambda session: annuler(session, bourg.semaine, bourg.maisons[0], motif=NEIGE, instant=MATIN),
            lambda session: remettre(session, basket, par=agent, moyen=Moyen.LISTE, maisons=None, instant=MATIN),
        ]
    )
    given = compter("SELECT count(*) FROM panier WHERE etat = 'remis'")
    assert given + compter("SELECT count(DISTINCT distribution_id) FROM panier_decision") == 1
    tout_tient()


def test_once_baskets_are_handed_out_it_is_too_late(bourg: Bourg) -> None:
    commandee(bourg)
    with transaction() as session:
        agent = fabriques.compte(session).id
        basket = session.scalars(text("SELECT min(id) FROM panier")).one()
        assert (
            remettre(session, basket, par=agent, moyen=Moyen.LISTE, maisons=None, instant=MATIN).verdict
            is Verdict.REMIS
        )
    for place in (None, bourg.maisons[0]):
        with pytest.raises(Refus, match="déjà été remis"):
            fermer(bourg, place)
    tout_tient()


@pytest.mark.parametrize("etat", ["terminee"])
def test_a_week_that_is_over_is_not_cancelled(bourg: Bourg, etat: str) -> None:
    commandee(bourg)
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e WHERE id = :s"), {"e": etat, "s": bourg.semaine})
    with pytest.raises(Refus, match="Choisissez une autre semaine"):
        fermer(bourg, bourg.maisons[0])


def test_baskets_go_to_another_maison_instead_with_new_numbers(bourg: Bourg) -> None:
    here, there = bourg.maisons
    commandee(bourg)
    before = comptes()
    with transaction() as session:
        for _ in range(2):
            accueillir(session, bourg.semaine, here, there, motif="panne de chauffage", instant=MATIN)
    assert comptes() == before
    with reading() as session:
        rows = session.execute(text("SELECT maison_id, numero FROM panier ORDER BY numero")).all()
    assert [tuple(row) for row in rows] == [(there, 1), (there, 2), (there, 3), (there, 4)]
    tout_tient()


def test_baskets_taken_in_elsewhere_are_cancelled_there_with_the_others(bourg: Bourg) -> None:
    here, there = bourg.maisons
    commandee(bourg)
    with transaction() as session:
        accueillir(session, bourg.semaine, here, there, motif="panne", instant=MATIN)
    assert fermer(bourg, there, MATIN + timedelta(hours=2)).paniers == 5
    assert comptes().get("foyer", 0) == 0
    tout_tient()


@pytest.mark.parametrize("chez", [0, -1, 1])
def test_a_maison_that_does_not_hand_out_takes_nobody_in(bourg: Bourg, chez: int) -> None:
    here, there = bourg.maisons
    host = {0: here, -1: 999_999, 1: there}[chez]
    if chez == 1:
        fermer(bourg, there, bourg.avant(days=2))
    with pytest.raises(Refus), transaction() as session:
        accueillir(session, bourg.semaine, here, host, motif="panne", instant=bourg.avant(days=1))


def test_the_database_lets_a_basket_change_maison_by_a_decision_only(bourg: Bourg) -> None:
    commandee(bourg)
    with pytest.raises(Exception, match="by a decision"), transaction() as session:
        session.execute(text("UPDATE panier SET maison_id = :m, numero = numero + 90"), {"m": bourg.maisons[1]})


def test_a_cancelled_hand_out_does_not_move_any_more(bourg: Bourg) -> None:
    commandee(bourg)
    fermer(bourg, bourg.maisons[0])
    with pytest.raises(Refus, match="est annulée"), transaction() as session:
        deplacer(
            session, bourg.semaine, bourg.maisons[0], Horaire(JEUDI + timedelta(days=1)), motif="dégel", instant=MATIN
        )


# What a tamperer would leave behind, and the words that name it.
FAUTES = {
    "a cancelled basket that waits again": (
        "UPDATE panier SET etat = 'a_remettre' WHERE etat = 'annule'",
        "son débit est contrepassé",
    ),
    "a basket cancelled on paper only": (
        "UPDATE panier SET etat = 'annule' WHERE etat = 'a_remettre'",
        "sans décision qui l’annule",
    ),
    "a basket that waits where nobody is": (
        "UPDATE panier SET etat = 'a_remettre' WHERE etat = 'annule'",
        "la distribution est annulée",
    ),
    "a reversal gone": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER; ALTER TABLE ecriture DISABLE TRIGGER USER;"
        "DELETE FROM mouvement WHERE ecriture_id IN (SELECT id FROM ecriture WHERE contrepasse_id IS NOT NULL);"
        "DELETE FROM ecriture WHERE contrepasse_id IS NOT NULL",
        "les avoirs de ses foyers",
    ),
    "what was ordered borne by nobody": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER; ALTER TABLE ecriture DISABLE TRIGGER USER;"
        "DELETE FROM mouvement WHERE ecriture_id = (SELECT id FROM ecriture WHERE cle LIKE 'annulation:%');"
        "DELETE FROM ecriture WHERE cle LIKE 'annulation:%'",
        "à la charge du CCAS",
    ),
    "a credit of another amount than its baskets": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER;"
        "UPDATE mouvement SET montant = montant + CASE compte WHEN 'foyer' THEN 50 ELSE -50 END"
        " WHERE ecriture_id = (SELECT min(id) FROM ecriture WHERE contrepasse_id IS NOT NULL)"
        " AND compte IN ('foyer', 'participation_ccas')",
        "les avoirs de ses foyers",
    ),
    "what was ordered borne for another amount": (
        "ALTER TABLE mouvement DISABLE TRIGGER USER;"
        "UPDATE mouvement SET montant = montant + sign(montant)"
        " WHERE ecriture_id = (SELECT id FROM ecriture WHERE cle LIKE 'annulation:%')",
        "à la charge du CCAS",
    ),
    "a week said to be cancelled": ("UPDATE semaine SET etat = 'annulee'", "toute la ville est annulée"),
    "two decisions at once": (
        "UPDATE distribution SET jusqu_a = 'infinity'; INSERT INTO distribution (semaine_id, maison_id, nature, motif,"
        " etat_semaine, depuis) SELECT semaine_id, maison_id, 'annulee', 'bis', 'commandee', depuis FROM distribution",
        "deux décisions",
    ),
    "a basket moved by hand": (
        "ALTER TABLE panier DISABLE TRIGGER USER;"
        "UPDATE panier SET numero = numero + 90, maison_id = (SELECT max(id) FROM maison) WHERE etat = 'annule'",
        "sa dernière décision",
    ),
    "an echeance left open": ("UPDATE echeance SET reglee_le = NULL", "l’échéance n’est pas la somme"),
}


@pytest.mark.parametrize("faute", FAUTES)
def test_each_tampering_is_named(bourg: Bourg, faute: str) -> None:
    commandee(bourg)
    fermer(bourg, bourg.maisons[0])
    tout_tient()
    query, words = FAUTES[faute]
    with transaction() as session:
        for statement in query.split(";"):
            session.execute(text(statement))
    with reading() as session:
        assert [fault for fault in verifications.verifier(session) if words in fault]


def test_without_the_lock_of_its_baskets_a_hand_out_would_be_cancelled_too(
    bourg: Bourg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: with the check taken away, a maison where baskets were given is cancelled."""
    commandee(bourg)
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'remis' WHERE id = (SELECT min(id) FROM panier)"))
    monkeypatch.setattr("paniers.annulations.exiger_rien_de_remis", lambda *_: None)
    assert fermer(bourg, bourg.maisons[0]).foyers == 2


def test_a_decision_says_who_when_why_and_in_which_state(bourg: Bourg) -> None:
    with transaction() as session:
        who = fabriques.compte(session).id
    commandee(bourg)
    with transaction() as session:
        annuler(session, bourg.semaine, bourg.maisons[0], motif=f"  {NEIGE} ", instant=MATIN, par=who)
    with reading() as session:
        kept = session.query(Distribution).one()
    assert (kept.nature, kept.motif, kept.par, kept.depuis, kept.etat_semaine) == (
        Nature.ANNULEE, NEIGE, who, MATIN, "commandee",
    )  # fmt: skip
