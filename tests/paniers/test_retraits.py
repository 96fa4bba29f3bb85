"""Handing baskets out: one winner, sun rather than red, every gesture on record."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from kernel import qr
from kernel.clock import paris
from kernel.db import transaction
from kernel.errors import Introuvable, Refus
from kernel.web.access import Role
from paniers import retraits, verifications
from paniers.documents.bons_retrait import texte_du_bon
from paniers.models.semaines import EtatPanier, Panier, Retrait, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.retraits import Moyen, Reponse, Verdict, annuler_remise, clore_journee, livrer, remettre, scanner, terminer
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

SOIR = paris(JEUDI, time(17, 30))


@pytest.fixture
def bourg(base: str) -> Bourg:
    """An ordered week with a basket in each maison."""
    with transaction() as session:
        made = batir(session)
        for where in made.maisons:
            foyer = fabriques.foyer(session, maison_id=where)
            subscription = fabriques.abonnement(session, foyer.id, where)
            fabriques.panier(session, made.semaine, subscription, where)
        session.execute(text("UPDATE semaine SET etat = 'commandee' WHERE id = :s"), {"s": made.semaine})
        for _ in range(3):
            fabriques.compte(session, Role.AGENT, maisons=(made.maisons[0],))
    return made


@pytest.fixture
def agents(bourg: Bourg) -> list[int]:
    with transaction() as session:
        return list(session.execute(text("SELECT id FROM compte ORDER BY id")).scalars())


@pytest.fixture
def panier(bourg: Bourg) -> int:
    """The first maison's basket."""
    return compter("SELECT min(id) FROM panier")


def donner(panier: int, agent: int, instant: datetime = SOIR, **given: object) -> Reponse:
    values: dict[str, object] = {"moyen": Moyen.LISTE, "maisons": None}
    with transaction() as session:
        return remettre(session, panier, par=agent, instant=instant, **(values | given))  # type: ignore[arg-type]


def lire(texte: str, agent: int, jour: date = JEUDI, maisons: frozenset[int] | None = None) -> Reponse:
    with transaction() as session:
        return scanner(session, texte, par=agent, maisons=maisons, jour=jour, instant=paris(jour, time(18)))


def bon(bourg: Bourg, panier: int) -> str:
    with transaction() as session:
        return texte_du_bon(session.get_one(Semaine, bourg.semaine), session.get_one(Panier, panier).bon)


def etat(panier: int) -> str:
    with transaction() as session:
        return session.get_one(Panier, panier).etat


def test_a_basket_is_handed_out_once_and_the_second_agent_reads_when(panier: int, agents: list[int]) -> None:
    assert donner(panier, agents[0]) == Reponse(Verdict.REMIS, panier, SOIR)
    later = donner(panier, agents[1], SOIR + timedelta(seconds=3))
    assert later == Reponse(Verdict.DEJA_REMIS, panier, SOIR)
    assert compter("SELECT count(*) FROM retrait") == 1


def test_a_double_tap_is_one_gesture_for_fifteen_seconds(panier: int, agents: list[int]) -> None:
    donner(panier, agents[0])
    assert donner(panier, agents[0], SOIR + timedelta(seconds=14)).verdict is Verdict.REMIS
    assert donner(panier, agents[0], SOIR + timedelta(seconds=15)).verdict is Verdict.DEJA_REMIS
    assert compter("SELECT count(*) FROM retrait") == 1


def test_of_agents_who_hand_out_at_once_one_wins(panier: int, agents: list[int]) -> None:
    def give(agent: int) -> Callable[[Session], str]:
        return lambda s: remettre(s, panier, par=agent, moyen=Moyen.SCAN, maisons=None, instant=SOIR).verdict

    outcomes = ensemble([give(agent) for agent in agents])
    assert sorted(map(str, outcomes)) == ["deja_remis", "deja_remis", "remis"]
    assert compter("SELECT count(*) FROM retrait") == 1


def test_without_the_guarded_update_a_basket_is_handed_out_twice(
    panier: int, agents: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above: an update that looks at nothing."""

    class Unguarded:
        def __init__(self, table: object) -> None:
            self.table = table

        def where(self, *conditions: object) -> object:
            return update(Panier).where(conditions[0])  # type: ignore[arg-type]

    monkeypatch.setattr(retraits, "update", Unguarded)
    monkeypatch.setattr(retraits, "_remise", retraits._remise.__wrapped__)  # built anew, not the one that is kept
    assert donner(panier, agents[0]).verdict is Verdict.REMIS
    assert donner(panier, agents[1]).verdict is Verdict.REMIS
    with transaction() as session:
        assert any("plusieurs fois" in fault for fault in verifications.verifier(session))


def deux_appareils(bourg: Bourg, combien: int, agents: list[int]) -> list[str]:
    """Two devices scan every voucher of the same pile, each of them twice; what they were told."""
    with transaction() as session:
        week = session.get_one(Semaine, bourg.semaine)
        foyer = fabriques.foyer(session, maison_id=bourg.maisons[0])
        made = [
            fabriques.panier(
                session, week.id, fabriques.abonnement(session, foyer.id, bourg.maisons[0]), bourg.maisons[0]
            )
            for _ in range(combien)
        ]
        session.flush()
        for basket in made:
            session.refresh(basket)
        pile = [texte_du_bon(week, basket.bon) for basket in made]
    told: list[str] = []

    def scan(device: int) -> None:
        for number, text_ in enumerate(pile):
            for second in (0, 2):
                at = SOIR + timedelta(seconds=60 * number + second)
                with transaction() as session:
                    answer = scanner(session, text_, par=agents[device], maisons=None, jour=JEUDI, instant=at)
                told.append(f"{answer.verdict} {device}")

    devices = [threading.Thread(target=scan, args=(device,)) for device in (0, 1)]
    for thread in devices:
        thread.start()
    for thread in devices:
        thread.join(600)
    return told


def chacun_une_fois(told: list[str], combien: int) -> None:
    """Whoever wins a basket is told "remis" at both of its scans, the other "déjà remis" at both."""
    counted = Counter(answer.split()[0] for answer in told)
    assert counted == {"remis": 2 * combien, "deja_remis": 2 * combien}
    assert compter("SELECT count(*) FROM retrait") == combien
    assert compter("SELECT count(DISTINCT panier_id) FROM retrait") == combien
    with transaction() as session:
        assert not any("plusieurs fois" in fault for fault in verifications.verifier(session))


def test_two_devices_hand_each_of_fifty_baskets_out_once(bourg: Bourg, agents: list[int]) -> None:
    chacun_une_fois(deux_appareils(bourg, 50, agents), 50)


@pytest.mark.long
def test_two_devices_hand_each_of_a_thousand_baskets_out_once(bourg: Bourg, agents: list[int]) -> None:
    chacun_une_fois(deux_appareils(bourg, 1_000, agents), 1_000)


def test_undoing_keeps_both_gestures_and_lets_it_be_handed_out_again(panier: int, agents: list[int]) -> None:
    donner(panier, agents[0])
    with transaction() as session:
        annuler_remise(session, panier, par=agents[0], instant=SOIR + timedelta(minutes=1))
    assert etat(panier) == EtatPanier.A_REMETTRE
    assert donner(panier, agents[0], SOIR + timedelta(minutes=2)).verdict is Verdict.REMIS
    with transaction() as session:
        gestures = session.scalars(select(Retrait).order_by(Retrait.id)).all()
    assert [(g.moyen, g.annule_id) for g in gestures] == [
        ("liste", None),
        ("annulation", gestures[0].id),
        ("liste", None),
    ]


def test_nothing_is_undone_twice_even_at_once(panier: int, agents: list[int]) -> None:
    donner(panier, agents[0])
    undo = [lambda s: annuler_remise(s, panier, par=agents[0], instant=SOIR + timedelta(minutes=1))] * 3
    outcomes = ensemble(undo)
    assert sum(found is None for found in outcomes) == 1
    assert sum(isinstance(found, Refus) for found in outcomes) == 2, outcomes


def test_a_hand_out_undone_after_the_week_is_over_leaves_a_basket_that_nobody_fetched(
    bourg: Bourg, panier: int, agents: list[int]
) -> None:
    donner(panier, agents[0])
    with transaction() as session:
        terminer(session, bourg.semaine, instant=paris(JEUDI + timedelta(days=1), time(0, 5)))
    with transaction() as session:
        annuler_remise(session, panier, par=agents[0], instant=SOIR + timedelta(days=1))
    assert etat(panier) == EtatPanier.NON_RETIRE
    assert donner(panier, agents[0], SOIR + timedelta(days=1)).verdict is Verdict.REMIS, "a late-comer is served"


def test_another_maison_and_a_cancelled_basket_are_answered_kindly(
    bourg: Bourg, panier: int, agents: list[int]
) -> None:
    elsewhere = donner(panier, agents[0], maisons=frozenset({bourg.maisons[1]}))
    assert elsewhere == Reponse(Verdict.AUTRE_MAISON, panier)
    assert donner(panier, agents[0], maisons=frozenset()).verdict is Verdict.AUTRE_MAISON
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'annule' WHERE id = :p"), {"p": panier})
    assert donner(panier, agents[0]).verdict is Verdict.ANNULE
    with pytest.raises(Introuvable):
        donner(10**9, agents[0])
    assert compter("SELECT count(*) FROM retrait") == 0


def test_a_voucher_is_good_from_monday_to_the_day_after_the_pickup(
    bourg: Bourg, panier: int, agents: list[int]
) -> None:
    text_ = bon(bourg, panier)
    for days, verdict in ((-4, Verdict.AUTRE_JOUR), (2, Verdict.AUTRE_JOUR), (1, Verdict.REMIS)):
        assert lire(text_, agents[0], JEUDI + timedelta(days=days)).verdict is verdict
    assert lire(text_, agents[0]).verdict is Verdict.DEJA_REMIS


def test_what_is_no_voucher_of_ours_is_unreadable(bourg: Bourg, panier: int, agents: list[int]) -> None:
    stranger = qr.sign(uuid.uuid4(), JEUDI, JEUDI)
    genuine = bon(bourg, panier)
    forged = genuine[:-3] + ("AAA" if genuine[-3:] != "AAA" else "BBB")
    for texte in ("", "bonjour", "https://exemple.test", "x" * 10_000, "\x00", genuine[:-1], forged, stranger):
        assert lire(texte, agents[0]).verdict is Verdict.ILLISIBLE, texte[:20]
    assert etat(panier) == EtatPanier.A_REMETTRE


def test_a_debt_never_changes_the_answer(bourg: Bourg, panier: int, agents: list[int]) -> None:
    with transaction() as session:
        foyer = session.get_one(Panier, panier).foyer_id
        session.execute(
            text(
                "WITH e AS (INSERT INTO ecriture (cle, jour, libelle, passee_le) VALUES ('x', now(), 'x', now())"
                " RETURNING id) INSERT INTO mouvement (ecriture_id, compte, foyer_id, montant)"
                " SELECT id, 'foyer', :f, 99999 FROM e UNION ALL SELECT id, 'achats', NULL, -99999 FROM e"
            ),
            {"f": foyer},
        )
    assert lire(bon(bourg, panier), agents[0]).verdict is Verdict.REMIS


def test_closing_the_day_notes_what_one_maison_has_left(bourg: Bourg, panier: int, agents: list[int]) -> None:
    with transaction() as session:
        assert clore_journee(session, bourg.semaine, bourg.maisons[0]) == 1
        assert clore_journee(session, bourg.semaine, bourg.maisons[0]) == 0
    assert etat(panier) == EtatPanier.NON_RETIRE
    assert etat(panier + 1) == EtatPanier.A_REMETTRE
    assert donner(panier, agents[0]).verdict is Verdict.REMIS


def test_a_week_is_delivered_then_over_each_once(bourg: Bourg) -> None:
    over = paris(JEUDI + timedelta(days=1), time(0, 5))
    for _ in range(2):
        with transaction() as session:
            livrer(session, bourg.semaine, par=None, instant=SOIR)
    for _ in range(2):
        with transaction() as session:
            terminer(session, bourg.semaine, instant=over)
    assert compter("SELECT count(*) FROM semaine_etape") == 2
    assert compter("SELECT count(*) FROM panier WHERE etat = 'non_retire'") == 2
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'SemaineTerminee'") == 1


@pytest.mark.parametrize("instant", [SOIR, paris(JEUDI, time(23, 59, 59)), paris(JEUDI - timedelta(days=1))])
def test_a_week_is_not_over_before_its_pickup_day_is(bourg: Bourg, instant: datetime) -> None:
    with pytest.raises(Refus, match="lendemain"), transaction() as session:
        terminer(session, bourg.semaine, instant=instant)
    assert compter("SELECT count(*) FROM panier WHERE etat = 'a_remettre'") == 2


def test_an_open_week_is_neither_delivered_nor_over(bourg: Bourg) -> None:
    for step in (livrer, terminer):
        with pytest.raises(Refus, match="ouverte"), transaction() as session:
            step(session, bourg.semaines[1], par=None, instant=SOIR + timedelta(days=30))


def test_the_week_of_the_day_is_todays_else_the_next_ordered(bourg: Bourg) -> None:
    with transaction() as session:
        for day in (JEUDI, JEUDI - timedelta(days=2), JEUDI + timedelta(days=1)):
            found = retraits.semaine_du_jour(session, day)
            assert found is not None
            assert found.id == bourg.semaine
        session.execute(update(Semaine).values(etat=EtatSemaine.TERMINEE))
        assert retraits.semaine_du_jour(session, JEUDI + timedelta(days=1)) is None
