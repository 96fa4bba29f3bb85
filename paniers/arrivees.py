"""What arrived at a maison: "tout est là", or which products are missing, and from how many baskets."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from paniers.events import ArriveeIncomplete
from paniers.models.producteurs import Composition, CompositionLigne
from paniers.models.retrait import Arrivee, ArriveeManque
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.etats import EtatSemaine
from paniers.semaines import avancer, verrouiller


def noter(
    session: Session,
    semaine_id: int,
    maison_id: int,
    manques: Mapping[int, int],
    *,
    par: int | None,
    instant: datetime,
) -> None:
    """Write down what came to a maison, in place of what was written before. `manques`: offer → baskets without it.

    1. lock the week; 2. check; 3. write; 4. once every maison that has baskets has looked, the week is delivered;
    5. tell the coordination of what is newly missing. Raises Refus before the orders, or for more than there is.
    """
    semaine = verrouiller(session, semaine_id)
    if semaine.etat not in (EtatSemaine.COMMANDEE, EtatSemaine.LIVREE):
        raise Refus("L’arrivée se note entre le départ des commandes et la fin de la semaine.")
    baskets = _paniers(session, semaine_id, maison_id)
    missing = {offre_id: count for offre_id, count in manques.items() if count}
    _exiger_possible(session, semaine_id, missing, baskets)
    before = _manques(session, semaine_id, maison_id)
    arrivee_id = _ecrire(session, semaine_id, maison_id, par, instant)
    session.execute(delete(ArriveeManque).where(ArriveeManque.arrivee_id == arrivee_id))
    session.add_all(
        ArriveeManque(arrivee_id=arrivee_id, offre_id=offre_id, paniers=count, tous=count == baskets)
        for offre_id, count in missing.items()
    )
    if semaine.etat == EtatSemaine.COMMANDEE and _partout(session, semaine_id):
        avancer(session, semaine, EtatSemaine.LIVREE, instant, par)
    if missing != before:
        session.execute(update(Arrivee).where(Arrivee.id == arrivee_id).values(vue_le=None, vue_par=None))
    if missing and missing != before:
        publish(session, ArriveeIncomplete(arrivee_id))


def voir(session: Session, arrivee_id: int, *, par: int | None, instant: datetime) -> int:
    """The coordination has seen what is missing there; the first time counts. Returns the week. Raises Introuvable."""
    arrivee = session.get(Arrivee, arrivee_id, with_for_update=True)
    if arrivee is None:
        raise Introuvable
    if arrivee.vue_le is None:
        arrivee.vue_le, arrivee.vue_par = instant, par
    return arrivee.semaine_id


def _ecrire(session: Session, semaine_id: int, maison_id: int, par: int | None, instant: datetime) -> int:
    values = {"le": instant, "par": par}
    return session.execute(
        insert(Arrivee)
        .values(semaine_id=semaine_id, maison_id=maison_id, **values)
        .on_conflict_do_update(index_elements=["semaine_id", "maison_id"], set_=values)
        .returning(Arrivee.id)
    ).scalar_one()


def _exiger_possible(session: Session, semaine_id: int, missing: Mapping[int, int], baskets: int) -> None:
    held = set(
        session.scalars(
            select(CompositionLigne.offre_id)
            .join(Composition, Composition.id == CompositionLigne.composition_id)
            .where(Composition.semaine_id == semaine_id)
        )
    )
    if not missing.keys() <= held:
        raise Refus("Ce produit n’est pas dans le panier de la semaine. Rechargez la page.")
    if any(not 0 < count <= baskets for count in missing.values()):
        raise Refus(f"Il y a {baskets} paniers ici : un produit ne peut pas manquer à davantage.")


def _paniers(session: Session, semaine_id: int, maison_id: int) -> int:
    counted = select(func.coalesce(func.sum(Panier.nombre), 0)).where(
        Panier.semaine_id == semaine_id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE
    )
    return int(session.execute(counted).scalar_one())


def _manques(session: Session, semaine_id: int, maison_id: int) -> dict[int, int]:
    rows = session.execute(
        select(ArriveeManque.offre_id, ArriveeManque.paniers)
        .join(Arrivee, Arrivee.id == ArriveeManque.arrivee_id)
        .where(Arrivee.semaine_id == semaine_id, Arrivee.maison_id == maison_id)
    )
    return {row.offre_id: row.paniers for row in rows}


def _partout(session: Session, semaine_id: int) -> bool:
    """Whether every maison that has baskets this week has looked."""
    looked = select(Arrivee.maison_id).where(Arrivee.semaine_id == semaine_id)
    waiting = select(Panier.id).where(
        Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE, Panier.maison_id.not_in(looked)
    )
    return session.execute(select(~waiting.exists())).scalar_one()


def semaine_de(session: Session, arrivee_id: int) -> tuple[Arrivee, Semaine]:
    """The arrival and its week."""
    arrivee = session.get_one(Arrivee, arrivee_id)
    return arrivee, session.get_one(Semaine, arrivee.semaine_id)
