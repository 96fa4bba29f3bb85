"""Orders: once a week is closed and composed, one order per producer, and the answer that comes back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.money import Euros
from kernel.outbox import publish
from paiements import grand_livre
from paiements.grand_livre import Ligne
from paiements.models import CompteGL
from paniers.agenda import agenda
from paniers.besoins import Besoin, besoin
from paniers.bilan import TVA, prix_ht
from paniers.etats import EtatSemaine
from paniers.events import BonsDemandes, CommandeEmise, CommandeRepondue, SemaineCommandee
from paniers.models import EtatPanier, Panier, Semaine
from paniers.models_producteurs import (
    Commande,
    CommandeLigne,
    Composition,
    CompositionLigne,
    EtatCommande,
    Offre,
    Producteur,
    Produit,
    Unite,
)
from paniers.semaines import avancer, verrouiller

MESSAGE_LE_PLUS_LONG = 1000


@dataclass(frozen=True, slots=True)
class LigneACommander:
    """One offer of the composition with what it must bring."""

    offre: Offre
    produit: Produit
    producteur: Producteur
    besoin: Besoin

    @property
    def ht(self) -> Decimal:
        """Centimes before tax, not rounded."""
        return prix_ht(self.besoin.commande, self.offre.prix, en_pieces=self.produit.unite == Unite.PIECE)


def commander(session: Session, semaine_id: int, *, instant: datetime, par: int | None = None) -> list[Commande]:
    """Order from each producer what the week's baskets need; harmless when it has been done.

    1. lock; 2. needs = composition × baskets, in whole lots; 3. one order per producer, booked as owed to them, the
    difference with what the closing had reckoned going to the participation du CCAS; 4. say so. Raises Refus before
    the closing, without a published composition, or when a producer cannot offer that much.
    """
    semaine = verrouiller(session, semaine_id)
    if semaine.etat == EtatSemaine.OUVERTE:
        raise Refus("La semaine n’est pas encore clôturée : on ne sait pas combien de paniers commander.")
    if semaine.etat != EtatSemaine.CLOTUREE:
        return []
    baskets = paniers_par_maison(session, semaine.id)
    lines = _lignes(session, semaine, baskets) if baskets else []
    days = agenda(session, [semaine.id]).jours(semaine, baskets)
    orders = _emettre(session, semaine, lines, days[0] if days else semaine.retrait_le, instant)
    _porter_au_grand_livre(session, semaine, orders)
    avancer(session, semaine, EtatSemaine.COMMANDEE, instant, par)
    publish(session, SemaineCommandee(semaine.id))
    publish(session, *[CommandeEmise(order.id) for order in orders])
    publish(session, *[BonsDemandes(semaine.id, maison_id) for maison_id in baskets])
    return orders


def repondre(session: Session, commande_id: int, *, message: str | None, instant: datetime) -> Commande:
    """The producer confirms the order, or (`message`) says what will be short.

    The same answer twice is harmless; what is short may be said after a confirmation, as fields do as they please.
    """
    commande = session.get(Commande, commande_id, with_for_update=True)
    if commande is None:
        raise Introuvable
    text = (message or "").strip()
    if len(text) > MESSAGE_LE_PLUS_LONG:
        raise Refus("Votre message est trop long : mille caractères au plus.")
    answer = EtatCommande.ECART if text else EtatCommande.CONFIRMEE
    if (commande.etat, commande.message or "") == (answer, text):
        return commande
    commande.etat, commande.message, commande.repondue_le = answer, text or None, instant
    publish(session, CommandeRepondue(commande.id))
    return commande


def paniers_par_maison(session: Session, semaine_id: int) -> dict[int, int]:
    """Maison → number of baskets to make up for that week."""
    counts = session.execute(
        select(Panier.maison_id, func.sum(Panier.nombre))
        .where(Panier.semaine_id == semaine_id, Panier.etat != EtatPanier.ANNULE)
        .group_by(Panier.maison_id)
        .order_by(Panier.maison_id)
    )
    return {maison_id: int(count) for maison_id, count in counts}


def obstacle(session: Session, semaine: Semaine) -> str | None:
    """Why this closed week cannot be ordered yet, in a sentence for the coordination; None when nothing stands in
    the way."""
    baskets = paniers_par_maison(session, semaine.id)
    if not baskets:
        return None
    try:
        _lignes(session, semaine, baskets)
    except Refus as refus:
        return refus.sentence
    return None


def _lignes(session: Session, semaine: Semaine, baskets: Mapping[int, int]) -> list[LigneACommander]:
    rows = session.execute(
        select(CompositionLigne.quantite, Offre, Produit, Producteur)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Composition.semaine_id == semaine.id, Composition.publiee_le.is_not(None))
        .order_by(Producteur.nom, Produit.nom)
    ).all()
    if not rows:
        raise Refus("La composition de cette semaine n’est pas publiée : les commandes attendent.")
    lines = [
        LigneACommander(offer, product, producer, besoin(quantity, baskets, offer.lot))
        for quantity, offer, product, producer in rows
    ]
    for line in lines:
        if line.besoin.commande > line.offre.quantite:
            raise Refus(
                f"{line.produit.nom} ({line.producteur.nom}) : l’offre ne suffit pas pour tous les paniers. "
                "Changez la composition, ou demandez au producteur s’il peut fournir davantage."
            )
    return lines


def _emettre(
    session: Session, semaine: Semaine, lines: Sequence[LigneACommander], livraison_le: date, instant: datetime
) -> list[Commande]:
    """One order per producer, for the first day on which a maison hands out."""
    by_producer: dict[int, list[LigneACommander]] = defaultdict(list)
    for line in lines:
        by_producer[line.producteur.id].append(line)
    orders = []
    for rank, (producer_id, ordered) in enumerate(by_producer.items(), start=1):
        ht, tva = _totaux(ordered)
        order = Commande(
            semaine_id=semaine.id,
            producteur_id=producer_id,
            numero=f"{semaine.code.replace('-W', '-')}-{rank:02d}",
            livraison_le=livraison_le,
            emise_le=instant,
            total_ht=ht.centimes,
            tva=tva.centimes,
        )
        session.add(order)
        session.flush()  # its id goes into the lines, the ledger and the facts
        session.add_all(ligne for line in ordered for ligne in _lignes_de_commande(order.id, line))
        orders.append(order)
    return orders


def _lignes_de_commande(commande_id: int, line: LigneACommander) -> list[CommandeLigne]:
    places: list[tuple[int | None, int]] = [*line.besoin.par_maison.items()]
    if line.besoin.surplus:
        places.append((None, line.besoin.surplus))
    return [
        CommandeLigne(commande_id=commande_id, offre_id=line.offre.id, maison_id=maison, quantite=quantity)
        for maison, quantity in places
    ]


def _totaux(lines: Sequence[LigneACommander]) -> tuple[Euros, Euros]:
    """(before tax, VAT) of one producer's order; each product's amount is rounded, then VAT once on the whole."""
    ht = Euros(sum(Euros.rounded(line.ht).centimes for line in lines))
    if lines[0].producteur.franchise_tva:
        return ht, Euros(0)
    return ht, Euros.rounded(ht.centimes * TVA)


def _porter_au_grand_livre(session: Session, semaine: Semaine, orders: Sequence[Commande]) -> None:
    """What the closing reckoned per basket (ACHATS) becomes what is owed to each producer; the CCAS bears the rest."""
    reckoned = session.execute(
        select(func.coalesce(func.sum(Panier.nombre * Panier.cout), 0)).where(
            Panier.semaine_id == semaine.id, Panier.etat != EtatPanier.ANNULE
        )
    ).scalar_one()
    owed = {order.producteur_id: order.total_ht + order.tva for order in orders}
    lines = [Ligne(CompteGL.ACHATS, int(reckoned))] if reckoned else []
    lines += [Ligne(CompteGL.PRODUCTEURS, -total, tiers=f"producteur:{who}") for who, total in owed.items() if total]
    rest = sum(owed.values()) - int(reckoned)
    if rest:
        lines.append(Ligne(CompteGL.PARTICIPATION_CCAS, rest))
    if lines:
        grand_livre.passer(
            session,
            cle=f"commandes:{semaine.id}",
            jour=semaine.commande_le.astimezone(PARIS).date(),
            libelle=f"Commandes de la semaine {semaine.code}",
            mouvements=lines,
        )
