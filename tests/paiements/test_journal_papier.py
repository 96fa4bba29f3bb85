"""The journal on paper: the sums carried over are those of the lines before, and the last are the whole's."""

import subprocess
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from foyers.models import Foyer
from kernel import clock
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.web.access import Role
from paiements.documents import journal as journal_papier
from paiements.models.regie import TirageJournal
from paiements.regie.caisse import encaisser
from paiements.regles.monnaie import MoyenPaiement
from tests import fabriques
from tests.foyers.visite import connecte_en
from tests.paiements.guichet import Comptoir, comptoir, recu, reste_remis
from tests.paiements.monde import compter
from tests.paiements.test_caisse import MIDI


@pytest.fixture
def ici(base: str) -> Comptoir:
    """A till with its float and twenty receipts, and a debt handed over."""
    clock.set_now(MIDI)
    with transaction() as session:
        here = comptoir(session)
        for number in range(20):
            moyen = MoyenPaiement.CHEQUE if number % 2 else MoyenPaiement.ESPECES
            encaisser(session, recu(here, 550 + number, moyen=moyen), par=here.agent)
        reste_remis(session, fabriques.foyer(session, maison_id=here.maison).id)
    return here


def lu(maison: int | None) -> dict[str, object]:
    today = clock.today()
    with reading() as session:
        asked = TirageJournal(du=today, au=today, maison_id=maison, demande_le=clock.now())
        return journal_papier.contexte(session, asked)


def test_each_page_carries_on_what_the_last_has_carried_over_and_the_end_is_the_whole(ici: Comptoir) -> None:
    said = lu(None)
    sheets: list = said["pages"]  # type: ignore[type-arg, assignment]
    assert [len(one["lignes"]) for one in sheets] == [journal_papier.PAR_PAGE, 44 - journal_papier.PAR_PAGE]
    assert sheets[0]["report"] == (0, 0)
    for sheet, following in zip(sheets, [*sheets[1:], None], strict=True):
        moved = [sum(line[side] for line in sheet["lignes"]) for side in ("debit", "credit")]
        assert tuple(a + b for a, b in zip(sheet["report"], moved, strict=True)) == sheet["a_reporter"]
        assert following is None or following["report"] == sheet["a_reporter"]
    whole = compter("SELECT sum(montant) FROM mouvement WHERE montant > 0 AND compte <> 'billetterie'") - 3_000
    assert sheets[-1]["a_reporter"] == (said["debit"], said["credit"]) == (whole, whole)


def test_one_till_alone_leaves_out_the_others_and_the_treasury(ici: Comptoir) -> None:
    accounts = {one["compte"] for one in lu(ici.maison)["balance"]}  # type: ignore[attr-defined]
    assert accounts == {"caisse", "cheques"}
    assert {"tresor", "titres"} <= {one["compte"] for one in lu(None)["balance"]}  # type: ignore[attr-defined]


def test_the_regisseur_asks_for_it_and_reads_it_and_no_family_is_named(app: Flask, ici: Comptoir) -> None:
    reader = connecte_en(app, Role.REGISSEUR)
    path, day = "/regie/journal", clock.today().isoformat()
    assert reader.poster(path, path, du="", au="").status_code == 422
    assert reader.poster(path, path, du=day, au=day, maison="999999").status_code == 404
    assert reader.poster(path, path, du=day, au=day, maison="9" * 30).status_code == 400
    assert reader.poster(path, path, du=day, au=day, maison=str(ici.maison)).status_code == 303
    made = compter("SELECT id FROM tirage_journal")
    journal_papier.preparer(made)
    told = reader.lire(f"{path}/{made}.pdf").data
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=told, capture_output=True, check=True)
    words = read.stdout.decode()
    with reading() as session:
        assert [name for name in session.scalars(select(Foyer.nom)) if name in words] == []
    assert "À reporter" in words
    assert "PAN-2026-00020" in words
    assert f"/regie/journal/{made}.pdf" in reader.lire(path).text


def test_too_long_a_period_is_refused_kindly(ici: Comptoir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_papier, "LIGNES_MAX", 43)
    with pytest.raises(Refus, match="trop longue"), transaction() as session:
        journal_papier.demander(session, clock.today() - timedelta(days=1), clock.today(), None, par=None)
    assert compter("SELECT count(*) FROM tirage_journal") == 0
