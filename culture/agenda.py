"""An outing as an event of somebody's calendar."""

from collections.abc import Iterable
from datetime import datetime

from culture.ical import Evenement, calendrier
from culture.liens import adresse_de_la_sortie
from culture.queries.sorties import SortieVue
from culture.regles.etats import EtatSortie
from kernel.formats import heure
from kernel.settings import get_settings
from kernel.web.words import _


def evenement(sortie: SortieVue) -> Evenement:
    """The outing as everybody may keep it: nothing about who comes."""
    return Evenement(
        cle=f"sortie-{sortie.id}@{get_settings().public_url.partition('://')[2]}",
        version=sortie.version,
        debut=sortie.rendez_vous_le,
        fin=sortie.fin_le,
        titre=_("Annulée : %(titre)s", titre=sortie.titre) if sortie.etat == EtatSortie.ANNULEE else sortie.titre,
        lieu=f"{sortie.lieu}, {sortie.adresse}",
        texte=_(
            "Rendez-vous à %(heure)s : %(ou)s. Début à %(debut)s. Maison référente : %(maison)s.",
            heure=heure(sortie.rendez_vous_le),
            ou=sortie.rendez_vous_lieu,
            debut=heure(sortie.debut_le),
            maison=sortie.maison,
        ),
        adresse=adresse_de_la_sortie(sortie.id),
        annule=sortie.etat == EtatSortie.ANNULEE,
    )


def fichier_ical(nom: str, sorties: Iterable[SortieVue], instant: datetime) -> bytes:
    """These outings as one calendar file."""
    return calendrier(nom, [evenement(one) for one in sorties], instant=instant)
