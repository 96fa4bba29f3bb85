"""The demo town: maisons, farms, contracts, tariff, calendar and staff; then its households, drawn from a seed.

Everything is invented. Same seed and same day give the same town, which `demo.empreinte` shows.
"""

import random
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo.caisses import ouvrir_la_regie
from demo.habitants import SEMAINES_PASSEES, peupler
from demo.lieux import FERMES, MAISONS, TRANCHES
from demo.produits import ARTICLES, prix_convenu
from demo.souscriptions import abonner
from foyers.models import Compte, CompteMaison, Foyer, Maison
from foyers.mots_de_passe import hacher
from kernel.clock import paris
from kernel.web.access import Role
from paniers.models.contrats import Contrat, PrixConvenu
from paniers.models.producteurs import Producteur, Produit
from paniers.models.semaines import Calendrier, Grille
from paniers.regles.quantites import Unite

MOT_DE_PASSE = "un panier de saison"


@dataclass(frozen=True, slots=True)
class Acces:
    """An account to try the town with, as `make run` prints it."""

    role: str
    identifiant: str
    mot_de_passe: str
    page: str


def planter(session: Session, rng: random.Random, jour: date, combien: int) -> list[Acces]:
    """Write the town as it stood 13 weeks before `jour`, with `combien` households; returns who can sign in."""
    debut = jour - timedelta(weeks=SEMAINES_PASSEES + 1)
    _regles(session, debut)
    maisons = _maisons(session)
    fermes = _fermes(session)
    _contrats(session, jour, debut, fermes)
    empreinte = hacher(MOT_DE_PASSE)  # one for all: hashing 600 times would be most of the installation
    acces = _equipe(session, empreinte, debut, maisons, fermes)
    ouvrir_la_regie(session, maisons, debut)
    foyers = peupler(session, rng, jour, maisons=maisons, combien=combien, empreinte=empreinte)
    abonner(session, rng, jour, foyers)
    acces.insert(0, Acces("habitante", foyers[0].email or "", MOT_DE_PASSE, "/ma-semaine"))
    return acces


def _regles(session: Session, debut: date) -> None:
    premier = debut - timedelta(days=200)
    session.add(Grille(nom="Grille 2026", effet_le=premier, regle=TRANCHES, cout_reference=750))
    session.add(
        Calendrier(
            effet_le=premier,
            retrait_jour=4,
            offres_jour=4,
            offres_heure=time(23, 59),
            publication_jour=5,
            publication_heure=time(17),
            cloture_jour=7,
            cloture_heure=time(23, 59),
            commande_jour=1,
            commande_heure=time(6),
        )
    )


def _maisons(session: Session) -> list[Maison]:
    made = [
        Maison(
            nom=lieu.nom,
            code=lieu.code,
            adresse=lieu.adresse,
            code_postal=lieu.code_postal,
            ville="Grenoble",
            telephone=f"+3340000{number:04d}",
            jours=[1, 2, 3, 4, 5],
            retrait_debut=lieu.debut,
            retrait_fin=lieu.fin,
            places=lieu.places,
        )
        for number, lieu in enumerate(MAISONS, start=1)
    ]
    session.add_all(made)
    session.flush()
    return made


def _fermes(session: Session) -> list[Producteur]:
    made = [
        Producteur(
            nom=ferme.nom,
            contact=ferme.contact,
            email=ferme.email,
            telephone=f"+3340001{number:04d}",
            siret=ferme.siret,
            adresse=ferme.adresse,
            livraison=ferme.livraison,
            livraison_heure=ferme.heure,
            franchise_tva=ferme.franchise,
        )
        for number, ferme in enumerate(FERMES, start=1)
    ]
    session.add_all(made)
    session.add_all(
        Produit(
            nom=article.nom,
            dessin=article.dessin,
            categorie=article.categorie,
            unite=Unite.PIECE if article.poids_piece else Unite.GRAMME,
            poids_piece=article.poids_piece,
            mois=list(article.mois),
            prix_indicatif=article.prix,
            conservation=article.conservation,
        )
        for article in ARTICLES
    )
    session.flush()
    return made


def _contrats(session: Session, jour: date, debut: date, fermes: list[Producteur]) -> None:
    """One contract a farm for a year or so, at prices that its offers keep to; the last farm's ends in four weeks."""
    products = {product.nom: product.id for product in session.scalars(select(Produit))}
    first = debut.replace(day=1)
    for number, farm in enumerate(fermes, start=1):
        until = jour + timedelta(days=27) if number == len(fermes) else first + timedelta(days=400)
        contract = Contrat(
            producteur_id=farm.id,
            numero=f"{first.year}-PAN-{number:02d}",
            debut=first,
            fin=until,
            saisi_le=paris(debut, time(9)),
        )
        session.add(contract)
        session.flush()
        session.add_all(
            PrixConvenu(
                contrat_id=contract.id, effet_le=first, produit_id=products[article.nom], prix=prix_convenu(article)
            )
            for article in ARTICLES
            if number - 1 in article.fermes
        )


def _equipe(
    session: Session, empreinte: str, debut: date, maisons: list[Maison], fermes: list[Producteur]
) -> list[Acces]:
    """One account of each role of the staff, and a producer's."""
    patio = next(m for m in maisons if m.nom == "Le Patio")
    people = (
        (Role.AGENT, "Agnès Robin", "agent", "/retrait", "agente, Le Patio"),
        (Role.BENEVOLE, "Benoît Lamy", "benevole", "/retrait", "bénévole, Le Patio"),
        (Role.COORDINATION, "Corinne Vasseur", "coordination", "/coordination", "coordination"),
        (Role.ADMINISTRATION, "Adrien Morel", "administration", "/operations", "administration"),
        (Role.REGISSEUR, "Régine Faure", "regie", "/regie", "régisseuse"),
        (Role.PRODUCTEUR, fermes[0].contact, "producteur", "/producteur/commandes", f"producteur, {fermes[0].nom}"),
    )
    acces = []
    for role, nom, adresse, page, libelle in people:
        compte = Compte(
            nom=nom,
            role=role,
            email=f"{adresse}@ccas.example",
            mot_de_passe=empreinte,
            cree_le=paris(debut, time(9)),
        )
        session.add(compte)
        session.flush()
        if role in (Role.AGENT, Role.BENEVOLE):
            session.add(CompteMaison(compte_id=compte.id, maison_id=patio.id))
        if role is Role.PRODUCTEUR:
            fermes[0].compte_id = compte.id
        acces.append(Acces(libelle, compte.email or "", MOT_DE_PASSE, page))
    return acces


def deja_installee(session: Session) -> bool:
    """Whether the database holds a household already."""
    return session.scalars(select(Foyer.id).limit(1)).first() is not None
