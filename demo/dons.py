"""Baskets that their families give this week: one of them comes by after all and reads it at the door, then each goes
to whom it serves."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Compte
from kernel import clock
from kernel.db import transaction
from kernel.web.access import Role
from paniers import retraits, solidarite
from paniers.documents.bons_retrait import texte_du_bon
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.retraits import Verdict
from paniers.semaines import par_code

A_QUI = "une voisine du quartier"


def remettre_les_dons(code: str) -> Counter[str]:
    """Hand the baskets that were promised to solidarity; returns how many were promised, asked for again, and given."""
    told: Counter[str] = Counter()
    with transaction() as session:
        week = par_code(session, code)
        agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT).order_by(Compte.id).limit(1)).one()
        promised = session.scalars(
            select(Panier)
            .where(Panier.semaine_id == week.id, Panier.a_donner, Panier.etat == EtatPanier.A_REMETTRE)
            .order_by(Panier.id)
        ).all()
        if promised and _revenir(session, week, promised[0], agent) is Verdict.A_DONNER:
            told["redemandes"] += 1
        for basket in promised:
            told["donnes"] += solidarite.donner(
                session, week.id, basket.maison_id, [basket.id], A_QUI, par=agent, instant=clock.now()
            )
        told["promis"] = sum(basket.nombre for basket in promised)
    return told


def _revenir(session: Session, week: Semaine, basket: Panier, agent: int) -> Verdict:
    """The family has forgotten that it gives: the door says so, and hands nothing out."""
    shown = texte_du_bon(week, basket.bon)
    return retraits.scanner(session, shown, par=agent, maisons=None, jour=week.retrait_le, instant=clock.now()).verdict
