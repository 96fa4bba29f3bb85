"""What the pages of families and of everybody read about baskets: frozen rows, a bounded number of queries a page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.queries import MaisonVue, maisons, quotients_au
from kernel.clock import PARIS
from kernel.errors import Refus
from paniers.models.producteurs import Composition, CompositionLigne, Offre, Producteur, Produit
from paniers.models.semaines import (
    EtatPanier,
    Panier,
    Pause,
    Semaine,
)
from paniers.places import occupations
from paniers.regles.etats import EtatSemaine
from paniers.regles.quantites import quantite
from paniers.regles.tarifs import BaremeLineaire, BaremeTranches, Tarif, bareme
from paniers.semaines import grille_en_vigueur, prochaine_ouverte
from paniers.versions import en_cours

PANIERS_PASSES = 12
_COMMUNE = re.compile(r"\b[0-9]{5}\s+([^,;]+)")


@dataclass(frozen=True, slots=True)
class ProduitVu:
    """A product of a basket, as `composition_liste` draws it; the quantity is written out.

    `origine` is the producer's commune, `conservation` how to keep it.
    """

    slug: str
    nom: str
    quantite: str
    producteur: str
    origine: str
    conservation: str


@dataclass(frozen=True, slots=True)
class Contenu:
    """What one basket of a week holds; `poids` in grams."""

    retrait_le: date
    cloture_le: datetime
    poids: int | None
    produits: tuple[ProduitVu, ...]


@dataclass(frozen=True, slots=True)
class Limite:
    """The next week that can still be changed: its pick-up day and its cut-off."""

    retrait_le: date
    cloture_le: datetime


@dataclass(frozen=True, slots=True)
class MaisonOuverte:
    """A maison with the baskets that it can still take."""

    maison: MaisonVue
    places: int


@dataclass(frozen=True, slots=True)
class AbonnementVu:
    """A household's subscription; `debut` and `fin` are its first and last pick-up days."""

    id: int
    maison: MaisonVue
    nombre: int
    debut: date
    fin: date
    quitte: bool = False


@dataclass(frozen=True, slots=True)
class PauseVue:
    id: int
    du: date
    au: date


@dataclass(frozen=True, slots=True)
class PanierPasse:
    retrait_le: date
    maison: str
    nombre: int
    etat: EtatPanier


def contenu(session: Session, semaine_id: int) -> Contenu | None:
    """What the week's basket holds; None while its composition is not published. One query."""
    rows = session.execute(
        select(CompositionLigne.quantite, Composition.poids, Offre.variete, Produit, Producteur, Semaine)
        .join(Composition, Composition.id == CompositionLigne.composition_id)
        .join(Semaine, Semaine.id == Composition.semaine_id)
        .join(Offre, Offre.id == CompositionLigne.offre_id)
        .join(Produit, Produit.id == Offre.produit_id)
        .join(Producteur, Producteur.id == Offre.producteur_id)
        .where(Composition.semaine_id == semaine_id, Composition.publiee_le.is_not(None))
        .order_by(Produit.categorie.desc(), Produit.nom)
    ).all()
    if not rows:
        return None
    products = tuple(
        ProduitVu(
            product.dessin,
            f"{product.nom} {variety}".strip(),
            quantite(each, product.unite),
            producer.nom,
            commune(producer.adresse),
            product.conservation,
        )
        for each, _, variety, product, producer, _ in rows
    )
    week = rows[0][5]
    return Contenu(week.retrait_le, week.cloture_le, rows[0].poids, products)


def commune(adresse: str) -> str:
    """Where a farm is, for a family: ``Chemin des Îles, 38640 Claix`` → ``Claix``; "" when the address names none."""
    found = _COMMUNE.search(adresse)
    return found.group(1).strip() if found else ""


def panier_a_montrer(session: Session, jour: date) -> Contenu | None:
    """The basket that the first page shows: the next published one, else the last one that was handed out."""
    published = (
        select(Semaine.id)
        .join(Composition, Composition.semaine_id == Semaine.id)
        .where(Composition.publiee_le.is_not(None), Semaine.etat != EtatSemaine.ANNULEE)
    )
    coming = published.where(Semaine.retrait_le >= jour).order_by(Semaine.retrait_le)
    past = published.where(Semaine.retrait_le < jour).order_by(Semaine.retrait_le.desc())
    found = session.scalar(coming.limit(1)) or session.scalar(past.limit(1))
    return contenu(session, found) if found is not None else None


def limite(session: Session, instant: datetime) -> Limite | None:
    """The next cut-off; None when no week is open."""
    try:
        week = prochaine_ouverte(session, instant)
    except Refus:
        return None
    return Limite(week.retrait_le, week.cloture_le)


def grille_du(session: Session, jour: date) -> BaremeTranches | BaremeLineaire | None:
    """The scale in force on that pick-up day; None before the first one."""
    try:
        return bareme(grille_en_vigueur(session, jour).regle)
    except Refus:
        return None


def tarif_du_foyer(session: Session, foyer_id: int, instant: datetime, jour: date) -> tuple[Tarif | None, bool]:
    """What a household would pay for one basket, and whether a quotient of its counts."""
    scale = grille_du(session, jour)
    known = quotients_au(session, [foyer_id], instant, jour).get(foyer_id)
    return (scale.tarif(known) if scale else None), known is not None


def maisons_ouvertes(session: Session, jour: date, *, une_semaine: bool = False) -> list[MaisonOuverte]:
    """The maisons that hand out baskets, with the places left there from `jour` on; five queries.

    `une_semaine`: the places left for a visitor on that one pick-up day.
    """
    held = occupations(session, jour)
    return [
        MaisonOuverte(m, held[m.id].libres_le(jour) if une_semaine else held[m.id].libres) for m in maisons(session)
    ]


def mon_abonnement(session: Session, foyer_id: int, instant: datetime) -> AbonnementVu | None:
    """The subscription that covers the next open week, else the one whose last pick-ups are still to come."""
    today = instant.astimezone(PARIS).date()
    coming = limite(session, instant)
    version = en_cours(session, foyer_id, coming.retrait_le) if coming else None
    version = version or en_cours(session, foyer_id, today)
    if version is None:
        return None
    place = {m.id: m for m in maisons(session, toutes=True)}[version.maison_id]
    return AbonnementVu(version.abonnement_id, place, version.nombre, version.debut, version.fin, version.quitte)


def pauses_a_venir(session: Session, abonnement_id: int, jour: date) -> list[PauseVue]:
    """Pauses that are not over and have not been lifted."""
    found = session.scalars(
        select(Pause)
        .where(Pause.abonnement_id == abonnement_id, Pause.levee_le.is_(None), Pause.au >= jour)
        .order_by(Pause.du)
    )
    return [PauseVue(pause.id, pause.du, pause.au) for pause in found]


def paniers_passes(session: Session, foyer_id: int, jour: date, places: Mapping[int, str]) -> list[PanierPasse]:
    """The household's last baskets before `jour`, the latest first; `places` names maisons."""
    found = session.execute(
        select(Panier, Semaine.retrait_le)
        .join(Semaine, Semaine.id == Panier.semaine_id)
        .where(Panier.foyer_id == foyer_id, Semaine.retrait_le < jour)
        .order_by(Semaine.retrait_le.desc(), Panier.id)
        .limit(PANIERS_PASSES)
    )
    return [PanierPasse(day, places[basket.maison_id], basket.nombre, EtatPanier(basket.etat)) for basket, day in found]
