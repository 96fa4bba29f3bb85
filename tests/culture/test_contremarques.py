"""The group voucher of an outing: made when bookings close, corrected once when numbers change, never drawn anew."""

import subprocess
from datetime import timedelta

import pytest
from sqlalchemy import select

from culture import contremarques, inscriptions, sorties
from culture.courriels.partenaires import contremarque as envoyer_la_contremarque
from culture.models.inscriptions import PlaceSortie
from culture.models.sorties import SortieAccompagnateur
from kernel import clock, documents, pdf
from kernel.db import reading, transaction
from kernel.web.access import Role
from tests import fabriques
from tests.culture.bourg import MAINTENANT, SOIR, Saison, fautes, habiter, horloge, reserver
from tests.culture.lieu import courriels, lien, lignes, passer, saison, theatre
from tests.foyers.visite import Visite
from tests.paniers.bourg import compter as combien

__all__ = ["horloge", "saison", "theatre"]


def lu_sur_le_papier(content: bytes) -> str:
    made = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return made.stdout.decode()


def test_a_voucher_is_made_when_bookings_close_and_corrected_once_when_numbers_change(
    saison: Saison, theatre: Visite
) -> None:
    booked = reserver(saison, habiter(saison, [3])[0])
    with transaction() as session:
        guide = fabriques.compte(session, Role.AGENT, maisons=saison.maisons[:1])
        session.add(SortieAccompagnateur(sortie_id=saison.sortie, compte_id=guide.id))
    closed = SOIR - timedelta(days=2)
    clock.set_now(closed)
    for _twice in range(2):
        with transaction() as session:
            sorties.clore(session, saison.sortie, instant=closed, par=None)
    assert [one.nombre for one in lignes(saison)] == [3]
    with transaction() as session:
        seats = session.scalars(select(PlaceSortie.id).order_by(PlaceSortie.id)).all()
        late = closed + timedelta(minutes=10)
        inscriptions.annuler(session, booked.id, places=seats[:1], instant=late, par=guide.id)
    passer(closed + timedelta(minutes=20))
    assert len(lignes(saison)) == 1, "a burst of changes is one correction"
    for _turn in range(2):
        passer(closed + timedelta(hours=2))
    assert [(one.version, one.nombre) for one in lignes(saison)] == [(1, 3), (2, 2)]
    for one in lignes(saison):
        for _again in range(2):
            contremarques.preparer(one.id)
        with transaction() as session:
            envoyer_la_contremarque(session, one.id)
    first, second = courriels()
    assert "annule et remplace" in second.text
    assert first.attachments != second.attachments
    page = theatre.lire(lien(saison)).text
    assert "annulée et remplacée par le n°" in page
    paper = theatre.lire(f"{lien(saison)}/contremarque/{lignes(saison)[1].id}.pdf")
    written = lu_sur_le_papier(paper.data)
    assert "Annule et remplace" in written
    assert "24,00" in written
    assert theatre.lire(f"{lien(saison)}/contremarque/{lignes(saison)[0].id}.pdf").status_code == 200
    assert fautes(closed + timedelta(hours=2)) == []


def test_the_paper_of_a_voucher_is_never_drawn_anew(saison: Saison, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction() as session:
        made = contremarques.etablir(session, saison.sortie, instant=MAINTENANT, par=None)
        again = contremarques.etablir(session, saison.sortie, instant=MAINTENANT, par=None)
        assert made is not None
        assert again is None
    contremarques.preparer(made.id)
    monkeypatch.setattr(pdf, "render", lambda *_: b"another paper")
    contremarques.preparer(made.id)
    with reading() as session:
        paper = documents.find(session, contremarques.cle(made.id))
    assert paper is not None
    assert paper.content.startswith(b"%PDF")
    assert combien("SELECT count(*) FROM outbox_fact WHERE name = 'ContremarquePrete'") == 1
