"""The pages at the door, as an agent, a bénévole and the coordination meet them."""

from datetime import date, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from kernel import clock, qr
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.web.access import Role
from paiements import grand_livre
from paniers.guichet import jour
from paniers.guichet.recherche import chercher
from paniers.models.semaines import Panier, Retrait, Semaine
from paniers.queries.guichet import Attendu
from tests import fabriques
from tests.foyers.visite import Visite, connecte_en
from tests.paniers.guichet_ouvert import agent, ici, scanner
from tests.paniers.monde_equipe import DIX_SEPT_HEURES, JEUDI, Monde, bon, etat, panier

__all__ = ["agent", "ici"]


@pytest.fixture
def benevole(app: Flask, ici: Monde) -> Visite:
    return connecte_en(app, Role.BENEVOLE, maisons=(ici.ici,))


@pytest.fixture
def coordination(app: Flask, ici: Monde) -> Visite:
    return connecte_en(app, Role.COORDINATION)


def test_the_day_shows_who_is_expected_and_no_price(agent: Visite, ici: Monde) -> None:
    page = agent.lire("/retrait").text
    assert "Samira Benali" in page
    assert "Zoé L’Hostis" in page
    assert "2 paniers" in page
    assert "Mamadou" not in page
    assert "€" not in page


def test_a_long_day_is_shown_a_page_at_a_time_and_searched_whole(
    agent: Visite, ici: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jour, "PAR_PAGE", 1)
    first, last = agent.lire("/retrait").text, agent.lire("/retrait?page=2").text
    assert ("Samira Benali" in first, "Zoé L’Hostis" in first) == (True, False)
    assert ("Samira Benali" in last, "Zoé L’Hostis" in last) == (False, True)
    assert f"/retrait?page=2&amp;maison={ici.ici}&amp;etat=attendus" in first
    assert "page 2 sur 2" in last.replace("\N{NO-BREAK SPACE}", " ")
    assert "Zoé L’Hostis" in agent.lire("/retrait?q=zoe").text
    for odd in ("99", "0", "-1", "deux", "²", "1" * 50):
        assert "Pages" in agent.lire(f"/retrait?page={odd}").text


def test_a_scan_hands_out_and_says_so(agent: Visite, ici: Monde) -> None:
    answer = scanner(agent, bon(ici.zoe), ici.ici)
    assert answer.status_code == 200
    assert "reponse--remettre" in answer.text
    assert "Zoé" in answer.text
    assert "<b>2</b>" in answer.text
    assert "Carotte" in answer.text
    assert "17\xa0h" in answer.text
    assert etat(ici.zoe) == "remis"


def test_a_scanner_may_type_small_letters_and_a_line_end(agent: Visite, ici: Monde) -> None:
    assert "reponse--remettre" in scanner(agent, bon(ici.samira).lower() + "\r\n", ici.ici).text


def test_a_second_scan_says_when_it_was_handed_out(agent: Visite, app: Flask, ici: Monde) -> None:
    scanner(agent, bon(ici.samira), ici.ici)
    other = connecte_en(app, Role.AGENT, maisons=(ici.ici,))
    clock.set_now(paris(JEUDI, time(17, 32)))
    answer = scanner(other, bon(ici.samira), ici.ici).text
    assert "reponse--voir" in answer
    assert "remis à 17\xa0h" in answer


def test_a_double_tap_is_one_gesture(agent: Visite, ici: Monde) -> None:
    first = scanner(agent, bon(ici.samira), ici.ici)
    clock.set_now(DIX_SEPT_HEURES + timedelta(seconds=2))
    second = scanner(agent, bon(ici.samira), ici.ici)
    assert "reponse--remettre" in first.text
    assert "reponse--remettre" in second.text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Retrait)) == 1


def test_a_voucher_of_another_maison_names_that_maison_and_nobody(agent: Visite, ici: Monde) -> None:
    answer = scanner(agent, bon(ici.autre), ici.ici).text
    assert "reponse--voir" in answer
    assert "Abbaye" in answer
    assert "Mamadou" not in answer
    assert "Diallo" not in answer
    assert etat(ici.autre) == "a_remettre"


def test_an_agent_of_two_maisons_hands_out_only_where_they_stand(app: Flask, ici: Monde) -> None:
    both = connecte_en(app, Role.AGENT, maisons=(ici.ici, ici.ailleurs))
    assert "Abbaye" in scanner(both, bon(ici.autre), ici.ici).text
    assert etat(ici.autre) == "a_remettre"
    assert "reponse--remettre" in scanner(both, bon(ici.autre), ici.ailleurs).text


def test_a_voucher_of_last_week_says_its_day(agent: Visite, ici: Monde) -> None:
    with transaction() as session:
        last = fabriques.semaine(session, date(2026, 11, 19), etat="terminee")
        old = panier(session, last, ici.ici, "Samira", "Benali")
        text, old_id = bon_de(session, old), old.id
    answer = scanner(agent, text, ici.ici).text
    assert "reponse--voir" in answer
    assert "jeudi 19 novembre 2026" in answer
    assert etat(old_id) == "a_remettre"


def bon_de(session, basket: Panier) -> str:  # type: ignore[no-untyped-def]
    week = session.get_one(Semaine, basket.semaine_id)
    session.refresh(basket)
    return qr.sign(basket.bon, week.retrait_le - timedelta(days=3), week.retrait_le + timedelta(days=1))


def test_what_is_no_voucher_is_answered_kindly(agent: Visite, ici: Monde) -> None:
    for code in [
        "PC1:",
        "PC1:AAAA",
        "PC1:" + "A" * 10_000,
        "pc1:\0\0",
        "PC1:🥕🥕🥕",
        "https://exemple.test/?q=1",
        "x" * 10_000,
        "PC2:NOUVEAU",
    ]:
        answer = scanner(agent, code, ici.ici)
        assert answer.status_code == 200
        assert "reponse--voir" in answer.text
        assert "par son nom" in answer.text


def test_a_forged_voucher_hands_nothing_out(agent: Visite, ici: Monde) -> None:
    genuine = bon(ici.samira)
    forged = genuine[:-9] + ("A" if genuine[-9] != "A" else "B") + genuine[-8:]
    assert "reponse--voir" in scanner(agent, forged, ici.ici).text
    assert etat(ici.samira) == "a_remettre"
    assert "reponse--remettre" in scanner(agent, genuine, ici.ici).text


def test_a_name_is_found_however_it_is_typed(agent: Visite, ici: Monde) -> None:
    for typed in ["benali", "SAMIRA", "Bénali", "bennali", "sammira benali", "benali samira"]:
        answer = scanner(agent, typed, ici.ici)
        assert answer.status_code == 303
        page = agent.lire(answer.location).text
        assert "Samira Benali" in page
        assert "Zoé" not in page


def test_a_search_that_finds_nobody_is_a_page(agent: Visite, ici: Monde) -> None:
    for typed in ["", "zzzz", "%", "'; DROP TABLE panier", "\0", "😀", "<script>alert(1)</script>"]:
        answer = agent.client.get("/retrait", query_string={"q": typed})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


def test_a_number_finds_its_basket() -> None:
    lines = [Attendu(n, n, "Ada", "Test", 1, "a_remettre", None, "test|ada test") for n in (1, 11, 12)]
    assert [line.numero for line in chercher(lines, "1")] == [1]
    assert [line.numero for line in chercher(lines, " 012 ")] == [12]
    assert chercher(lines, "999999999999999999999999") == []


def test_any_member_of_the_household_is_found() -> None:
    line = Attendu(1, 1, "Nadia", "Haddad", 1, "a_remettre", None, "haddad|nadia haddad|karim ben said")
    assert chercher([line], "bensaid") == [line]
    assert chercher([line], "Karim") == [line]
    assert chercher([line], "morel") == []


def test_the_list_is_filtered_by_state(agent: Visite, ici: Monde) -> None:
    scanner(agent, bon(ici.samira), ici.ici)
    assert "Samira" not in agent.lire("/retrait").text
    assert "Samira" in agent.lire("/retrait?etat=remis").text
    assert "Zoé" not in agent.lire("/retrait?etat=remis").text
    both = agent.lire("/retrait?etat=tous").text
    assert "Samira" in both
    assert "Zoé" in both
    assert agent.lire("/retrait?etat=%00").status_code == 200


def test_a_hand_out_is_undone_and_done_again(agent: Visite, ici: Monde) -> None:
    assert "reponse--remettre" in agent.poster(f"/retrait/{ici.samira}/remettre", "/retrait").text
    undone = agent.poster(f"/retrait/{ici.samira}/annuler", "/retrait")
    assert undone.status_code == 303
    assert "attend de nouveau" in agent.lire(undone.location).text
    assert etat(ici.samira) == "a_remettre"
    again = agent.poster(f"/retrait/{ici.samira}/annuler", "/retrait")
    assert "rien à annuler" in agent.lire(again.location).text
    assert "reponse--remettre" in agent.poster(f"/retrait/{ici.samira}/remettre", "/retrait").text
    page = agent.lire(f"/retrait/{ici.samira}").text
    assert "Remise annulée" in page


def devoir(panier_id: int, centimes: int) -> None:
    """The household of that basket owes so much."""
    with transaction() as session:
        basket = session.get_one(Panier, panier_id)
        debit = (basket.id, basket.foyer_id, centimes, centimes)
        grand_livre.debiter_paniers(session, JEUDI, "Panier du jeudi 26 novembre", [debit])


def test_what_is_owed_is_behind_a_second_tap_of_an_agent(agent: Visite, ici: Monde) -> None:
    devoir(ici.samira, 1_100)
    answer = scanner(agent, bon(ici.samira), ici.ici).text
    assert "reponse--remettre" in answer
    before, inside = answer.split("<details", 1)
    assert "11,00" not in before
    assert "11,00" in inside


def test_a_benevole_reads_no_amount_and_no_family_name(benevole: Visite, ici: Monde) -> None:
    devoir(ici.samira, 1_100)
    pages = [
        benevole.lire("/retrait"),
        benevole.lire(f"/retrait/{ici.samira}"),
        scanner(benevole, bon(ici.samira), ici.ici),
        benevole.lire("/retrait?etat=tous"),
        scanner(benevole, bon(ici.autre), ici.ici),
    ]
    for page in pages:
        assert page.status_code == 200
        for word in ("€", "payer", "11,00", "550", "Benali", "Diallo", "tranche"):
            assert word not in page.text
    assert "Samira B." in pages[0].text


def test_a_benevole_closes_no_day_and_prints_no_list(benevole: Visite) -> None:
    for path in ["/retrait/clore", "/retrait/feuille", "/retrait/dossier/1/1"]:
        assert benevole.lire(path).status_code == 403


def test_others_are_kept_out(app: Flask, ici: Monde) -> None:
    for role in [Role.HABITANT, Role.PRODUCTEUR, Role.ADMINISTRATION]:
        visit = connecte_en(app, role)
        assert visit.lire("/retrait").status_code == 403
        assert visit.lire(f"/retrait/{ici.samira}").status_code == 403


def test_a_basket_of_another_maison_does_not_exist(agent: Visite, ici: Monde) -> None:
    assert agent.lire(f"/retrait/{ici.autre}").status_code == 404
    assert agent.poster(f"/retrait/{ici.autre}/remettre", "/retrait").status_code == 404
    assert agent.poster(f"/retrait/{ici.autre}/annuler", "/retrait").status_code == 404
    assert agent.lire(f"/retrait?maison={ici.ailleurs}").status_code == 404
    assert agent.lire(f"/retrait/dossier/{ici.semaine_id}/{ici.ailleurs}").status_code == 404
    assert etat(ici.autre) == "a_remettre"


def test_a_basket_that_is_not_there_is_a_page(agent: Visite) -> None:
    for key in [0, 999_999, 2**63, 10**40]:
        assert agent.lire(f"/retrait/{key}").status_code in (400, 404)


def test_a_maison_that_is_not_there_is_a_page(agent: Visite) -> None:
    for maison in ["abc", "-1", "9" * 50, "\0"]:
        assert agent.client.get("/retrait", query_string={"maison": maison}).status_code == 404


def test_an_agent_of_several_maisons_chooses_and_is_remembered(app: Flask, ici: Monde) -> None:
    both = connecte_en(app, Role.AGENT, maisons=(ici.ici, ici.ailleurs))
    assert "Où êtes-vous" in both.lire("/retrait").text
    assert "Mamadou" in both.lire(f"/retrait?maison={ici.ailleurs}").text
    assert "Mamadou" in both.lire("/retrait").text


def test_an_agent_without_a_maison_is_told_whom_to_ask(app: Flask, ici: Monde) -> None:
    assert "Aucune maison" in connecte_en(app, Role.AGENT).lire("/retrait").text


def test_without_any_week_the_page_stands(app: Flask, base: str) -> None:
    with transaction() as session:
        here = fabriques.maison(session).id
    agent = connecte_en(app, Role.AGENT, maisons=(here,))
    assert "Personne n’est attendu" in agent.lire("/retrait").text
    assert agent.lire("/retrait/clore").status_code == 409
    assert "reponse--voir" in scanner(agent, "PC1:AAAA", here).text


def test_nothing_is_handed_out_without_the_token_of_the_page(agent: Visite, ici: Monde) -> None:
    assert agent.client.post(f"/retrait/{ici.samira}/remettre").status_code == 400
    assert agent.client.post("/retrait/scan", data={"code": bon(ici.samira)}).status_code == 400
    assert etat(ici.samira) == "a_remettre"
