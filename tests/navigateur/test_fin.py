"""The evening, and the day after: the agent closes the day, the week ends by itself."""

import re

import pytest
from sqlalchemy import text

from kernel.db import reading
from paniers import verifications
from tests.navigateur.ecran import BUREAU, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import CODE, Moment, Temps

pytestmark = pytest.mark.navigateur

AU_PATIO = (
    "SELECT count(*) FROM panier p JOIN semaine s ON s.id = p.semaine_id JOIN maison m ON m.id = p.maison_id"
    " WHERE s.code = :code AND m.nom = 'Le Patio' AND p.etat = :etat"
)
# Whoever did not come, reads mails, and has an account; not the family of the other tests.
ABSENTE = (
    "SELECT p.id AS panier, c.email FROM panier p JOIN semaine s ON s.id = p.semaine_id"
    " JOIN foyer f ON f.id = p.foyer_id JOIN compte c ON c.foyer_id = f.id WHERE s.code = :code"
    " AND p.etat = 'non_retire' AND f.canal = 'email'"
    " AND c.email IS NOT NULL AND f.id > (SELECT min(id) FROM foyer) ORDER BY p.id LIMIT 1"
)


def au_patio(etat: str) -> int:
    with reading() as session:
        return int(session.execute(text(AU_PATIO), {"code": CODE, "etat": etat}).scalar_one())


def test_the_coordination_notes_the_delivery_and_the_agent_closes_the_day(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.RETRAIT)
    desk = ouvrir("coordination", BUREAU)
    desk.appuyer("Livraison reçue")
    assert "la livraison est reçue" in desk.texte
    assert temps.semaine().etat == "livree"
    left, given, kept = (au_patio(state) for state in ("a_remettre", "donne", "non_retire"))
    assert left > 1, "some did not come"
    ecran = ouvrir("agente")
    ecran.suivre("Clore la journée")
    assert f"{left} paniers n’ont pas été retirés" in ecran.texte
    faults = examiner(ecran)
    capturer(ecran, "jeudi-clore")
    ecran.page.locator("input[name=don]").first.check()
    with ecran.statut_attendu(422):
        ecran.appuyer("Clore la journée")
    assert "Écrivez à qui vont ces paniers" in ecran.texte
    assert ecran.page.locator("input[name=don]").first.is_checked(), "what was ticked is kept"
    capturer(ecran, "jeudi-clore-a-qui")
    faults += examiner(ecran)
    ecran.remplir("À qui", "L’épicerie solidaire")
    ecran.appuyer("Clore la journée")
    assert "La journée est close" in ecran.texte
    assert (au_patio("donne"), au_patio("non_retire"), au_patio("a_remettre")) == (given + 1, kept + left - 1, 0)
    capturer(ecran, "jeudi-clos")
    assert faults + examiner(ecran) == []


def test_the_week_ends_by_itself_and_the_family_reads_a_kind_word(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.FIN)
    assert au_patio("a_remettre") == 0
    with reading() as session:
        absent = session.execute(text(ABSENTE), {"code": CODE}).one()
        waiting = session.execute(text("SELECT count(*) FROM outbox_delivery WHERE state <> 'done'")).scalar_one()
        assert waiting == 0
        assert verifications.verifier(session) == []
    desk = ouvrir("coordination", BUREAU)
    desk.ouvrir(f"/coordination?semaine={CODE}")
    assert "terminée" in desk.texte
    capturer(desk, "fin-semaine")
    faults = examiner(desk)
    told = [mail for mail in temps.courriels(absent.email) if "Nous ne vous avons pas vu" in mail["subject"]]
    assert len(told) == 1, "once"
    assert re.search(r"honte|dette|retard|sanction|impayé", told[0]["text"], re.IGNORECASE) is None
    assert re.search(r"\d,\d\d", told[0]["text"]) is None, "of prices nothing is said"
    ecran = ouvrir(absent.email)
    ecran.ouvrir("/mon-abonnement")
    ecran.page.locator("summary", has_text="Mes paniers passés").click()
    assert "panier non retiré" in ecran.texte
    capturer(ecran, "fin-famille")
    faults += examiner(ecran)
    ecran.ouvrir("/paiements/mon-compte")
    assert "Panier du jeudi 26 novembre" in ecran.texte, "what was not fetched is explained on the account"
    assert faults + examiner(ecran) == []
