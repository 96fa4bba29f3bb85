"""What an operator watches of the week: its state, whether a step is late, and today's baskets."""

from sqlalchemy import text

from kernel.metrics import Measure
from paniers.models.semaines import EtatPanier
from paniers.regles.etats import EtatSemaine

MESURES = (
    Measure(
        "semaines",
        "Weeks, by state.",
        text("SELECT etat, count(*) FROM semaine GROUP BY 1"),
        labels=("etat",),
        always=[(etat,) for etat in EtatSemaine],
    ),
    Measure(
        "semaine_en_retard_seconds",
        "How long ago a step of a week fell due that is not done. Orders wait for a composition: that is late too.",
        text(
            """
            SELECT etape, coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(du)), 0)
              FROM (SELECT 'cloture' AS etape, cloture_le AS du FROM semaine
                     WHERE etat = 'ouverte' AND cloture_le < :now
                    UNION ALL SELECT 'commande', commande_le FROM semaine
                     WHERE etat = 'cloturee' AND commande_le < :now) AS retards GROUP BY 1
            """
        ),
        labels=("etape",),
        always=[("cloture",), ("commande",)],
    ),
    Measure(
        "paniers_du_jour",
        "Baskets of today's hand-out, by state.",
        text(
            """
            SELECT p.etat, sum(p.nombre) FROM panier p JOIN semaine s ON s.id = p.semaine_id
             WHERE s.retrait_le = :today GROUP BY 1
            """
        ),
        labels=("etat",),
        always=[(etat,) for etat in EtatPanier],
    ),
)
