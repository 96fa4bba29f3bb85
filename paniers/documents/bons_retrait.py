"""Bons de retrait: what each basket's voucher says, and the maison's dossier de distribution.

`lire_dossier` reads a maison's week into primitives; `dossier.py` makes papers of them. No price, no band and no
quotient is ever read here.
"""

import uuid
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from foyers.models import Foyer, Maison, Membre
from kernel import qr
from kernel.errors import Introuvable
from paniers.agenda import GARDE, RendezVous, agenda
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.quantites import quantite


@dataclass(frozen=True, slots=True)
class Lieu:
    """Where and when: the maison, the day and hours of its hand-out, and why they are not the usual ones."""

    nom: str
    adresse: str
    telephone: str
    jour: date
    debut: time
    fin: time
    change: str = ""


@dataclass(frozen=True, slots=True)
class Contenu:
    """A product of this week's basket; quantities are written out (``450 g``, ``1 pièce``)."""

    nom: str
    variete: str
    dessin: str
    producteur: str
    comment: str
    par_panier: str
    total: str


@dataclass(frozen=True, slots=True)
class Bon:
    """One voucher; `texte` is what its QR holds. `a_donner`: its family gives it, and receives no voucher."""

    panier_id: int
    numero: int
    prenom: str
    nom: str
    nombre: int
    canal: str
    texte: str
    a_donner: bool = False


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that one maison needs for one week; `bons` are sorted by name, `poids` is one basket's in grams."""

    semaine_id: int
    maison_id: int
    lieu: Lieu
    produits: tuple[Contenu, ...]
    poids: int | None
    bons: tuple[Bon, ...]


def lire_dossier(session: Session, semaine_id: int, maison_id: int) -> Dossier:
    """What the documents of this maison and week say; five queries. Raises Introuvable."""
    semaine, maison = session.get(Semaine, semaine_id), session.get(Maison, maison_id)
    if semaine is None or maison is None:
        raise Introuvable
    rdv = agenda(session, [semaine_id]).rendez_vous(semaine, maison_id)
    bons = _bons(session, semaine, maison_id, rdv.jour)
    produits, poids = _produits(session, semaine_id, sum(bon.nombre for bon in bons))
    return Dossier(semaine_id, maison_id, lieu_du_rendez_vous(maison, rdv), produits, poids, bons)


def texte_du_bon(semaine: Semaine, bon: uuid.UUID, le: date | None = None) -> str:
    """The signed text of a voucher, good from the week's Monday to the day after the pick-up.

    `le` is the day of the hand-out when it is not the nominal one.
    """
    year, week = semaine.code.split("-W")
    monday, day = date.fromisocalendar(int(year), int(week), 1), le or semaine.retrait_le
    return qr.sign(bon, min(monday, day), day + GARDE)


def nom_complet(maison: str) -> str:
    """``Capuche`` → ``Maison des habitants Capuche``, as people say it; a name that says so already stays."""
    return maison if maison.lower().startswith(("maison", "mdh ")) else f"Maison des habitants {maison}"


def lieu_du_rendez_vous(maison: Maison, rdv: RendezVous) -> Lieu:
    """Where and when, as a document says it."""
    return Lieu(
        nom=nom_complet(maison.nom),
        adresse=f"{maison.adresse}, {maison.code_postal} {maison.ville}",
        telephone=maison.telephone,
        jour=rdv.jour,
        debut=rdv.debut,
        fin=rdv.fin,
        change=rdv.motif if rdv.deplacee else "",
    )


def _bons(session: Session, semaine: Semaine, maison_id: int, le: date) -> tuple[Bon, ...]:
    rows = session.execute(
        select(
            Panier.id,
            Panier.numero,
            Panier.nombre,
            Panier.bon,
            Panier.a_donner,
            Foyer.canal,
            func.coalesce(Membre.prenom, "").label("prenom"),
            func.coalesce(Membre.nom, Foyer.nom).label("nom"),
        )
        .join(Foyer, Foyer.id == Panier.foyer_id)
        .outerjoin(Membre, and_(Membre.foyer_id == Foyer.id, Membre.referent))
        .where(Panier.semaine_id == semaine.id, Panier.maison_id == maison_id, Panier.etat != EtatPanier.ANNULE)
        .order_by(Foyer.nom_plie, func.lower(Membre.prenom), Panier.numero)
    )
    return tuple(
        Bon(
            row.id,
            row.numero,
            row.prenom,
            row.nom,
            row.nombre,
            row.canal,
            texte_du_bon(semaine, row.bon, le),
            row.a_donner,
        )
        for row in rows
    )


def _produits(session: Session, semaine_id: int, paniers: int) -> tuple[tuple[Contenu, ...], int | None]:
    """What a basket holds and weighs, in the order in which producers arrive; nothing while it is not published."""
    rows = session.execute(
        select(CompositionLigne.quantite, Composition.poids, Offre.variete, Produit, Producteur)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Composition.semaine_id == semaine_id, Composition.publiee_le.is_not(None))
        .order_by(Producteur.nom, Produit.nom)
    ).all()
    contents = tuple(
        Contenu(
            nom=produit.nom,
            variete=variete,
            dessin=produit.dessin,
            producteur=producteur.nom,
            comment=_comment(producteur),
            par_panier=quantite(par_panier, produit.unite),
            total=quantite(par_panier * paniers, produit.unite),
        )
        for par_panier, _, variete, produit, producteur in rows
    )
    return contents, rows[0].poids if rows else None


def _comment(producteur: Producteur) -> str:
    """How a producer's goods reach the maison."""
    if producteur.livraison == "maisons":
        return f"livré ici par le producteur, {producteur.livraison_heure}"
    return "apporté du dépôt"
