"""The chapters of a played week that are about outings: families book, the group goes out, and is thanked."""

import random
from datetime import time as heure
from datetime import timedelta

from demo import actes, actes_culture
from demo.programme import A_VENIR, CE_SOIR, EN_FAMILLE
from demo.recit import Recit, lire, nombre
from demo.ville_a_part import VilleAPart
from kernel.clock import PARIS, paris
from paniers.models.semaines import Semaine


def reservations(ville: VilleAPart, recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(week.publication_le - timedelta(minutes=40))
    told = actes_culture.reserver(rng)
    actes.attendre(ville, "les réservations", actes.tout_est_livre)
    recit.heure(
        f"« {A_VENIR[EN_FAMILLE].titre} » : {nombre(told['reservees'], 'place réservée', 'places réservées')}, "
        f"{nombre(told['rendues'], 'rendue')}.",
        sorties=dict(told),
    )
    recit.suite(f"{nombre(told['acceptees'], 'place offerte, prise', 'places offertes, prises')} à temps.")


def soiree(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    """This evening's outing; and the morning after, the word of thanks."""
    day = week.publication_le.astimezone(PARIS).date()
    actes.avancer_l_horloge(paris(day, heure(19, 30)))
    told = actes_culture.tenir_la_liste()
    recit.heure(
        f"« {A_VENIR[CE_SOIR].titre} » : {told['attendues']} attendues, {told['arrivees']} au rendez-vous, "
        f"{nombre(told['manquantes'], 'absence')} ; une voisine prend une place libre.",
        soiree=dict(told),
    )
    actes.avancer_l_horloge(paris(day + timedelta(days=1), heure(10, 5)))
    actes.attendre(ville, "les remerciements", actes_culture.remercies)
    actes.attendre(ville, "les remerciements", actes.tout_est_livre)
    (thanked,) = lire(
        "SELECT count(*) AS remerciees FROM message m JOIN sortie s ON m.cle LIKE 'sortie:' || s.id || ':merci:%'"
        " WHERE s.titre = :titre",
        week,
        titre=A_VENIR[CE_SOIR].titre,
    )
    recit.heure(
        f"{nombre(thanked['remerciees'], 'famille remerciée', 'familles remerciées')}, deux questions chacune.",
        **thanked,
    )
