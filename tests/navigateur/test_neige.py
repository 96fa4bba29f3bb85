"""A maison closed by snow after the orders: the coordination cancels it, and prints whom to call."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from demo import actes
from kernel.db import reading
from paniers import verifications
from tests.navigateur.ecran import BUREAU, TELEPHONE, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import CODE, Moment, Temps

pytestmark = pytest.mark.navigateur

# Where baskets wait, and nobody of the other tests belongs: the agent is at Le Patio, the family is the first of all.
MAISON = text(
    "SELECT m.id, m.nom, count(*) AS paniers, count(*) FILTER (WHERE f.canal = 'email') AS courriels"
    " FROM panier p JOIN semaine s ON s.id = p.semaine_id"
    " JOIN maison m ON m.id = p.maison_id JOIN foyer f ON f.id = p.foyer_id WHERE s.code = :code"
    " AND m.nom <> 'Le Patio' GROUP BY m.id HAVING bool_and(p.etat = 'a_remettre')"
    " AND m.id <> (SELECT maison_id FROM foyer ORDER BY id LIMIT 1)"
    " ORDER BY count(*) FILTER (WHERE f.canal <> 'email') DESC, m.id LIMIT 1"
)


def test_the_coordination_closes_a_maison_for_snow(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    with reading() as session:
        maison = session.execute(MAISON, {"code": CODE}).one()
    ecran = ouvrir("coordination", BUREAU)
    ecran.suivre("Déplacer ou annuler une distribution")
    faults = examiner(ecran)
    ecran.page.get_by_role("link", name=f"Changer pour {maison.nom}", exact=True).click()
    capturer(ecran, "neige-distribution")
    ecran.suivre("Voir ce que cela change")
    assert "Voici ce qui va se passer" in ecran.texte
    assert "Rien n’est encore fait" in ecran.texte
    capturer(ecran, "neige-avant")
    faults += examiner(ecran)
    with ecran.statut_attendu(422):
        ecran.appuyer("Annuler et prévenir")
    assert "Dites pourquoi" in ecran.texte
    ecran.remplir("Pourquoi ?", "neige, routes fermées")
    ecran.appuyer("Annuler et prévenir")
    assert "C’est annulé" in ecran.texte
    capturer(ecran, "neige-apres")
    faults += examiner(ecran)
    ecran.suivre("Familles à appeler, par maison")
    capturer(ecran, "neige-appels")
    faults += examiner(ecran)
    actes.attendre(temps.ville, "deliveries", actes.tout_est_livre)
    with reading() as session:
        told = session.execute(
            text(
                "SELECT count(*), count(DISTINCT foyer_id) FROM message WHERE cle LIKE 'distribution:'"
                " || (SELECT id FROM distribution WHERE maison_id = :maison AND nature = 'annulee') || ':%'"
            ),
            {"maison": maison.id},
        ).one()
        assert tuple(told) == (maison.paniers, maison.paniers)
        left = session.execute(
            text(
                "SELECT count(*) FILTER (WHERE p.etat = 'annule' AND p.maison_id = :maison),"
                " count(*) FILTER (WHERE p.etat = 'annule' AND p.maison_id <> :maison),"
                " (SELECT count(*) FROM message m JOIN mail ON mail.key = m.cle WHERE mail.sent_at IS NULL)"
                " FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code"
            ),
            {"maison": maison.id, "code": CODE},
        ).one()
        assert tuple(left) == (maison.paniers, 0, 0), "its baskets, no other, and every mail has left"
        assert _par_voie(session, maison.id) == {
            "courriel": maison.courriels,
            "autre": maison.paniers - maison.courriels,
        }
        assert verifications.verifier(session) == []
    assert faults == []


def _par_voie(session: Session, maison: int) -> dict[str, int]:
    """How many households were told by mail, and how many otherwise: by a call or a letter that stands ready."""
    told = session.execute(
        text(
            "SELECT m.voie = 'courriel', count(*) FROM message m LEFT JOIN appel a ON a.message_id = m.id"
            " LEFT JOIN lettre l ON l.message_id = m.id WHERE m.cle LIKE 'distribution:' ||"
            " (SELECT id FROM distribution WHERE maison_id = :m AND nature = 'annulee') || ':%'"
            " AND (m.voie = 'courriel' OR a.message_id IS NOT NULL"
            " OR l.message_id IS NOT NULL) GROUP BY 1"
        ),
        {"m": maison},
    )
    return {"courriel": 0, "autre": 0} | {"courriel" if mailed else "autre": count for mailed, count in told}


def test_the_pages_of_a_changed_week_fit_a_telephone(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    ecran = ouvrir("coordination", TELEPHONE)
    faults: list[str] = []
    for nom, path in (
        ("semaine", f"/coordination?semaine={CODE}"),
        ("distribution", f"/coordination/{CODE}/distribution"),
        ("appels", f"/coordination/{CODE}/appels"),
        ("calendrier", "/coordination/calendrier"),
    ):
        ecran.ouvrir(path)
        capturer(ecran, f"neige-telephone-{nom}")
        faults += examiner(ecran)
    assert faults == []
