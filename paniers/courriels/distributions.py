"""What families are told when a hand-out departs from the calendar: each household once, by its own channel."""

from dataclasses import asdict, dataclass
from datetime import date, time

from sqlalchemy.orm import Session

from foyers.messages import Annonce, dire_a_plusieurs
from foyers.queries import MaisonVue, maisons
from kernel import clock
from kernel.mail import queue_mail
from kernel.settings import get_settings
from paniers.agenda import RendezVous, agenda
from paniers.concernes import concernes, proche
from paniers.courriels.familles import coordination
from paniers.models.distributions import Distribution, Nature
from paniers.models.semaines import Semaine
from paniers.queries.fermetures import doute_de

# `dire_a_plusieurs` takes some hundreds at a time.
PAR_LOT = 400


@dataclass(frozen=True, slots=True)
class _Contexte:
    """What the message says. `nature` is the decision's; `habituel` is the day that the calendar says."""

    nature: str
    motif: str
    habituel: date
    jour: date
    debut: time
    fin: time
    lieu: str
    adresse_lieu: str
    clos: bool


def annoncer(session: Session, distribution_id: int) -> None:
    """Tell every household that the decision concerns; a decision that another has replaced is told by that one."""
    decision = session.get_one(Distribution, distribution_id)
    if decision.jusqu_a is not None:
        return
    semaine = session.get_one(Semaine, decision.semaine_id)
    known = agenda(session, [semaine.id])
    places = {place.id: place for place in maisons(session, toutes=True)}
    urgent = proche(semaine, clock.now())
    messages = []
    for foyer_id, maison_id in concernes(session, decision).items():
        rdv = known.rendez_vous(semaine, maison_id)
        if rdv.annulee and decision.nature != Nature.ANNULEE:
            continue  # what else was decided of its maison has told it already
        messages.append(
            Annonce(
                foyer_id=foyer_id,
                cle=f"distribution:{decision.id}:{foyer_id}",
                modele="paniers/distribution",
                contexte=asdict(_contexte(semaine, decision, rdv, places[rdv.maison_id])),
                urgent=urgent,
                utile_jusqu_au=max(rdv.jour, semaine.retrait_le),
            )
        )
    for start in range(0, len(messages), PAR_LOT):
        dire_a_plusieurs(session, messages[start : start + PAR_LOT])


def alerter_d_un_doute(session: Session, semaine_id: int) -> None:
    """Tell the coordination that a hand-out falls on a holiday or a closing day, unless that has been decided since."""
    doubt = doute_de(session, semaine_id, clock.now())
    if doubt is None:
        return
    for who in coordination(session):
        queue_mail(
            session,
            key=f"doute:{semaine_id}:{who.id}",
            to=who.email or "",
            template="paniers/doute",
            context={
                "semaine": doubt.retrait_le,
                "motif": doubt.motif,
                "lien": f"{get_settings().public_url}/coordination/calendrier",
            },
        )


def _contexte(semaine: Semaine, decision: Distribution, rdv: RendezVous, lieu: MaisonVue) -> _Contexte:
    return _Contexte(
        nature=decision.nature,
        motif=decision.motif,
        habituel=semaine.retrait_le,
        jour=rdv.jour,
        debut=rdv.debut,
        fin=rdv.fin,
        lieu=lieu.nom,
        adresse_lieu=f"{lieu.adresse}, {lieu.code_postal} {lieu.ville}",
        clos=decision.etat_semaine != "ouverte",
    )
