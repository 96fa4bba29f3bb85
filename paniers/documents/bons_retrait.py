"""Bons de retrait: each basket's voucher, and the maison's dossier de distribution.

In three steps, so that no transaction is open while pages are laid out: `lire_dossier` reads a maison's week into
primitives, `rendre` makes the files, `ranger` keeps them. Doing it again replaces the same documents:
``bon:<panier>`` and ``dossier:<semaine>:<maison>``. No price, no band and no quotient is ever read here.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import date, time
from itertools import groupby

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from foyers.models import Canal, Foyer, Maison, Membre
from kernel import pdf, qr
from kernel.db import reading, transaction
from kernel.errors import Introuvable
from kernel.formats import jour
from paniers.agenda import GARDE, RendezVous, agenda
from paniers.documents.fichiers import Fichier, nom_de_fichier, ranger
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import EtatPanier, Panier, Semaine
from paniers.regles.quantites import quantite

# Several hundred vouchers in one file take too much memory; no maison gives out as many.
BORNES_DOSSIER = pdf.Bounds(html=6_000_000, pages=200, seconds=120)


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


def bons_de_la_maison(semaine_id: int, maison_id: int) -> None:
    """Make every voucher of a maison's week and its dossier; safe to repeat.

    Opens its own sessions, one to read and one to keep, as an actor that renders must. Raises Introuvable.
    """
    with reading() as session:
        dossier = lire_dossier(session, semaine_id, maison_id)
    fichiers = rendre(dossier)
    with transaction() as session:
        ranger(session, fichiers)


def lire_dossier(session: Session, semaine_id: int, maison_id: int) -> Dossier:
    """What the documents of this maison and week say; five queries. Raises Introuvable."""
    semaine, maison = session.get(Semaine, semaine_id), session.get(Maison, maison_id)
    if semaine is None or maison is None:
        raise Introuvable
    rdv = agenda(session, [semaine_id]).rendez_vous(semaine, maison_id)
    bons = _bons(session, semaine, maison_id, rdv.jour)
    produits, poids = _produits(session, semaine_id, sum(bon.nombre for bon in bons))
    return Dossier(semaine_id, maison_id, lieu_du_rendez_vous(maison, rdv), produits, poids, bons)


def rendre(dossier: Dossier) -> list[Fichier]:
    """Every file of the maison's week: one voucher for each basket, then the dossier."""
    vouchers = [
        Fichier(
            f"bon:{bon.panier_id}",
            nom_de_fichier("bon de retrait", jour(dossier.lieu.jour), extension="pdf"),
            rendre_bon(dossier, bon),
        )
        for bon in dossier.bons
        if not bon.a_donner
    ]
    name = nom_de_fichier("dossier", dossier.lieu.nom, jour(dossier.lieu.jour), extension="pdf")
    whole = Fichier(f"dossier:{dossier.semaine_id}:{dossier.maison_id}", name, rendre_dossier(dossier))
    return [*vouchers, whole]


def rendre_bon(dossier: Dossier, bon: Bon) -> bytes:
    """A family's voucher, A5."""
    context = {"lieu": asdict(dossier.lieu), "bon": asdict(bon), "produits": [asdict(p) for p in dossier.produits]}
    return pdf.render("pdf/bon.html", context)


def rendre_dossier(dossier: Dossier, *, tous_les_bons: bool = False) -> bytes:
    """The maison's dossier, A4: cover, fiche de confection, feuille d'émargement, and the vouchers to cut out.

    Those are of the families that receive no e-mail, or with `tous_les_bons` of all.
    """
    bons = dossier.bons
    printed = [bon for bon in bons if tous_les_bons or bon.canal != Canal.EMAIL]
    context = {
        "lieu": asdict(dossier.lieu),
        "produits": [asdict(p) for p in dossier.produits],
        "poids": dossier.poids,
        "arrivages": _arrivages(dossier.produits),
        "bons": [asdict(bon) for bon in bons],
        "a_decouper": [asdict(bon) for bon in printed if not bon.a_donner],
        "familles": len(bons),
        "a_preparer": sum(bon.nombre for bon in bons),
        "pour_un": sum(bon.nombre == 1 for bon in bons),
        "pour_deux": sum(bon.nombre == 2 for bon in bons),
    }
    return pdf.render("pdf/dossier.html", context, BORNES_DOSSIER)


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


def _arrivages(produits: tuple[Contenu, ...]) -> list[dict[str, object]]:
    """Products by producer, as the agent at the door ticks them."""
    groups = groupby(produits, key=lambda p: (p.producteur, p.comment))
    return [{"producteur": who, "comment": how, "produits": [asdict(p) for p in held]} for (who, how), held in groups]
