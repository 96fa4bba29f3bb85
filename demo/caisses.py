"""The demo town's régie: its founding act, a till in each maison, and who takes money there."""

from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Compte, Maison
from kernel import clock
from kernel.clock import paris
from kernel.web.access import Role
from paiements.monnaie import MoyenPaiement
from paiements.regie_donnees import DonneesRegie, UnActe, UneCaisse, UneRegie, charger

FONDS = 5_000
PLAFOND = 40_000


def ouvrir_la_regie(session: Session, maisons: list[Maison], debut: date) -> None:
    """Load the act as its file would, on the town's first day; the agent of Le Patio takes money there."""
    agent = session.scalars(select(Compte.email).where(Compte.role == Role.AGENT)).first()
    clock.set_now(paris(debut, time(9)))
    acte = UnActe(
        effet_le=debut - timedelta(days=30),
        reference=f"Arrêté n° {debut.year}-117",
        regisseur="Régine Faure",
        suppleant="Selim Aydin",
        moyens=list(MoyenPaiement),
        rendu_monnaie=True,
    )
    tills = [
        UneCaisse(
            maison=place.code,
            fonds=FONDS,
            plafond=PLAFOND,
            mandataires=[agent] if agent and place.nom == "Le Patio" else [],
        )
        for place in maisons
    ]
    regie = UneRegie(code="PAN", nom="Régie de recettes des paniers solidaires")
    charger(session, DonneesRegie(regie=regie, acte=[acte], caisse=tills))
