"""A hand-out moved: everybody reads the same day, nobody pays otherwise, and what was decided stays on record."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from paniers import horaires, retraits
from paniers.agenda import RendezVous, agenda, rendez_vous
from paniers.choix import choisir
from paniers.cloture import cloturer
from paniers.commandes import commander
from paniers.distributions import Horaire, deplacer, retablir
from paniers.documents.bons_retrait import lire_dossier, texte_du_bon
from paniers.models.distributions import Distribution, Nature
from paniers.models.producteurs import Commande
from paniers.models.semaines import NatureChoix, Panier, Semaine
from paniers.queries.semaines import mes_semaines
from paniers.regles.etats import EtatSemaine
from paniers.retraits import Verdict
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

MERCREDI, VENDREDI = JEUDI - timedelta(days=1), JEUDI + timedelta(days=1)


@pytest.fixture
def bourg(base: str) -> Bourg:
    """Open weeks, a household in each maison, a composition for the first week."""
    with transaction() as session:
        made = batir(session)
        for place in made.maisons:
            fabriques.abonnement(session, fabriques.foyer(session, maison_id=place).id, place)
        offer = fabriques.offre(session, made.semaine, fabriques.producteur(session).id, fabriques.produit(session).id)
        fabriques.composition(session, made.semaine, {offer.id: 3_500})
    return made


def bouger(
    bourg: Bourg, jour: date, maison: int | None = None, *, instant: datetime | None = None, **heures: time
) -> int:
    with transaction() as session:
        made = deplacer(
            session,
            bourg.semaine,
            maison,
            Horaire(jour, **heures),
            motif="veille de fête",
            instant=instant or bourg.avant(days=2),
        )
        return made.id


def au(bourg: Bourg, maison: int) -> RendezVous:
    with reading() as session:
        return rendez_vous(session, session.get_one(Semaine, bourg.semaine), maison)


def commandee(bourg: Bourg) -> None:
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.apres(minutes=1))
        commander(session, bourg.semaine, instant=bourg.apres(hours=7))


def test_nothing_decided_is_the_calendar_s_day_and_the_maison_s_hours(bourg: Bourg) -> None:
    assert au(bourg, bourg.maisons[0]) == RendezVous(bourg.maisons[0], JEUDI, time(17), time(19))
    assert not au(bourg, bourg.maisons[0]).change


def test_the_town_moves_and_a_maison_moves_otherwise(bourg: Bourg) -> None:
    here, there = bourg.maisons
    bouger(bourg, MERCREDI)
    bouger(bourg, VENDREDI, here, debut=time(10), fin=time(12))
    assert (au(bourg, here).jour, au(bourg, here).debut, au(bourg, here).fin) == (VENDREDI, time(10), time(12))
    assert (au(bourg, there).jour, au(bourg, there).debut, au(bourg, there).fin) == (MERCREDI, time(17), time(19))
    assert au(bourg, there).motif == "veille de fête"


def test_a_move_of_the_town_replaces_those_of_its_maisons(bourg: Bourg) -> None:
    bouger(bourg, VENDREDI, bourg.maisons[0])
    bouger(bourg, MERCREDI)
    assert {au(bourg, place).jour for place in bourg.maisons} == {MERCREDI}


def test_all_weeks_and_maisons_are_read_by_one_query(bourg: Bourg) -> None:
    bouger(bourg, MERCREDI)
    with reading() as session:
        weeks = session.scalars(select(Semaine).order_by(Semaine.retrait_le)).all()
        known = agenda(session, [week.id for week in weeks])
    assert [known.rendez_vous(week, bourg.maisons[0]).jour for week in weeks] == [
        MERCREDI,
        JEUDI + timedelta(weeks=1),
        JEUDI + timedelta(weeks=2),
    ]


def test_the_same_move_twice_is_one_decision_told_once(bourg: Bourg) -> None:
    assert bouger(bourg, MERCREDI) == bouger(bourg, MERCREDI)
    assert compter("SELECT count(*) FROM distribution") == 1
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'DistributionDecidee'") == 1


def test_two_who_move_at_once_leave_one_decision_in_force(bourg: Bourg) -> None:
    def move(jour: date) -> Callable[[Session], int]:
        horaire, instant = Horaire(jour), bourg.avant(days=2)
        return lambda session: deplacer(session, bourg.semaine, None, horaire, motif="grève", instant=instant).id

    outcomes = ensemble([move(MERCREDI), move(VENDREDI), move(MERCREDI), move(VENDREDI)])
    assert all(isinstance(outcome, int) for outcome in outcomes)
    assert compter("SELECT count(*) FROM distribution WHERE jusqu_a IS NULL") == 1


def test_a_move_is_taken_back_and_both_decisions_stay(bourg: Bourg) -> None:
    bouger(bourg, MERCREDI)
    for _ in range(2):
        with transaction() as session:
            retablir(session, bourg.semaine, None, instant=bourg.avant(days=1))
    assert not au(bourg, bourg.maisons[0]).change
    with reading() as session:
        kept = session.scalars(select(Distribution).order_by(Distribution.id)).all()
    assert [(row.nature, row.jusqu_a) for row in kept] == [
        (Nature.DEPLACEE, bourg.avant(days=1)),
        (Nature.RETABLIE, None),
    ]


@pytest.mark.parametrize(
    ("horaire", "phrase"),
    [
        (Horaire(JEUDI - timedelta(days=3)), "Choisissez un jour entre"),
        (Horaire(JEUDI + timedelta(days=7)), "Choisissez un jour entre"),
        (Horaire(VENDREDI, time(17), None), "ou aucune des deux"),
        (Horaire(VENDREDI, time(17), time(17)), "finir après"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_what_to_do(bourg: Bourg, horaire: Horaire, phrase: str) -> None:
    with pytest.raises(Refus, match=phrase), transaction() as session:
        deplacer(session, bourg.semaine, None, horaire, motif="neige", instant=bourg.avant(days=2))


@pytest.mark.parametrize("motif", ["", "  \n ", "x" * 201])
def test_a_move_says_why(bourg: Bourg, motif: str) -> None:
    with pytest.raises(Refus), transaction() as session:
        deplacer(session, bourg.semaine, None, Horaire(VENDREDI), motif=motif, instant=bourg.avant(days=2))


def test_what_has_been_handed_out_does_not_move(bourg: Bourg) -> None:
    commandee(bourg)
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'remis' WHERE maison_id = :m"), {"m": bourg.maisons[0]})
    for place in (None, bourg.maisons[0]):
        with pytest.raises(Refus, match="déjà été remis"):
            bouger(bourg, VENDREDI, place, instant=paris(JEUDI, time(18)))
    bouger(bourg, VENDREDI, bourg.maisons[1], instant=paris(JEUDI, time(18)))


@pytest.mark.parametrize("etat", [EtatSemaine.TERMINEE, EtatSemaine.ANNULEE])
def test_a_week_that_is_over_does_not_move(bourg: Bourg, etat: EtatSemaine) -> None:
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e WHERE id = :s"), {"e": etat, "s": bourg.semaine})
    with pytest.raises(Refus, match="ne change plus"):
        bouger(bourg, VENDREDI)


def test_orders_are_for_the_first_day_on_which_a_maison_hands_out(bourg: Bourg) -> None:
    bouger(bourg, MERCREDI, bourg.maisons[0])
    commandee(bourg)
    with reading() as session:
        assert session.scalars(select(Commande.livraison_le)).all() == [MERCREDI]


def test_vouchers_and_dossier_say_the_new_day_and_are_made_again(bourg: Bourg) -> None:
    commandee(bourg)
    before = compter("SELECT count(*) FROM outbox_fact WHERE name = 'BonsDemandes'")
    bouger(bourg, VENDREDI, bourg.maisons[0], instant=paris(MERCREDI, time(9)), debut=time(9), fin=time(10))
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'BonsDemandes'") == before + 1
    with reading() as session:
        dossier = lire_dossier(session, bourg.semaine, bourg.maisons[0])
    assert (dossier.lieu.jour, dossier.lieu.debut, dossier.lieu.change) == (VENDREDI, time(9), "veille de fête")


def test_a_voucher_printed_before_the_move_is_good_on_the_new_day_and_no_other(bourg: Bourg) -> None:
    commandee(bourg)
    with transaction() as session:
        basket = session.scalars(select(Panier).where(Panier.maison_id == bourg.maisons[0])).one()
        printed = texte_du_bon(session.get_one(Semaine, bourg.semaine), basket.bon)
        agent = fabriques.compte(session).id
    samedi, mardi = JEUDI + timedelta(days=2), JEUDI + timedelta(days=5)
    assert _scanner(printed, samedi, agent) is Verdict.AUTRE_JOUR
    bouger(bourg, mardi, bourg.maisons[0], instant=paris(MERCREDI, time(9)))
    assert _scanner(printed, mardi + timedelta(days=2), agent) is Verdict.AUTRE_JOUR
    assert _scanner(printed, mardi, agent) is Verdict.REMIS


def _scanner(texte: str, jour: date, agent: int) -> Verdict:
    with transaction() as session:
        return retraits.scanner(
            session, texte, par=agent, maisons=None, jour=jour, instant=paris(jour, time(18))
        ).verdict


def test_the_week_ends_after_its_last_hand_out(bourg: Bourg) -> None:
    commandee(bourg)
    bouger(bourg, VENDREDI, bourg.maisons[0], instant=paris(MERCREDI, time(9)))
    friday, saturday = paris(VENDREDI, time(23)), paris(VENDREDI + timedelta(days=1), time(0, 5))
    with pytest.raises(Refus, match="vendredi 27 novembre"), transaction() as session:
        retraits.terminer(session, bourg.semaine, instant=friday)
    for instant, state in ((friday, "commandee"), (saturday, "terminee")):
        clock.set_now(instant)
        horaires.terminer_ce_qui_est_du(instant)
        with reading() as session:
            assert session.get_one(Semaine, bourg.semaine).etat == state


def test_the_door_opens_on_the_new_day(bourg: Bourg) -> None:
    bouger(bourg, MERCREDI)
    with reading() as session:
        found = retraits.semaine_du_jour(session, MERCREDI)
        assert found is not None
        assert found.id == bourg.semaine
        assert retraits.semaine_du_jour(session, JEUDI) is None


def test_a_family_reads_the_new_day_until_it_is_over(bourg: Bourg) -> None:
    bouger(bourg, VENDREDI, bourg.maisons[0])
    foyer = compter("SELECT min(id) FROM foyer WHERE maison_id = :m", m=bourg.maisons[0])
    commandee(bourg)
    with reading() as session:
        seen = mes_semaines(session, foyer, paris(VENDREDI, time(12)))[0]
    assert (seen.retrait_le, seen.rdv.jour, seen.rdv.motif) == (JEUDI, VENDREDI, "veille de fête")


def test_moves_before_and_after_the_cut_off_change_nothing_of_what_is_paid(bourg: Bourg) -> None:
    """Row 3: a late closing gives what a punctual one gave."""

    def closed(moved: bool) -> list[object]:
        with transaction() as session:
            if moved:
                for instant, jour in ((bourg.avant(days=2), MERCREDI), (bourg.apres(hours=5), VENDREDI)):
                    deplacer(session, bourg.semaine, None, Horaire(jour), motif="neige", instant=instant)
            cloturer(session, bourg.semaine, instant=bourg.apres(days=3))
            rows = session.execute(text("SELECT abonnement_id, maison_id, nombre, numero, prix, cout FROM panier"))
            told = sorted(tuple(row) for row in rows)
            session.rollback()
        return [told]

    assert closed(moved=True) == closed(moved=False)


def test_a_family_cannot_choose_a_maison_that_does_not_hand_out(bourg: Bourg) -> None:
    here, there = bourg.maisons
    subscription = compter("SELECT abonnement_id FROM abonnement_version WHERE maison_id = :m", m=here)
    with transaction() as session:
        session.add(
            Distribution(
                semaine_id=bourg.semaine,
                maison_id=there,
                nature=Nature.ANNULEE,
                motif="travaux",
                etat_semaine="ouverte",
                depuis=bourg.avant(days=3),
            )
        )
    with pytest.raises(Refus, match="Pas de distribution"), transaction() as session:
        choisir(
            session,
            subscription,
            bourg.semaine,
            NatureChoix.AUTRE_MAISON,
            instant=bourg.avant(days=2),
            maison_id=there,
        )
