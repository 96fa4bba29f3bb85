"""What an operator watches of the payments: how they stand, and whether Stripe's news are read."""

from sqlalchemy import text

from kernel.metrics import Measure
from paiements.regles.etats import Etat

MESURES = (
    Measure(
        "paiements",
        "Payments asked for in the last 35 days, by state.",
        text("SELECT etat, count(*) FROM paiement WHERE demande_le > :now - interval '35 days' GROUP BY 1"),
        labels=("etat",),
        always=[(etat,) for etat in Etat],
    ),
    Measure(
        "paiements_en_suspens_seconds",
        "How long the eldest payment has waited whose outcome at Stripe is not known.",
        text(
            """
            SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(demande_le)), 0)
              FROM paiement WHERE etat IN ('prepare', 'inconnu') AND (mandat_id IS NULL OR pas_avant <= :now)
            """
        ),
    ),
    Measure(
        "evenements_stripe_non_lus",
        "Signed webhooks received and not yet acted upon.",
        text("SELECT count(*) FROM evenement_stripe WHERE traite_le IS NULL"),
    ),
)
