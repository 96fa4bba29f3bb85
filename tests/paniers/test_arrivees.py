"""What arrives at a maison: all of it or not, said by product, told at the door and to the coordination."""

import pytest
from flask import Flask
from sqlalchemy import text

from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paniers import arrivees
from paniers.courriels import arrivee as courriels_arrivee
from paniers.models.semaines import Semaine
from paniers.queries.arrivee import arrivee
from paniers.queries.coordination import echeancier
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.bourg import compter, ensemble
from tests.paniers.guichet_ouvert import agent, ici
from tests.paniers.monde_equipe import Monde, bon

__all__ = ["agent", "ici"]

# Capuche hands out three baskets: one for Samira, two for Zoé.
TOUS = 3


@pytest.fixture
def poireau(ici: Monde) -> int:
    return compter("SELECT o.id FROM offre o JOIN produit p ON p.id = o.produit_id WHERE p.nom = 'Poireau'")


def noter(ici: Monde, manques: dict[int, int], ou: int | None = None) -> None:
    with transaction() as session:
        arrivees.noter(session, ici.semaine_id, ou or ici.ici, manques, par=None, instant=clock.now())


def manques(ici: Monde) -> list[tuple[str, int, bool]]:
    with reading() as session:
        found = arrivee(session, ici.semaine_id, ici.ici).manques
        return [(product.nom, product.manque, product.tous) for product in found]


def etat(ici: Monde) -> str:
    with reading() as session:
        return session.get_one(Semaine, ici.semaine_id).etat


def test_the_week_is_delivered_once_every_maison_has_looked(ici: Monde) -> None:
    noter(ici, {})
    assert etat(ici) == "commandee"
    noter(ici, {}, ici.ailleurs)
    assert etat(ici) == "livree"
    noter(ici, {})
    assert compter("SELECT count(*) FROM semaine_etape WHERE vers = 'livree'") == 1


def test_the_week_s_line_says_in_how_many_maisons_it_arrived(app: Flask, ici: Monde) -> None:
    page = connecte_en(app, Role.COORDINATION)

    def ligne() -> str:
        return page.lire(f"/coordination?semaine={ici.code}").text.replace("\xa0", " ")

    assert "arrivé dans" not in ligne()
    noter(ici, {})
    assert "arrivé dans 1 maison sur 2" in ligne()
    noter(ici, {}, ici.ailleurs)
    assert "arrivé dans les 2 maisons" in ligne()


def test_a_maison_without_baskets_is_not_waited_for(app: Flask, ici: Monde) -> None:
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'annule' WHERE maison_id = :m"), {"m": ici.ailleurs})
    noter(ici, {}, ici.ailleurs)
    with reading() as session:
        steps = echeancier(session, ici.semaine_id)
    assert (steps.arrivees, steps.maisons) == (0, 1)
    noter(ici, {})
    with reading() as session:
        assert echeancier(session, ici.semaine_id).arrivees == 1


def test_maisons_that_look_at_once_deliver_the_week_once(ici: Monde) -> None:
    def look(place: int):  # type: ignore[no-untyped-def]
        return lambda s: arrivees.noter(s, ici.semaine_id, place, {}, par=None, instant=clock.now())

    assert ensemble([look(ici.ici), look(ici.ailleurs), look(ici.ici)]) == [None] * 3
    assert etat(ici) == "livree"
    assert compter("SELECT count(*) FROM semaine_etape WHERE vers = 'livree'") == 1


def test_what_is_missing_is_noted_and_may_be_corrected(ici: Monde, poireau: int) -> None:
    noter(ici, {poireau: 2})
    assert manques(ici) == [("Poireau", 2, False)]
    noter(ici, {poireau: TOUS})
    assert manques(ici) == [("Poireau", TOUS, True)]
    noter(ici, {poireau: 0})
    assert manques(ici) == []


def test_the_coordination_is_told_once_of_each_lack(ici: Monde, poireau: int) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM outbox_fact"))
    for _ in range(2):
        noter(ici, {poireau: 2})
    noter(ici, {})
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'ArriveeIncomplete'") == 1


def test_the_mail_says_what_is_missing_where_and_whom_to_call(app: Flask, ici: Monde, poireau: int) -> None:
    connecte_en(app, Role.COORDINATION)
    noter(ici, {poireau: 2})
    for _ in range(2):
        with transaction() as session:
            courriels_arrivee.manque_a_l_arrivee(session, compter("SELECT id FROM arrivee"))
    with reading() as session:
        (mail,) = session.execute(text("SELECT subject, text FROM mail")).all()
    assert "Capuche" in mail.subject
    assert "Poireau" in mail.text
    assert "dans 2 paniers" in mail.text


def test_more_than_there_is_or_another_product_is_refused(ici: Monde, poireau: int) -> None:
    for wrong in ({poireau: TOUS + 1}, {poireau: -1}, {10**9: 1}):
        with pytest.raises(Refus):
            noter(ici, wrong)
    assert compter("SELECT count(*) FROM arrivee") == 0


@pytest.mark.parametrize("state", ["ouverte", "cloturee", "terminee", "annulee"])
def test_nothing_arrives_before_the_orders_or_after_the_week(ici: Monde, state: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE semaine SET etat = :e"), {"e": state})
    with pytest.raises(Refus, match="entre le départ"):
        noter(ici, {})


def test_each_answer_says_what_is_missing(agent: Visite, ici: Monde, poireau: int) -> None:
    page = agent.lire("/retrait").text
    assert "Tout est là" in page
    assert "Il manque quelque chose" in page
    fields = {f"manque-{poireau}": str(TOUS), "maison": ici.ici, "semaine": ici.code}
    assert agent.poster("/retrait/arrivee", "/retrait/arrivee", **fields).status_code == 303
    assert "Poireau dans tous les paniers" in agent.lire("/retrait").text
    answer = agent.poster("/retrait/scan", "/retrait", code=bon(ici.samira), maison=ici.ici).text
    assert "sans poireau" in answer
    agent.poster("/retrait/arrivee", "/retrait/arrivee", **(fields | {f"manque-{poireau}": "1"}))
    answer = agent.poster(f"/retrait/{ici.zoe}/remettre", "/retrait").text
    assert "manque dans 1 panier" in answer


def test_nothing_missing_is_said_by_its_own_button_or_takes_a_note_back(
    agent: Visite, ici: Monde, poireau: int
) -> None:
    fields = {"maison": ici.ici, "semaine": ici.code}
    answer = agent.poster("/retrait/arrivee", "/retrait/arrivee", **fields)
    assert answer.status_code == 422
    assert "« Tout est là »" in answer.text.replace("\u00a0", " ")
    assert compter("SELECT count(*) FROM arrivee") == 0
    agent.poster("/retrait/arrivee", "/retrait/arrivee", **(fields | {f"manque-{poireau}": "1"}))
    agent.poster("/retrait/arrivee", "/retrait/arrivee", **fields)
    assert "il ne manque plus rien" in agent.lire("/retrait").text
    assert compter("SELECT count(*) FROM arrivee_manque") == 0


def test_what_is_not_a_number_of_baskets_is_kept_and_explained(agent: Visite, ici: Monde, poireau: int) -> None:
    for wrong in ("beaucoup", "-1", "1,5", "٣", "99999", str(TOUS + 1)):
        fields = {f"manque-{poireau}": wrong, "maison": ici.ici, "semaine": ici.code}
        answer = agent.poster("/retrait/arrivee", "/retrait/arrivee", **fields)
        assert answer.status_code == 422
        assert "paniers" in answer.text
        assert f'value="{wrong}"' in answer.text
    assert compter("SELECT count(*) FROM arrivee") == 0
