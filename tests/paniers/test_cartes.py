"""The carte de retrait: one good card a household, and what it opens at the door."""

import io
import subprocess
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import documents, qr
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.web.access import Role
from paniers import cartes
from paniers.models.retrait import CarteRetrait
from paniers.retraits import Reponse, Verdict, scanner
from tests import fabriques
from tests.paniers.bourg import JEUDI, Bourg, batir, compter, ensemble

SOIR = paris(JEUDI, time(17, 30))


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        made = batir(session)
        foyer = fabriques.foyer(session, maison_id=made.maisons[0], prenom="Karim", nom="Demir")
        fabriques.panier(
            session, made.semaine, fabriques.abonnement(session, foyer.id, made.maisons[0]), made.maisons[0]
        )
        session.execute(text("UPDATE semaine SET etat = 'commandee' WHERE id = :s"), {"s": made.semaine})
        fabriques.compte(session, Role.AGENT, maisons=(made.maisons[0],))
    return made


@pytest.fixture
def foyer(bourg: Bourg) -> int:
    return compter("SELECT foyer_id FROM panier")


def faire(session: Session, foyer: int) -> int:
    return cartes.faire(session, foyer, par=None, instant=SOIR).id


def texte(carte_id: int) -> str:
    with reading() as session:
        return cartes.texte(session.get_one(CarteRetrait, carte_id).code)


def carte(foyer: int) -> int:
    with transaction() as session:
        return faire(session, foyer)


def lire(texte_: str, bourg: Bourg, jour: date = JEUDI, ou: int = 0) -> Reponse:
    with transaction() as session:
        agent = session.execute(text("SELECT id FROM compte WHERE role = 'agent'")).scalar_one()
        here = frozenset({bourg.maisons[ou]})
        return scanner(session, texte_, par=agent, maisons=here, jour=jour, instant=paris(jour, time(18)))


def test_a_household_has_one_good_card_however_often_it_asks(foyer: int) -> None:
    assert carte(foyer) == carte(foyer)
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'CarteDemandee'") == 1


def test_those_who_ask_at_once_make_one_card(foyer: int) -> None:
    made = ensemble([lambda session: faire(session, foyer)] * 4)
    assert len(set(map(str, made))) == 1, made
    assert compter("SELECT count(*) FROM carte_retrait") == 1


def test_a_lost_card_opens_nothing_from_that_moment_on(bourg: Bourg, foyer: int) -> None:
    old = carte(foyer)
    with transaction() as session:
        documents.store(session, cartes.cle(old), "carte.pdf", b"%PDF-")
        new = cartes.remplacer(session, old, par=None, instant=SOIR).id
    assert lire(texte(old), bourg).verdict is Verdict.CARTE_REMPLACEE
    assert compter("SELECT count(*) FROM panier WHERE etat = 'remis'") == 0
    assert compter("SELECT count(*) FROM document") == 0, "the printed file holds a first name: it goes with its card"
    assert lire(texte(new), bourg).verdict is Verdict.REMIS


def test_saying_twice_that_a_card_is_lost_replaces_it_once(foyer: int) -> None:
    old = carte(foyer)
    made = ensemble([lambda session: cartes.remplacer(session, old, par=None, instant=SOIR).id] * 3)
    assert len(set(map(str, made))) == 1, made
    assert compter("SELECT count(*) FROM carte_retrait WHERE perdue_le IS NULL") == 1


def test_a_household_may_do_without_a_card(bourg: Bourg, foyer: int) -> None:
    old = carte(foyer)
    with transaction() as session:
        cartes.revoquer(session, old, par=None, instant=SOIR)
    assert lire(texte(old), bourg).verdict is Verdict.CARTE_REMPLACEE
    assert compter("SELECT count(*) FROM carte_retrait WHERE perdue_le IS NULL") == 0


def test_a_card_of_nobody_is_not_found(base: str) -> None:
    for gesture in (cartes.remplacer, cartes.revoquer, cartes.faire):
        with pytest.raises(Introuvable), transaction() as session:
            gesture(session, 10**9, par=None, instant=SOIR)


def test_a_card_hands_out_the_basket_that_waits_here_today_and_the_day_after(bourg: Bourg, foyer: int) -> None:
    shown = texte(carte(foyer))
    assert lire(shown, bourg).verdict is Verdict.REMIS
    assert lire(shown, bourg, JEUDI + timedelta(days=1)).verdict is Verdict.DEJA_REMIS
    assert lire(shown, bourg, JEUDI + timedelta(days=2)).verdict is Verdict.SANS_PANIER
    assert compter("SELECT count(*) FROM retrait WHERE moyen = 'scan'") == 1


def test_a_card_shown_elsewhere_or_too_early_says_where_and_when(bourg: Bourg, foyer: int) -> None:
    shown, basket = texte(carte(foyer)), compter("SELECT id FROM panier")
    assert lire(shown, bourg, ou=1) == Reponse(Verdict.AUTRE_MAISON, basket)
    assert lire(shown, bourg, JEUDI - timedelta(days=1)) == Reponse(Verdict.PAS_AUJOURD_HUI, basket)
    assert compter("SELECT count(*) FROM retrait") == 0


def test_a_card_finds_the_basket_that_still_waits_of_two(bourg: Bourg, foyer: int) -> None:
    with transaction() as session:
        other = fabriques.abonnement(session, foyer, bourg.maisons[0])
        second = fabriques.panier(session, bourg.semaine, other, bourg.maisons[0]).id
    shown = texte(carte(foyer))
    first = compter("SELECT min(id) FROM panier")
    assert lire(shown, bourg) == Reponse(Verdict.REMIS, first, paris(JEUDI, time(18)))
    assert lire(shown, bourg) == Reponse(Verdict.REMIS, second, paris(JEUDI, time(18)))
    assert compter("SELECT count(*) FROM retrait") == 2


def test_a_cancelled_basket_is_none_for_a_card(bourg: Bourg, foyer: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE panier SET etat = 'annule'"))
    assert lire(texte(carte(foyer)), bourg).verdict is Verdict.SANS_PANIER


def test_the_printed_card_is_a_bank_cards_size_and_its_code_reads(foyer: int, tmp_path: Path) -> None:
    made = carte(foyer)
    cartes.preparer(made)
    with reading() as session:
        document = documents.find(session, cartes.cle(made))
        assert document is not None
        (tmp_path / "carte.pdf").write_bytes(document.content)
    out = subprocess.run(
        ["pdftoppm", "-png", "-r", "150", str(tmp_path / "carte.pdf")], check=True, capture_output=True, timeout=60
    )
    assert [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(out.stdout)))] == [texte(made)]
    words = subprocess.run(
        ["pdftotext", str(tmp_path / "carte.pdf"), "-"], check=True, capture_output=True, timeout=60, text=True
    ).stdout
    assert "Karim D." in words
    assert "Demir" not in words, "whoever finds a card reads no family name"


def test_a_card_lost_while_it_was_printed_is_not_kept(foyer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made, rendre = carte(foyer), cartes.rendre

    def lose_meanwhile(card: cartes.Carte) -> bytes:
        with transaction() as session:
            cartes.revoquer(session, made, par=None, instant=SOIR)
        return rendre(card)

    monkeypatch.setattr(cartes, "rendre", lose_meanwhile)
    cartes.preparer(made)
    cartes.preparer(made)
    assert compter("SELECT count(*) FROM document") == 0


def test_a_card_holds_its_random_code_and_nothing_else_of_the_household(foyer: int) -> None:
    made = carte(foyer)
    with reading() as session:
        code = session.get_one(CarteRetrait, made).code
    assert qr.verify_card(texte(made)) == code
    assert texte(made) == qr.sign_card(code), "the same code gives the same card, whatever the household has become"
