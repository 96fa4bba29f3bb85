"""The morning after: the régisseuse reads what the night compared, and says why one euro is not in the ledger."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from demo import essais
from kernel.clock import today
from kernel.db import reading
from paiements.rapprochement import nuit
from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Temps

pytestmark = pytest.mark.navigateur

MOTIF = "Essai de la page de paiement, avec la carte du CCAS"
PIECE = "stripe:" + essais.A_EXPLIQUER.replace("pi_", "ch_", 1)
OUVERTS = text(
    "SELECT piece, ailleurs, grand_livre FROM ecart_rapprochement WHERE disparu_le IS NULL AND resolu_le IS NULL"
)
PATIENCE = 60
ECART = "SELECT resolu_le IS NOT NULL AS resolu, motif FROM ecart_rapprochement WHERE piece = :piece"


def test_the_regisseuse_explains_the_one_difference_that_the_night_has_found(temps: Temps, ouvrir: NouvelEcran) -> None:
    _la_nuit_apres_tous_les_messages(temps)
    ecran = ouvrir("régisseuse", BUREAU)
    ecran.ouvrir("/regie/rapprochement")
    assert "Un écart à expliquer" in ecran.texte
    assert "l’ouverture" in ecran.texte, "the one of the town's first day was explained in its time"
    faults = examiner(ecran)
    capturer(ecran, "rapprochement-un-ecart")
    ecran.suivre("Expliquer")
    with ecran.statut_attendu(422):
        ecran.appuyer("L’écart est expliqué")
    ecran.remplir("Ce qui l’explique", MOTIF)
    capturer(ecran, "rapprochement-expliquer")
    ecran.appuyer("L’écart est expliqué")
    assert "tout est expliqué" in ecran.texte
    assert MOTIF in ecran.texte
    capturer(ecran, "rapprochement-egal")
    assert faults + examiner(ecran) == []
    with reading() as session:
        assert session.execute(text(ECART), {"piece": PIECE}).one() == (True, MOTIF)


def _la_nuit_apres_tous_les_messages(temps: Temps) -> None:
    """Compare last night again: the town leapt over days, and its nights came before the provider had spoken.

    A provider speaks when it likes, also after all that it has said is done: it is waited for, a minute at most.
    """
    until, found = time.monotonic() + PATIENCE, None
    while found != [(PIECE, essais.UN_EURO, 0)] and time.monotonic() < until:
        if found is not None:
            print(found)
            time.sleep(1)
        temps.tout_livre()
        nuit.rapprocher_le(today() - timedelta(days=1))
        with reading() as session:
            found = [tuple(row) for row in session.execute(OUVERTS)]
    assert found == [(PIECE, essais.UN_EURO, 0)]
