"""The evening, and the day after: the agent closes the day, the week ends by itself."""

import pytest

from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur


def test_the_coordination_notes_the_delivery_and_the_agent_closes_the_day(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.RETRAIT)
    desk = ouvrir("coordination", BUREAU)
    desk.appuyer("Livraison reçue")
    assert "la livraison est reçue" in desk.texte
    ecran = ouvrir("agente")
    ecran.suivre("Clore la journée")
    assert "été retiré" in ecran.texte
    faults = examiner(ecran)
    capturer(ecran, "jeudi-clore")
    ecran.appuyer("Clore la journée")
    assert "La journée est close" in ecran.texte
    capturer(ecran, "jeudi-clos")
    assert faults + examiner(ecran) == []


def test_the_week_ends_by_itself_and_the_family_reads_a_kind_word(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.FIN)
    desk = ouvrir("coordination", BUREAU)
    desk.ouvrir("/coordination?semaine=2026-W48")
    capturer(desk, "fin-semaine")
    faults = examiner(desk)
    ecran = ouvrir("habitante")
    capturer(ecran, "fin-famille")
    faults += examiner(ecran)
    ecran.ouvrir("/paiements/mon-compte")
    assert faults + examiner(ecran) == []
