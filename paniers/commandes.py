"""Orders: once a week is closed and composed, one order per producer, and the answer that comes back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.errors import Introuvable, Refus
from kernel.money import Euros
from kernel.outbox import publish
from paiements import grand_livre
from paiements.grand_livre import Ligne
from paiements.models.grand_livre import CompteGL
from paniers.agenda import agenda
from paniers.events import BonsDemandes, CommandeEmise, CommandeRepondue, SemaineCommandee
from paniers.models.distributions import Distribution, Nature, PanierDecision
from paniers.models.producteurs import (
    Commande,
    CommandeLigne,
    Composition,
    CompositionLigne,
    EtatCommande,
    Manque,
    Offre,
    Producteur,
    Produit,
)
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.besoins import Besoin, besoin
from paniers.regles.bilan import TVA, prix_ht
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import Unite
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
    lines = lire_lignes(session, semaine, baskets) if baskets else []
    day = jour_de_livraison(session, semaine, baskets)
    orders = [
        emettre(session, semaine, ordered, rank=rank, livraison_le=day, instant=instant)
        for rank, ordered in enumerate(par_producteur(lines), start=1)
    ]
    jour = semaine.commande_le.astimezone(PARIS).date()
    porter_au_grand_livre(session, semaine, orders, cle=cle_au_grand_livre(semaine.id), jour=jour)
    avancer(session, semaine, EtatSemaine.COMMANDEE, instant, par)
    publish(session, SemaineCommandee(semaine.id))
    publish(session, *[CommandeEmise(order.id) for order in orders])
    publish(session, *[BonsDemandes(semaine.id, maison_id) for maison_id in baskets])
    return orders


def repondre(
    session: Session,
    commande_id: int,
    *,
    message: str | None,
    instant: datetime,
    disponibles: Mapping[int, int] | None = None,
    version: int | None = None,
    par: int | None = None,
) -> Commande:
    """The producer confirms the order, or says what will be short: in words, or (`disponibles`, by offer, in grams or
    pieces) how much it can bring of what was ordered.

    The same answer twice is harmless; what is short may be said after a confirmation, as fields do as they please.
    `version` is the one that was read (None: the last), `par` the account of whoever answers in the producer's name.
    Raises Refus for an order that is over or was corrected meanwhile, or for more than was ordered.
    """
    commande = session.get(Commande, commande_id, with_for_update=True, populate_existing=True)
    if commande is None:
        raise Introuvable
    _exiger_une_commande_en_cours(session, commande, version, instant)
    short = _manques(session, commande, disponibles or {})
    text = (message or "").strip()
    if len(text) > MESSAGE_LE_PLUS_LONG:
        raise Refus("Votre message est trop long : mille caractères au plus.")
    answer = EtatCommande.ECART if text or short else EtatCommande.CONFIRMEE
    if (commande.etat, commande.message or "", manques_dits(session, commande.id)) == (answer, text, short):
        return commande
    commande.etat, commande.message, commande.repondue_le = answer, text or None, instant
    session.execute(delete(Manque).where(Manque.commande_id == commande.id, Manque.correction_id.is_(None)))
    session.add_all(
        Manque(commande_id=commande.id, offre_id=offer, disponible=left, dit_le=instant, dit_par=par)
        for offer, left in short.items()
    )
    publish(session, CommandeRepondue(commande.id))
    return commande


def _exiger_une_commande_en_cours(session: Session, commande: Commande, version: int | None, instant: datetime) -> None:
    cancelled = select(Semaine.id).where(Semaine.id == commande.semaine_id, Semaine.etat == EtatSemaine.ANNULEE)
    if session.execute(cancelled).first() is not None:
        raise Refus("Cette semaine est annulée : il n’y a rien à livrer. La coordination vous appelle.")
    if commande.livraison_le < instant.astimezone(PARIS).date():
        raise Refus("La livraison est passée. Pour en parler, appelez la coordination.")
    if version is not None and version != commande.version:
        raise Refus("Cette commande vient d’être corrigée. Relisez-la, puis répondez.")


def _manques(session: Session, commande: Commande, disponibles: Mapping[int, int]) -> dict[int, int]:
    """Of what is said available, what is less than was ordered. Raises Refus for what the order does not hold."""
    if not disponibles:
        return {}
    ordered = commandees(session, commande.id)
    for offer, left in disponibles.items():
        if offer not in ordered:
            raise Refus("Ce produit n’est pas dans cette commande. Rechargez la page.", status=422)
        if not 0 <= left <= ordered[offer]:
            raise Refus("Vous ne pouvez pas livrer plus que la commande. Vérifiez la quantité.", status=422)
    return {offer: left for offer, left in disponibles.items() if left < ordered[offer]}


def manques_dits(session: Session, commande_id: int) -> dict[int, int]:
    """Offer → what is left of it, for those that are said to be short and that no correction has dealt with."""
    said = select(Manque.offre_id, Manque.disponible).where(
        Manque.commande_id == commande_id, Manque.correction_id.is_(None)
    )
    return dict(session.execute(said).all())


def commandees(session: Session, commande_id: int) -> dict[int, int]:
    """Offer → how much of it the order asks for, surplus included."""
    sums = session.execute(
        select(CommandeLigne.offre_id, func.sum(CommandeLigne.quantite))
        .where(CommandeLigne.commande_id == commande_id)
        .group_by(CommandeLigne.offre_id)
    )
    return {offer: int(total) for offer, total in sums}


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
        lire_lignes(session, semaine, baskets)
    except Refus as refus:
        return refus.sentence
    return None


def lire_lignes(
    session: Session, semaine: Semaine, baskets: Mapping[int, int], au_plus: Mapping[int, int] | None = None
) -> list[LigneACommander]:
    """The published composition times the baskets, in whole lots. `au_plus` says of some offers what is left of them.

    Raises Refus without a published composition, or when an offer does not suffice.
    """
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
    left = au_plus or {}
    for line in lines:
        if line.besoin.commande > min(line.offre.quantite, left.get(line.offre.id, line.offre.quantite)):
            raise Refus(
                f"{line.produit.nom} ({line.producteur.nom}) : l’offre ne suffit pas pour tous les paniers. "
                "Changez la composition, ou demandez au producteur s’il peut fournir davantage."
            )
    return lines


def par_producteur(lines: Sequence[LigneACommander]) -> list[list[LigneACommander]]:
    """The lines of each producer, in the order in which producers come."""
    groups: dict[int, list[LigneACommander]] = defaultdict(list)
    for line in lines:
        groups[line.producteur.id].append(line)
    return list(groups.values())


def jour_de_livraison(session: Session, semaine: Semaine, maisons: Iterable[int]) -> date:
    """The first day on which one of these maisons hands out."""
    days = agenda(session, [semaine.id]).jours(semaine, maisons)
    return days[0] if days else semaine.retrait_le


def emettre(
    session: Session,
    semaine: Semaine,
    lines: Sequence[LigneACommander],
    *,
    rank: int,
    livraison_le: date,
    instant: datetime,
) -> Commande:
    """Write the order of one producer, the `rank`-th of the week."""
    ht, tva = totaux(lines)
    order = Commande(
        semaine_id=semaine.id,
        producteur_id=lines[0].producteur.id,
        numero=f"{semaine.code.replace('-W', '-')}-{rank:02d}",
        livraison_le=livraison_le,
        emise_le=instant,
        total_ht=ht.centimes,
        tva=tva.centimes,
    )
    session.add(order)
    session.flush()  # its id goes into the lines, the ledger and the facts
    ecrire_lignes(session, order, lines)
    return order


def ecrire_lignes(session: Session, commande: Commande, lines: Sequence[LigneACommander]) -> None:
    session.add_all(ligne for line in lines for ligne in _lignes_de_commande(commande.id, line))


def _lignes_de_commande(commande_id: int, line: LigneACommander) -> list[CommandeLigne]:
    places: list[tuple[int | None, int]] = [*line.besoin.par_maison.items()]
    if line.besoin.surplus:
        places.append((None, line.besoin.surplus))
    return [
        CommandeLigne(commande_id=commande_id, offre_id=line.offre.id, maison_id=maison, quantite=quantity)
        for maison, quantity in places
    ]


def totaux(lines: Sequence[LigneACommander]) -> tuple[Euros, Euros]:
    """(before tax, VAT) of one producer's order; each product's amount is rounded, then VAT once on the whole."""
    ht = Euros(sum(Euros.rounded(line.ht).centimes for line in lines))
    if not lines or lines[0].producteur.franchise_tva:
        return ht, Euros(0)
    return ht, Euros.rounded(ht.centimes * TVA)


def cle_au_grand_livre(semaine_id: int, correction: int = 0) -> str:
    """The key of the entry that books a week's orders; each correction books them anew, under its own."""
    return f"commandes:{semaine_id}:{correction}" if correction else f"commandes:{semaine_id}"


def annule_apres_les_commandes() -> ColumnElement[bool]:
    """In a query of `Panier`: whether it was cancelled once ordered; its cost was booked on the CCAS then."""
    return (
        select(PanierDecision.id)
        .join(Distribution, Distribution.id == PanierDecision.distribution_id)
        .where(PanierDecision.panier_id == Panier.id, Distribution.nature == Nature.ANNULEE)
        .where(Distribution.etat_semaine.in_((EtatSemaine.COMMANDEE, EtatSemaine.LIVREE)))
        .correlate(Panier)
        .exists()
    )


def porter_au_grand_livre(
    session: Session, semaine: Semaine, orders: Sequence[Commande], *, cle: str, jour: date
) -> None:
    """What the closing reckoned per basket (ACHATS) becomes what is owed to each producer; the CCAS bears the rest."""
    reckoned = session.execute(
        select(func.coalesce(func.sum(Panier.nombre * Panier.cout), 0)).where(
            Panier.semaine_id == semaine.id, (Panier.etat != EtatPanier.ANNULE) | annule_apres_les_commandes()
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
            cle=cle,
            jour=jour,
            libelle=f"Commandes de la semaine {semaine.code}",
            mouvements=lines,
        )
