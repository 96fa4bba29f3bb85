"""Weekly échéances of households that pay by the month: one charge takes what they leave due.

The month's échéance (``mois:2026-12``) stands for its weeks, which follow it (`echeance.groupe_id`): it is charged,
refused, tried again, paid by link and settled like any other. An échéance is in one month's at most, and a month's
that was refused is never swept into the next.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import clock
from kernel.formats import jour
from kernel.outbox import publish
from paiements.echeances import MINIMUM
from paiements.en_ligne.avancement import verrouiller_foyers
from paiements.en_ligne.conditions import cle_du_mois, en_vigueur
from paiements.events import PreavisDemande, PrelevementDemande
from paiements.models.en_ligne import PARMI_EN_ROUTE

PAR_TOUR = 500

_QUI = text(
    """
    SELECT DISTINCT e.foyer_id FROM echeance e JOIN reglement r ON r.foyer_id = e.foyer_id
    WHERE e.a_grouper AND e.groupe_id IS NULL AND e.reglee_le IS NULL AND e.ouverte_le < :avant
      AND r.mode <> 'maison'
      AND (SELECT sum(m.montant) FROM mouvement m WHERE m.foyer_id = e.foyer_id) >= :minimum
      AND NOT EXISTS (SELECT FROM echeance g WHERE g.foyer_id = e.foyer_id AND g.cle = :cle)
    ORDER BY e.foyer_id LIMIT :combien
    """
)

_REGROUPER = text(
    """
    WITH parts AS (
        SELECT e.id, e.foyer_id, e.montant FROM echeance e
        WHERE e.foyer_id = ANY(CAST(:foyers AS bigint[])) AND e.a_grouper AND e.groupe_id IS NULL
          AND e.reglee_le IS NULL AND e.ouverte_le < :avant
    ), dus AS (
        SELECT p.foyer_id, sum(p.montant) AS montant, least(sum(p.montant),
               (SELECT coalesce(sum(m.montant), 0) FROM mouvement m WHERE m.foyer_id = p.foyer_id)
               - (SELECT coalesce(sum(x.montant), 0) FROM paiement x WHERE x.foyer_id = p.foyer_id
                  AND x.nature = 'prelevement' AND x.etat IN :en_route)) AS reste
        FROM parts p GROUP BY p.foyer_id
    ), ouvertes AS (
        INSERT INTO echeance (foyer_id, cle, libelle, montant, mode, ouverte_le)
        SELECT d.foyer_id, :cle, :libelle, d.montant, r.mode, :instant
        FROM dus d JOIN reglement r ON r.foyer_id = d.foyer_id
        WHERE d.reste >= :minimum AND r.mode <> 'maison'
        ON CONFLICT (foyer_id, cle) DO NOTHING
        RETURNING id, foyer_id, mode
    ), rattachees AS (
        UPDATE echeance e SET groupe_id = o.id FROM parts p JOIN ouvertes o ON o.foyer_id = p.foyer_id
        WHERE e.id = p.id
    ), prepares AS (
        INSERT INTO paiement (foyer_id, echeance_id, mandat_id, nature, montant, cle, etat, demande_le)
        SELECT o.foyer_id, o.id, m.id, 'prelevement', d.reste, gen_random_uuid(), 'prepare', :instant
        FROM ouvertes o JOIN dus d ON d.foyer_id = o.foyer_id
        LEFT JOIN mandat m ON m.foyer_id = o.foyer_id AND m.retire_le IS NULL AND o.mode = 'sepa'
        RETURNING id, mandat_id
    )
    SELECT id, mandat_id FROM prepares ORDER BY id
    """
).bindparams(PARMI_EN_ROUTE)


def regrouper(session: Session, instant: datetime) -> int:
    """Open the month's échéance of the households that wait for it, once its day has come; returns how many.

    Found by "due and not done": a week closed before the day and not yet taken, in a month not yet opened for that
    household. Two statements for some hundreds of households.
    """
    today = instant.astimezone(clock.PARIS).date()
    day = today.replace(day=en_vigueur(session, today).jour_du_mois)
    if today < day:
        return 0
    valeurs = {"cle": cle_du_mois(day), "avant": clock.paris(day), "minimum": MINIMUM}
    foyers = session.scalars(_QUI, valeurs | {"combien": PAR_TOUR}).all()
    if not foyers:
        return 0
    verrouiller_foyers(session, foyers)
    more = {"foyers": list(foyers), "libelle": f"Paniers jusqu’au {jour(day - timedelta(days=1))}", "instant": instant}
    prepares = session.execute(_REGROUPER, valeurs | more).all()
    publish(session, *((PreavisDemande if one.mandat_id else PrelevementDemande)(one.id) for one in prepares))
    return len(prepares)
