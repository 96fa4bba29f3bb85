"""Booking: all or nothing, a clear sentence for each refusal, money on the account, never one seat too many."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from culture import attente
from culture.attente import accepter, laisser
from culture.conditions import Chevauchement, Personne
from culture.inscriptions import annuler, inscrire
from culture.queries.sorties import sortie_annoncee
from culture.regles.etats import Besoin
from culture.sorties import annuler_sortie
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paiements import grand_livre
from tests import fabriques
from tests.conftest import forget_settings
from tests.culture.bourg import (
    MAINTENANT,
    SOIR,
    Gens,
    Saison,
    batir,
    donner_pass,
    etat,
    fautes,
    gens,
    habiter,
    membre,
    reserver,
    sortie,
)
from tests.paniers.bourg import compter


@pytest.fixture
def saison(base: str, monkeypatch: pytest.MonkeyPatch) -> Saison:
    monkeypatch.setenv("DB_POOL_SIZE", "40")  # each client of a rush has its connection before it begins
    forget_settings()
    with transaction() as session:
        return batir(session)


@pytest.fixture
def famille(saison: Saison) -> Gens:
    return habiter(saison, [3])[0]


def solde(who: Gens) -> int:
    with transaction() as session:
        return grand_livre.solde(session, who.foyer)


def tenues(season: Saison) -> int:
    return compter(
        "SELECT count(*) FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id WHERE p.sortie_id = :s"
        " AND p.annulee_le IS NULL AND i.etat IN ('offerte', 'confirmee')",
        s=season.sortie,
    )


# Booking and giving back.


def test_a_household_books_in_one_act_and_its_account_is_debited_once(saison: Saison, famille: Gens) -> None:
    people = [*famille.personnes(), Personne(prenom="Léa", nom="Voisine")]
    booked = reserver(saison, famille, personnes=people)
    assert etat(booked) == "confirmee"
    assert tenues(saison) == 4
    assert solde(famille) == 4 * 400
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'participation_ccas'") == 4 * 800
    assert compter("SELECT sum(montant) FROM mouvement WHERE compte = 'billetterie'") == -4 * 1200
    assert fautes() == []


def test_what_is_given_back_is_back_on_the_account_and_the_rest_stays(saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille)
    one = compter("SELECT min(id) FROM place_sortie")
    for _twice in range(2):
        with transaction() as session:
            annuler(session, booked.id, places=[one], instant=MAINTENANT)
    assert (etat(booked), tenues(saison), solde(famille)) == ("confirmee", 2, 800)
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT)
    assert (etat(booked), tenues(saison), solde(famille)) == ("annulee", 0, 0)
    assert fautes() == []


def test_a_free_outing_that_costs_nothing_is_not_booked_in_the_ledger(saison: Saison, famille: Gens) -> None:
    with transaction() as session:
        session.execute(text("UPDATE grille_sortie SET prix = '{0}'"))
        session.execute(text("UPDATE sortie SET cout_place = 0"))
    booked = reserver(saison, famille)
    assert compter("SELECT count(*) FROM ecriture") == 0
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT)
    assert fautes() == []


def test_the_price_is_by_pass_or_by_quotient_and_a_guest_pays_the_top(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE grille_sortie SET forme = 'statut', prix = '{100,500}'"))
        free, paying = gens(session, saison), gens(session, saison, prix=0)
        session.execute(text("UPDATE pass_culture SET prix = 1200 WHERE foyer_id = :f"), {"f": paying.foyer})
    reserver(saison, free, personnes=[*free.personnes(), Personne(prenom="Léa", nom="Voisine")])
    reserver(saison, paying)
    assert (solde(free), solde(paying)) == (600, 500)
    with transaction() as session:
        session.execute(text("UPDATE grille_sortie SET forme = 'quotient', seuils = '{600}', prix = '{0,300}'"))
        low, unknown = gens(session, saison), gens(session, saison)
        fabriques.quotient(session, low.foyer, 500)
    reserver(saison, low)
    reserver(saison, unknown)
    assert (solde(low), solde(unknown)) == (0, 300)


# Refusals: a sentence each, and nothing half-written.


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE sortie SET etat = 'annulee'", "annulée"),
        ("UPDATE sortie SET ouverture_le = cloture_le - interval '1 hour'", "ouvrent"),
        ("UPDATE sortie SET ouverture_le = '2026-11-01', cloture_le = '2026-11-20'", "closes depuis"),
        ("UPDATE sortie SET etat = 'close'", "sont closes"),
        ("DELETE FROM pass_culture", "n’a pas de Pass Culture pour la saison 2026–2027"),
        ("UPDATE pass_culture SET du = '2025-09-01', au = '2026-08-31', saison = 2025", "va jusqu’au"),
        ("UPDATE pass_culture SET annule_le = now()", "n’a pas de Pass"),
        ("UPDATE sortie SET places = 2", "ne reste que 2 places"),
        ("UPDATE sortie SET places = 1", "qu’une place"),
        ("UPDATE sortie SET places_par_foyer = 2", "2 places au plus"),
    ],
)
def test_a_booking_that_cannot_be_is_refused_whole(saison: Saison, famille: Gens, change: str, said: str) -> None:
    with transaction() as session:
        session.execute(text(change))
    with pytest.raises(Refus, match=said):
        reserver(saison, famille)
    for table in ("inscription", "place_sortie", "ecriture", "inscription_etape", "outbox_fact"):
        assert compter(f"SELECT count(*) FROM {table}") == 0  # noqa: S608


def test_who_may_not_come_is_named(saison: Saison, famille: Gens) -> None:
    other = habiter(saison, [1])[0]
    child = Personne(famille.membres[0])
    with transaction() as session:
        small = membre(session, famille.foyer, "Tim", adulte=False).id
        donner_pass(session, famille.foyer, small)
        session.execute(text("UPDATE sortie SET age_minimum = 8, invites_par_foyer = 1"))
    guest = Personne(prenom="Léa", nom="Voisine")
    for people, said in (
        ([Personne(other.membres[0])], "pas de votre foyer"),
        ([], "au moins une personne"),
        ([guest], "avec quelqu’un de votre foyer"),
        ([child, child], "deux fois"),
        ([child, Personne(prenom="<b>", nom="x1")], "prénom et le nom de chaque invité"),
        ([child, guest, guest], "un invité par foyer"),
        ([child, Personne(small)], "l’âge de Tim"),
        ([child, Personne(small, age=7)], "à partir de 8 ans"),
        ([Personne(famille.membres[0], besoins=(Besoin.LSF,))], "Langue des signes"),
    ):
        with pytest.raises(Refus, match=said), transaction() as session:
            inscrire(session, sortie_id=saison.sortie, foyer_id=famille.foyer, personnes=people, instant=MAINTENANT)
    assert compter("SELECT count(*) FROM inscription") == 0
    reserver(saison, famille, personnes=[child, Personne(small, age=8)])
    with pytest.raises(Refus, match="déjà sur la liste"):
        reserver(saison, famille, personnes=[child])


def test_a_draft_does_not_exist_for_families(saison: Saison, famille: Gens) -> None:
    with transaction() as session:
        draft = sortie(session, saison, etat="brouillon").id
    for key in (draft, 10**9):
        with pytest.raises(Introuvable):
            reserver(saison, famille, sortie=key)


def test_two_outings_at_the_same_hour_are_said_once_and_not_refused(saison: Saison, famille: Gens) -> None:
    with transaction() as session:
        same = sortie(session, saison, debut_le=SOIR + timedelta(minutes=80)).id
        later = sortie(session, saison, debut_le=SOIR + timedelta(hours=6)).id
    reserver(saison, famille)
    with pytest.raises(Chevauchement, match="même heure"):
        reserver(saison, famille, sortie=same)
    reserver(saison, famille, sortie=same, chevauchement_su=True)
    reserver(saison, famille, sortie=later)


def test_after_the_deadline_a_family_is_sent_to_its_maison_which_may_still_do_it(saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille)
    late = SOIR - timedelta(days=1)
    with pytest.raises(Refus, match="Appelez la maison"), transaction() as session:
        annuler(session, booked.id, instant=late)
    assert tenues(saison) == 3
    with transaction() as session:
        agent = fabriques.compte(session, role=Role.AGENT).id
    with pytest.raises(Refus, match="déjà parti"), transaction() as session:
        annuler(session, booked.id, instant=SOIR, par=agent)
    with transaction() as session:
        annuler(session, booked.id, instant=late, par=agent)
    assert (tenues(saison), solde(famille)) == (0, 0)


def test_guests_do_not_stay_alone(saison: Saison, famille: Gens) -> None:
    booked = reserver(saison, famille, personnes=[*famille.personnes(1), Personne(prenom="Léa", nom="Voisine")])
    member = compter("SELECT id FROM place_sortie WHERE NOT invite")
    with pytest.raises(Refus, match="Vos invités"), transaction() as session:
        annuler(session, booked.id, places=[member], instant=MAINTENANT)


def test_a_cancelled_outing_gives_everybody_their_money_back(saison: Saison, famille: Gens) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 3"))
    waiting = habiter(saison, [2])[0]
    reserver(saison, famille)
    asked = reserver(saison, waiting, attendre=True)
    with transaction() as session:
        assert annuler_sortie(session, saison.sortie, "La comédienne est malade.", instant=MAINTENANT, par=None) == 2
    assert (solde(famille), tenues(saison), etat(asked)) == (0, 0, "retiree")
    with transaction() as session:
        assert annuler_sortie(session, saison.sortie, "encore", instant=MAINTENANT, par=None) == 0
    assert fautes() == []


# The waiting list.


def test_seats_given_back_go_to_the_first_group_that_fits_and_the_larger_is_told(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 5"))
    full, large, small, last = habiter(saison, [5, 4, 2, 1])
    booked = reserver(saison, full)
    asked = [
        reserver(saison, who, attendre=True, instant=MAINTENANT + timedelta(minutes=n))
        for n, who in enumerate((large, small, last))
    ]
    seats = [compter("SELECT id FROM place_sortie ORDER BY id LIMIT 1 OFFSET :n", n=n) for n in range(5)]
    with transaction() as session:
        annuler(session, booked.id, places=seats[:2], instant=MAINTENANT + timedelta(hours=1))
    assert [etat(one) for one in asked] == ["en_attente", "offerte", "en_attente"]
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'GroupeDepasse'") == 1
    with transaction() as session:
        accepter(session, asked[1].id, instant=MAINTENANT + timedelta(hours=2))
        annuler(session, booked.id, instant=MAINTENANT + timedelta(hours=2))
    # Three are free: four do not fit, one does.
    assert [etat(one) for one in asked] == ["en_attente", "confirmee", "offerte"]
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'GroupeDepasse'") == 1
    assert solde(small) == 800
    assert fautes(MAINTENANT + timedelta(hours=2)) == []


def test_who_books_past_a_larger_group_that_waits_has_it_told_once(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 4"))
    holder, large, small, last = habiter(saison, [2, 3, 1, 1])
    reserver(saison, holder)
    asked = reserver(saison, large, attendre=True)
    reserver(saison, small)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'GroupeDepasse'") == 1
    reserver(saison, last)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'GroupeDepasse'") == 1
    assert etat(asked) == "en_attente"
    assert fautes() == []


def test_an_offer_that_is_overdue_keeps_its_seat_from_nobody_who_books(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 1"))
    holder, first, newcomer = habiter(saison, [1, 1, 1])
    booked = reserver(saison, holder)
    asked = reserver(saison, first, attendre=True)
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT)
    with pytest.raises(Refus, match="plus de place"):
        reserver(saison, newcomer)
    late = MAINTENANT + timedelta(hours=50)
    reserver(saison, newcomer, instant=late)
    assert (etat(asked), tenues(saison)) == ("expiree", 1)
    assert fautes(late) == []


def test_an_outing_that_is_a_draft_is_announced_to_nobody(saison: Saison) -> None:
    with transaction() as session:
        assert sortie_annoncee(session, saison.sortie).id == saison.sortie
        draft = sortie(session, saison, etat="brouillon").id
    for unknown in (draft, 10**9):
        with pytest.raises(Introuvable), transaction() as session:
            sortie_annoncee(session, unknown)


def test_an_offer_has_one_end_and_who_left_is_never_offered_again(saison: Saison) -> None:
    with transaction() as session:
        session.execute(text("UPDATE sortie SET places = 1"))
    holder, first, second = habiter(saison, [1, 1, 1])
    booked = reserver(saison, holder)
    asked = [
        reserver(saison, who, attendre=True, instant=MAINTENANT + timedelta(minutes=n))
        for n, who in enumerate((first, second))
    ]
    with pytest.raises(Refus, match="attend déjà"):
        reserver(saison, first, attendre=True)
    with transaction() as session:
        annuler(session, booked.id, instant=MAINTENANT + timedelta(hours=1))
    late = MAINTENANT + timedelta(hours=50)
    with pytest.raises(Refus, match="gardées pour vous jusqu’à"), transaction() as session:
        accepter(session, asked[0].id, instant=late)
    assert attente.servir_ce_qui_est_libre(late) == 1
    assert [etat(one) for one in asked] == ["expiree", "offerte"]
    with transaction() as session:
        laisser(session, asked[1].id, instant=late)
        laisser(session, asked[1].id, instant=late)
    assert etat(asked[1]) == "declinee"
    assert attente.servir_ce_qui_est_libre(late) == 0
    with pytest.raises(Refus, match="n’est plus ouverte"), transaction() as session:
        accepter(session, asked[1].id, instant=late)
    assert fautes(late) == []


def test_seats_kept_for_a_maison_are_everybody_s_once_released(saison: Saison) -> None:
    with transaction() as session:
        session.execute(
            text("UPDATE sortie SET places = 5, quotas_jusqu_a = :q"), {"q": MAINTENANT + timedelta(days=2)}
        )
        session.execute(
            text("INSERT INTO sortie_quota (sortie_id, maison_id, places) VALUES (:s, :m, 3)"),
            {"s": saison.sortie, "m": saison.maisons[0]},
        )
    elsewhere, at_home = habiter(saison, [3], maison=1)[0], habiter(saison, [2])[0]
    with pytest.raises(Refus, match="ne reste que 2 places"):
        reserver(saison, elsewhere)
    asked = reserver(saison, elsewhere, attendre=True)
    reserver(saison, at_home)
    assert fautes() == []
    later = MAINTENANT + timedelta(days=2, minutes=1)
    assert attente.servir_ce_qui_est_libre(later) == 1
    assert etat(asked) == "offerte"
