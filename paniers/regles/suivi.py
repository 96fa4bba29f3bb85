"""A week as a line of steps: what is done, what is going on, what is due and late. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import PARIS
from kernel.formats import instant as en_mots
from kernel.formats import jour
from paniers.regles.etats import EtatSemaine

# The timetable looks every few seconds, and the cut-off has a minute of grace: later than that, something is stuck.
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Echeancier:
    """When the steps of a week are due, and what has been done: `faites` maps a state to the instant it was reached.

    `retrait_le` and `dernier_le` are the first and last days on which baskets are really handed out. `maisons` counts
    those that have baskets, `arrivees` those of them that have said what came.
    """

    retrait_le: datetime
    dernier_le: datetime
    offres_jusqu_a: datetime
    publication_le: datetime
    cloture_le: datetime
    commande_le: datetime
    etat: str
    offres: int
    publiee_le: datetime | None
    faites: Mapping[str, datetime]
    arrivees: int = 0
    maisons: int = 0


@dataclass(frozen=True, slots=True)
class Pas:
    """One step. `etat` is fait, en_cours, a_venir or retard; `texte` and `detail` are what people read."""

    texte: str
    etat: str
    detail: str


def ligne(week: Echeancier, now: datetime) -> list[Pas]:
    """The six steps of a week, from the offers to its end, as they stand at `now`."""
    day_after = week.dernier_le + timedelta(days=1)
    return [
        _offres(week, now),
        _composition(week, now),
        _etape("Clôture", week, now, de=EtatSemaine.OUVERTE, vers=EtatSemaine.CLOTUREE, due=week.cloture_le),
        _etape("Commandes", week, now, de=EtatSemaine.CLOTUREE, vers=EtatSemaine.COMMANDEE, due=week.commande_le),
        _livraison(week, now),
        _etape(
            "Semaine terminée",
            week,
            now,
            de=EtatSemaine.LIVREE,
            vers=EtatSemaine.TERMINEE,
            due=day_after,
            heure=False,
        ),
    ]


def _offres(week: Echeancier, now: datetime) -> Pas:
    count = {0: "aucune offre", 1: "1 offre"}.get(week.offres, f"{week.offres} offres")
    if now < week.offres_jusqu_a:
        return Pas("Offres", "en_cours", f"{count}, jusqu’au {en_mots(week.offres_jusqu_a)}")
    return Pas("Offres", "fait" if week.offres else "retard", f"{count}, fermées {en_mots(week.offres_jusqu_a)}")


def _composition(week: Echeancier, now: datetime) -> Pas:
    if week.publiee_le is not None:
        return Pas("Composition", "fait", f"publiée {en_mots(week.publiee_le)}")
    if now > week.publication_le + PATIENCE:
        return Pas("Composition", "retard", f"attendue {en_mots(week.publication_le)}")
    state = "en_cours" if now >= week.offres_jusqu_a else "a_venir"
    return Pas("Composition", state, f"à publier {en_mots(week.publication_le)}")


def _livraison(week: Echeancier, now: datetime) -> Pas:
    """The delivery, and how many maisons have said that it came: some may still wait when it is noted by hand."""
    ended_without = week.etat == EtatSemaine.TERMINEE and EtatSemaine.LIVREE not in week.faites
    if ended_without:
        return Pas("Livraison", "fait", f"{jour(week.retrait_le)}, sans réception notée")
    step = _etape(
        "Livraison",
        week,
        now,
        de=EtatSemaine.COMMANDEE,
        vers=EtatSemaine.LIVREE,
        due=week.retrait_le,
        heure=False,
    )
    if not week.arrivees or week.etat == EtatSemaine.ANNULEE:
        return step
    # The lorry is on its round: it is under way, though a day-long step would be late only tomorrow.
    state = "en_cours" if step.etat == "a_venir" else step.etat
    return Pas(step.texte, state, f"{step.detail}, {_ou(week)}")


def _ou(week: Echeancier) -> str:
    if week.arrivees == week.maisons:
        return "arrivé dans la maison" if week.maisons == 1 else f"arrivé dans les {week.maisons} maisons"
    return f"arrivé dans {week.arrivees} maison{'s' if week.arrivees > 1 else ''} sur {week.maisons}"


def _etape(
    texte: str,
    week: Echeancier,
    now: datetime,
    *,
    de: EtatSemaine,
    vers: EtatSemaine,
    due: datetime,
    heure: bool = True,
) -> Pas:
    """A step that moves the week to the state `vers`, due at `due`; a day-long one is late once the day is over."""
    done = week.faites.get(vers)
    if done is not None:
        return Pas(texte, "fait", en_mots(done))
    words = en_mots(due) if heure else jour(due)
    limit = due + PATIENCE if heure else due.astimezone(PARIS) + timedelta(days=1)
    if week.etat == EtatSemaine.ANNULEE:
        return Pas(texte, "a_venir", "annulée")
    if now > limit:
        return Pas(texte, "retard", f"attendue {words}")
    return Pas(texte, "en_cours" if week.etat == de and now >= due else "a_venir", words)
