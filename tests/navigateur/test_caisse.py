"""The evening at the till: the agent counts one euro less than was taken, says what is known of it, and closes."""

import pytest
from sqlalchemy import text

from kernel.db import reading
from paiements import verifications
from paiements.regie.acte import encaisse
from paiements.regles.monnaie import en_coupures
from tests.navigateur.ecran import BUREAU, Ecran, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur

EXPLICATION = "Un euro rendu de trop à une famille"
PATIO = text("SELECT id FROM maison WHERE nom = 'Le Patio'")
ECART = text("SELECT coalesce(sum(montant), 0) FROM mouvement WHERE compte = 'ecart_caisse' AND tiers = :tiers")


def en_caisse() -> tuple[int, int, int]:
    """Le Patio, its cash by the ledger, and what its counts have found too little so far, in centimes."""
    with reading() as session:
        here = session.execute(PATIO).scalar_one()
        gap = session.execute(ECART, {"tiers": f"maison:{here}"}).scalar_one()
        return here, encaisse(session, here), int(gap)


def compter(ecran: Ecran, montant: int) -> None:
    """Write the count by note and coin."""
    for coupure, combien in en_coupures(montant):
        ecran.page.locator(f"[name=c{coupure}]").fill(str(combien))


def test_a_day_is_closed_with_a_gap_that_is_said_and_booked(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.RETRAIT)
    here, held, gap = en_caisse()
    ecran = ouvrir("agente")
    ecran.ouvrir(f"/caisse/cloture?maison={here}")
    capturer(ecran, "caisse-compter")
    faults = examiner(ecran)
    compter(ecran, held - 100)
    assert f"{(held - 100) // 100},{held % 100:02d} €" in ecran.texte, "the total is counted as one writes"
    with ecran.statut_attendu(422):
        ecran.appuyer("Clore la caisse")
    assert "Le compte n’est pas celui de la caisse" in ecran.texte
    assert en_caisse() == (here, held, gap), "nothing is closed before it is explained"
    assert "(facultatif)" not in ecran.texte
    capturer(ecran, "caisse-ecart")
    faults += examiner(ecran)
    ecran.remplir("Ce que vous savez de l’écart", EXPLICATION)
    ecran.appuyer("Clore la caisse")
    assert "La caisse est close pour aujourd’hui" in ecran.texte
    capturer(ecran, "caisse-close")
    faults += examiner(ecran)
    assert en_caisse() == (here, held - 100, gap + 100)
    desk = ouvrir("régisseuse", BUREAU)
    desk.ouvrir("/regie")
    capturer(desk, "caisse-regie")
    desk.ouvrir(f"/caisse?maison={here}")
    assert EXPLICATION in desk.texte
    assert faults + examiner(desk) == []
    with reading() as session:
        assert verifications.verifier(session) == []
