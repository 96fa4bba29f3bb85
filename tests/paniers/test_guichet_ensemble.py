"""The pick-up with many baskets and many agents at once: as many queries, and one who hands out."""

import threading
from collections import Counter

from flask import Flask

from kernel import clock
from kernel.db import reading, transaction
from kernel.web.access import Role
from paniers import retraits
from paniers.models.semaines import Panier, Semaine
from paniers.queries import guichet as queries_guichet
from paniers.queries import remise as queries_remise
from paniers.retraits import Moyen, Reponse, Verdict
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.guichet_ouvert import agent, ici
from tests.paniers.monde_equipe import Monde, bon, comptees, panier

__all__ = ["agent", "ici"]


def lire_le_jour(visit: Visite) -> int:
    with comptees() as sent:
        assert visit.lire("/retrait?etat=tous").status_code == 200
    return len(sent)


def ajouter(ici: Monde, combien: int) -> None:
    with transaction() as session:
        week = session.get_one(Semaine, ici.semaine_id)
        for number in range(combien):
            panier(session, week, ici.ici, "Ada", f"Nom{number}")


def test_the_day_takes_as_many_queries_for_ten_baskets_as_for_two_hundred(agent: Visite, ici: Monde) -> None:
    ajouter(ici, 8)
    few = lire_le_jour(agent)
    ajouter(ici, 190)
    assert lire_le_jour(agent) == few <= 12


def test_counting_would_notice_a_query_for_each_basket(ici: Monde) -> None:
    """Negative control of the test above."""

    def one_by_one() -> int:
        with comptees() as sent, reading() as session:
            for line in queries_guichet.attendus(session, ici.semaine_id, ici.ici):
                queries_remise.panier(session, line.id)
        return len(sent)

    few = one_by_one()
    ajouter(ici, 20)
    assert one_by_one() == few + 20


def en_course(ici: Monde, hand_out, agents: int = 8) -> list[Verdict]:  # type: ignore[no-untyped-def]
    """Several agents hand the same basket out at the same instant; returns what each was told."""
    with transaction() as session:
        people = [fabriques.compte(session, Role.AGENT, maisons=(ici.ici,)).id for _ in range(agents)]
    gate, told = threading.Barrier(agents), []

    def one(who: int) -> None:
        with transaction() as session:
            session.get(Panier, ici.samira)
            gate.wait(10)
            told.append(hand_out(session, who).verdict)

    threads = [threading.Thread(target=one, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return told


def test_of_agents_at_once_exactly_one_hands_out(ici: Monde) -> None:
    told = en_course(
        ici,
        lambda session, who: retraits.remettre(
            session, ici.samira, par=who, moyen=Moyen.LISTE, maisons=None, instant=clock.now()
        ),
    )
    assert Counter(told) == {Verdict.REMIS: 1, Verdict.DEJA_REMIS: 7}


def test_without_the_guarded_update_several_would(ici: Monde) -> None:
    """Negative control: look, then change."""

    def look_then_change(session, who: int) -> Reponse:  # type: ignore[no-untyped-def]
        basket = session.get(Panier, ici.samira)
        if basket.etat == "remis":
            return Reponse(Verdict.DEJA_REMIS)
        basket.etat = "remis"
        return Reponse(Verdict.REMIS)

    assert Counter(en_course(ici, look_then_change))[Verdict.REMIS] > 1


def test_two_agents_at_once_are_both_answered(app: Flask, ici: Monde) -> None:
    agents = [connecte_en(app, Role.AGENT, maisons=(ici.ici,)) for _ in range(4)]
    tokens = [agent.jeton("/retrait") for agent in agents]
    text, gate, answers = bon(ici.samira), threading.Barrier(4), []

    def one(agent: Visite, token: str) -> None:
        gate.wait(10)
        answers.append(agent.client.post("/retrait/scan", data={"csrf_token": token, "code": text, "maison": ici.ici}))

    threads = [threading.Thread(target=one, args=pair) for pair in zip(agents, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sum("reponse--remettre" in answer.text for answer in answers) == 1
