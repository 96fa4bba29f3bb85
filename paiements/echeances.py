"""What falls due: opened for all households at once when a week closes, charged to the saved card where there is one.

An échéance is charged once at most, for what it leaves due: an advance is used up first, an older debt is never added.
What an advance leaves below what a card may take is paid at the maison, also if the advance is taken back later.
What waits too long is found by "due and not done", never by a time window.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.outbox import publish
from paiements.en_ligne.avancement import avancer
from paiements.events import PageStripeAVerifier, PreavisDemande, PrelevementDemande
from paiements.models.en_ligne import Paiement
from paiements.regles.etats import Etat

MINIMUM = 50
"""Centimes: Stripe takes no smaller payment in euros."""

PAR_LOT = 5_000
"""Households whose échéances one statement opens: the database holds no more in memory, however large the town."""

ATTENTE = timedelta(minutes=10)
ATTENTE_PAGE = timedelta(minutes=30)
RELECTURE = timedelta(hours=20)

_OUVRIR = text(
    """
    WITH montants AS (
        SELECT m.foyer_id, m.montant, least(m.montant, coalesce(s.solde, 0)) AS reste,
               CASE WHEN r.mode = 'carte' AND c.id IS NOT NULL THEN 'carte'
                    WHEN r.mode = 'sepa' AND d.id IS NOT NULL THEN 'sepa' ELSE 'maison' END AS mode,
               CASE WHEN r.mode = 'sepa' THEN d.id END AS mandat_id,
               r.rythme = 'mois' AND (r.mode = 'carte' AND c.id IS NOT NULL OR r.mode = 'sepa' AND d.id IS NOT NULL)
                   AS a_grouper
        FROM unnest(CAST(:foyers AS bigint[]), CAST(:montants AS integer[])) AS m(foyer_id, montant)
        LEFT JOIN reglement r ON r.foyer_id = m.foyer_id
        LEFT JOIN carte c ON c.foyer_id = m.foyer_id AND c.retiree_le IS NULL
        LEFT JOIN mandat d ON d.foyer_id = m.foyer_id AND d.retire_le IS NULL
        LEFT JOIN (SELECT foyer_id, sum(montant) AS solde FROM mouvement
                   WHERE foyer_id = ANY(CAST(:foyers AS bigint[])) GROUP BY foyer_id) s ON s.foyer_id = m.foyer_id
        WHERE m.montant > 0
    ), ouvertes AS (
        INSERT INTO echeance (foyer_id, cle, libelle, montant, mode, ouverte_le, reglee_le, a_grouper)
        SELECT foyer_id, :cle, :libelle, montant,
               CASE WHEN 0 < reste AND reste < :minimum AND NOT coalesce(a_grouper, false) THEN 'maison' ELSE mode END,
               :instant,
               CASE WHEN reste <= 0 THEN CAST(:instant AS timestamptz) END, coalesce(a_grouper, false)
        FROM montants
        ON CONFLICT (foyer_id, cle) DO NOTHING
        RETURNING id, foyer_id, a_grouper
    ), prepares AS (
        INSERT INTO paiement (foyer_id, echeance_id, mandat_id, nature, montant, cle, etat, demande_le)
        SELECT o.foyer_id, o.id, m.mandat_id, 'prelevement', m.reste, gen_random_uuid(), 'prepare', :instant
        FROM ouvertes o JOIN montants m ON m.foyer_id = o.foyer_id
        WHERE m.mode <> 'maison' AND m.reste >= :minimum AND NOT o.a_grouper
        RETURNING id, mandat_id
    )
    SELECT (SELECT count(*) FROM ouvertes) AS ouvertes,
           (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM prepares WHERE mandat_id IS NULL) AS prepares,
           (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM prepares WHERE mandat_id IS NOT NULL) AS a_annoncer
    """
)


_CHARGES = text(
    """
    UPDATE paiement SET relance_le = :instant
    WHERE nature = 'prelevement' AND etat IN ('prepare', 'inconnu')
      AND greatest(demande_le, tente_le, relance_le) < :avant AND (mandat_id IS NULL OR pas_avant <= :instant)
       OR etat = 'en_cours' AND greatest(tente_le, relance_le) < :hier
    RETURNING id
    """
)

_PAGES = text(
    """
    WITH paiements AS (
        UPDATE paiement SET relance_le = :instant
        WHERE nature IN ('en_ligne', 'avance') AND etat = 'a_authentifier' AND session_stripe IS NOT NULL
          AND greatest(demande_le, relance_le) < :avant_page
        RETURNING session_stripe
    ), cartes AS (
        UPDATE enregistrement_carte SET relance_le = :instant
        WHERE conclu_le IS NULL AND session_stripe IS NOT NULL AND greatest(demande_le, relance_le) < :avant_page
        RETURNING session_stripe
    )
    SELECT session_stripe FROM paiements UNION SELECT session_stripe FROM cartes
    """
)


def ouvrir_en_lot(session: Session, *, cle: str, libelle: str, montants: Mapping[int, int], instant: datetime) -> int:
    """Open the échéance `cle` (``2026-W48``) of each household for its `montants` (centimes); returns how many are new.

    Call it after the baskets have been debited, in the same transaction: what an advance already covers is not
    charged. Households that pay by card get a payment, whose own key goes to Stripe, and a fact that asks for it; those
    that pay by SEPA debit are told first (`preavis.py`); those that pay by the month wait for their day
    (`regroupement.py`).
    A household whose échéance is open already is left alone. Two statements for each `PAR_LOT` households.
    """
    foyers, opened = list(montants), 0
    for start in range(0, len(foyers), PAR_LOT):
        lot = foyers[start : start + PAR_LOT]
        valeurs = {"foyers": lot, "montants": [montants[foyer] for foyer in lot], "minimum": MINIMUM}
        fait = session.execute(_OUVRIR, valeurs | {"cle": cle, "libelle": libelle, "instant": instant}).one()
        publish(session, *map(PrelevementDemande, fait.prepares), *map(PreavisDemande, fait.a_annoncer))
        opened += int(fait.ouvertes)
    return opened


def relancer(session: Session, instant: datetime) -> int:
    """Take up again what has waited too long for Stripe: for the timetable, as often as it likes. Returns how many.

    1. Charges not concluded ten minutes after they were asked, tried or last taken up; SEPA debits on the day that was
       announced, and then once a day while their bank has not answered.
    2. Payment pages and card pages opened half an hour ago, of which we have not heard: a lost webhook is caught here.
    3. Payments whose page was never obtained: nobody saw it, so nobody will pay it.
    """
    valeurs = {
        "instant": instant,
        "avant": instant - ATTENTE,
        "hier": instant - RELECTURE,
        "avant_page": instant - ATTENTE_PAGE,
    }
    charges = session.execute(_CHARGES, valeurs).scalars().all()
    pages = session.execute(_PAGES, valeurs).scalars().all()
    publish(session, *map(PrelevementDemande, charges), *map(PageStripeAVerifier, pages))
    perdues = session.scalars(
        select(Paiement)
        .where(Paiement.nature.in_(("en_ligne", "avance")), Paiement.etat.in_((Etat.PREPARE, Etat.INCONNU)))
        .where(Paiement.demande_le < instant - ATTENTE_PAGE)
        .with_for_update(skip_locked=True)
    ).all()
    for paiement in perdues:
        avancer(session, paiement, Etat.ABANDONNE, "page jamais obtenue")
    return len(charges) + len(pages) + len(perdues)
