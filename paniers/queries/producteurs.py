"""What a producer's pages read: orders, offers, the number of baskets to come; never a family, only how many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import PARIS
from kernel.documents import Document, existing, find
from kernel.errors import Introuvable
from paniers.commandes import manques_dits
from paniers.documents import bon_commande
from paniers.documents.fichiers import cle_de_commande
from paniers.models.distributions import Distribution, Nature
from paniers.models.producteurs import Commande, EtatCommande, Offre, Producteur, Produit
from paniers.models.semaines import AbonnementVersion, Choix, NatureChoix, Pause, Semaine
from paniers.prix_convenus import convenu
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import Unite, quantite

COMMANDES_PAR_PAGE = 30
SEMAINES_PROPOSEES = 3


@dataclass(frozen=True, slots=True)
class ProducteurVu:
    id: int
    nom: str
    contact: str


@dataclass(frozen=True, slots=True)
class CommandeVue:
    """One line of a producer's orders; `total` with tax, in centimes."""

    id: int
    numero: str
    livraison_le: date
    etat: EtatCommande
    repondue_le: datetime | None
    total: int


@dataclass(frozen=True, slots=True)
class ReponseVue:
    """An order with what became of it. `disponibles`: what is said to be left of the offers that fall short; `ouverte`:
    it can still be answered; `fichiers`: which documents are made."""

    bon: bon_commande.Bon
    etat: EtatCommande
    repondue_le: datetime | None
    message: str | None
    disponibles: Mapping[int, int]
    ouverte: bool
    annulee: bool
    fichiers: frozenset[str]


@dataclass(frozen=True, slots=True)
class OffreVue:
    """An offer written out, with what it is in figures (grams or pieces, centimes); `convenu` is the agreed price."""

    id: int
    produit_id: int
    slug: str
    nom: str
    variete: str
    quantite: int
    lot: int
    prix: int
    en_pieces: bool
    convenu: int | None
    acceptee: bool

    @property
    def hors_contrat(self) -> bool:
        return self.convenu is None or self.prix > self.convenu

    @property
    def en_tout(self) -> str:
        return quantite(self.quantite, Unite.PIECE if self.en_pieces else Unite.GRAMME)

    @property
    def par_lot(self) -> str:
        return quantite(self.lot, Unite.PIECE if self.en_pieces else Unite.GRAMME)


@dataclass(frozen=True, slots=True)
class SemaineOfferte:
    """A week that still takes offers; `paniers` is how many are expected today."""

    id: int
    code: str
    retrait_le: date
    offres_jusqu_a: datetime
    paniers: int


@dataclass(frozen=True, slots=True)
class ProduitPropose:
    """A product of the catalogue; `prix_indicatif` in centimes before tax."""

    id: int
    nom: str
    slug: str
    unite: str
    prix_indicatif: int
    mois: tuple[int, ...]

    @property
    def en_pieces(self) -> bool:
        return self.unite == Unite.PIECE


def producteur_du_compte(session: Session, compte_id: int) -> ProducteurVu | None:
    """The farm that an account signs in for."""
    row = session.scalars(select(Producteur).where(Producteur.compte_id == compte_id)).one_or_none()
    return ProducteurVu(row.id, row.nom, row.contact) if row else None


def commandes(session: Session, producteur_id: int) -> list[CommandeVue]:
    """A producer's orders, the latest first."""
    found = session.scalars(
        select(Commande)
        .where(Commande.producteur_id == producteur_id)
        .order_by(Commande.livraison_le.desc(), Commande.id.desc())
        .limit(COMMANDES_PAR_PAGE)
    )
    return [
        CommandeVue(c.id, c.numero, c.livraison_le, EtatCommande(c.etat), c.repondue_le, c.total_ht + c.tva)
        for c in found
    ]


def commande(session: Session, commande_id: int, instant: datetime) -> ReponseVue:
    """An order, line by line, and its answer; five queries. Raises Introuvable."""
    found = session.execute(
        select(Commande, Semaine.etat)
        .join(Semaine, Semaine.id == Commande.semaine_id)
        .where(Commande.id == commande_id)
    ).one_or_none()
    if found is None:
        raise Introuvable
    order, week = found
    keys = {cle_de_commande(commande_id, order.version, kind): kind for kind in ("pdf", "csv")}
    cancelled = week == EtatSemaine.ANNULEE
    return ReponseVue(
        bon=bon_commande.lire(session, commande_id),
        etat=EtatCommande(order.etat),
        repondue_le=order.repondue_le,
        message=order.message,
        disponibles=manques_dits(session, commande_id),
        ouverte=not cancelled and order.livraison_le >= instant.astimezone(PARIS).date(),
        annulee=cancelled,
        fichiers=frozenset(keys[key] for key in existing(session, list(keys))),
    )


def document(session: Session, commande_id: int, genre: str) -> Document | None:
    """The order's PDF or CSV, as its last version says."""
    version = session.scalar(select(Commande.version).where(Commande.id == commande_id))
    return find(session, cle_de_commande(commande_id, version or 1, genre))


def semaines_offertes(
    session: Session, instant: datetime, combien: int | None = SEMAINES_PROPOSEES
) -> list[SemaineOfferte]:
    """The weeks that still take offers, the next first; two queries."""
    weeks = session.scalars(
        select(Semaine)
        .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.offres_jusqu_a > instant)
        .order_by(Semaine.retrait_le)
        .limit(combien)
    ).all()
    expected = paniers_prevus(session, [week.id for week in weeks])
    return [
        SemaineOfferte(week.id, week.code, week.retrait_le, week.offres_jusqu_a, expected.get(week.id, 0))
        for week in weeks
    ]


def semaine_offerte(session: Session, semaine_id: int) -> SemaineOfferte:
    """A week as a producer sees it, whether or not it still takes offers. Raises Introuvable."""
    week = session.get(Semaine, semaine_id)
    if week is None:
        raise Introuvable
    expected = paniers_prevus(session, [week.id])
    return SemaineOfferte(week.id, week.code, week.retrait_le, week.offres_jusqu_a, expected.get(week.id, 0))


def previsions(session: Session, instant: datetime) -> list[tuple[date, int]]:
    """Pick-up day → baskets to come, of the weeks that are open: subscriptions without the pauses, absences and skipped
    hand-outs known today. Two queries."""
    weeks = session.execute(
        select(Semaine.id, Semaine.retrait_le)
        .where(Semaine.etat == EtatSemaine.OUVERTE, Semaine.cloture_le > instant)
        .order_by(Semaine.retrait_le)
    ).all()
    expected = paniers_prevus(session, [week for week, _ in weeks])
    return [(day, expected.get(week, 0)) for week, day in weeks]


def producteur(session: Session, producteur_id: int) -> ProducteurVu:
    """Raises Introuvable."""
    row = session.get(Producteur, producteur_id)
    if row is None:
        raise Introuvable
    return ProducteurVu(row.id, row.nom, row.contact)


def totaux_par_annee(session: Session, producteur_id: int) -> list[tuple[int, int, int]]:
    """(year, orders, total with tax in centimes) of all that was ordered, the latest first."""
    year = func.extract("year", Commande.livraison_le)
    rows = session.execute(
        select(year, func.count(), func.sum(Commande.total_ht + Commande.tva))
        .where(Commande.producteur_id == producteur_id, Commande.total_ht > 0)
        .group_by(year)
        .order_by(year.desc())
    )
    return [(int(when), count, int(total)) for when, count, total in rows]


def paniers_prevus(session: Session, semaine_ids: Sequence[int]) -> dict[int, int]:
    """Week → baskets that its subscriptions, choices, pauses and skipped hand-outs call for as they stand now."""
    paused = (
        select(Pause.id)
        .where(Pause.abonnement_id == AbonnementVersion.abonnement_id, Pause.levee_le.is_(None))
        .where(Semaine.retrait_le.between(Pause.du, Pause.au))
    )
    absent = select(Choix.id).where(
        Choix.abonnement_id == AbonnementVersion.abonnement_id,
        Choix.semaine_id == Semaine.id,
        Choix.nature == NatureChoix.PAS_CETTE_SEMAINE,
    )
    elsewhere = select(Choix.maison_id).where(
        Choix.abonnement_id == AbonnementVersion.abonnement_id, Choix.semaine_id == Semaine.id
    )
    here = func.coalesce(elsewhere.scalar_subquery(), AbonnementVersion.maison_id)
    # For the whole town (None), or at the very maison where this basket would be fetched.
    skipped = select(Distribution.id).where(
        Distribution.semaine_id == Semaine.id,
        Distribution.jusqu_a.is_(None),
        Distribution.nature == Nature.ANNULEE,
        Distribution.maison_id.is_(None) | (Distribution.maison_id == here),
    )
    counts = session.execute(
        select(Semaine.id, func.sum(AbonnementVersion.nombre))
        .join(AbonnementVersion, Semaine.retrait_le.between(AbonnementVersion.debut, AbonnementVersion.fin))
        .where(Semaine.id.in_(semaine_ids), AbonnementVersion.jusqu_a.is_(None))
        .where(~paused.exists(), ~absent.exists(), ~skipped.exists())
        .group_by(Semaine.id)
    )
    return {week: int(count) for week, count in counts}


def offres(session: Session, producteur_id: int, semaine_id: int) -> list[OffreVue]:
    """What the producer offers for that week, by name."""
    found = session.execute(
        select(Offre, Produit, convenu())
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .where(Offre.producteur_id == producteur_id, Offre.semaine_id == semaine_id)
        .order_by(Produit.nom)
    )
    return [_offre(*row) for row in found]


def derniere_offre(session: Session, producteur_id: int, produit_id: int, semaine_id: int) -> OffreVue | None:
    """The producer's offer of that product for that week, else its latest one, to start from."""
    row = session.execute(
        select(Offre, Produit, convenu())
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Semaine, Semaine.id == Offre.semaine_id)
        .where(Offre.producteur_id == producteur_id, Offre.produit_id == produit_id)
        .order_by((Offre.semaine_id == semaine_id).desc(), Semaine.retrait_le.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _offre(*row)


def catalogue(session: Session) -> list[ProduitPropose]:
    """All products that may be offered, by name."""
    return [_produit(row) for row in session.scalars(select(Produit).order_by(Produit.nom))]


def produit(session: Session, produit_id: int) -> ProduitPropose:
    """Raises Introuvable."""
    row = session.get(Produit, produit_id)
    if row is None:
        raise Introuvable
    return _produit(row)


def a_reprendre(session: Session, producteur_id: int, avant: date) -> int:
    """How many products the producer offered the last time before `avant`."""
    last = (
        select(Semaine.id)
        .join(Offre, Offre.semaine_id == Semaine.id)
        .where(Offre.producteur_id == producteur_id, Semaine.retrait_le < avant)
        .order_by(Semaine.retrait_le.desc())
        .limit(1)
    )
    return int(
        session.scalar(
            select(func.count()).where(Offre.producteur_id == producteur_id, Offre.semaine_id == last.scalar_subquery())
        )
        or 0
    )


def _offre(offer: Offre, product: Produit, agreed: int | None) -> OffreVue:
    return OffreVue(
        offer.id, product.id, product.dessin, product.nom, offer.variete, offer.quantite, offer.lot, offer.prix,
        en_pieces=product.unite == Unite.PIECE, convenu=agreed, acceptee=offer.acceptee_le is not None,
    )  # fmt: skip


def _produit(row: Produit) -> ProduitPropose:
    return ProduitPropose(row.id, row.nom, row.dessin, row.unite, row.prix_indicatif, tuple(row.mois))
