"""A town's standing data from one file: maisons, calendar, grids, producers, products, contracts.

The file is TOML (`docs/ville.exemple.toml`). What is there already is found by its natural name and brought up to date,
except grids and calendars, which are never changed once they have priced or dated a week: a new one takes effect later.
A contract is opened once; its lists are agreed on as on its page, so that no published basket loses its price.
All of it or nothing.
"""

import tomllib
from collections.abc import Iterable
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Maison
from kernel import clock
from kernel.db import Base
from kernel.errors import Refus
from paniers import contrats
from paniers.models.contrats import Contrat
from paniers.models.producteurs import Producteur, Produit
from paniers.models.reglages import GesteReglage
from paniers.models.semaines import Calendrier, Grille
from paniers.reglages import exiger_grille_a_venir, exiger_rythme_a_venir, tracer
from paniers.regles.calendrier import exiger_dans_l_ordre
from paniers.regles.tarifs import GrilleIncoherente, bareme

JourSemaine = Annotated[int, Field(ge=1, le=7)]
Centimes = Annotated[int, Field(gt=0, le=100_000)]


class _Donnee(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UneMaison(_Donnee):
    nom: str
    code: str = Field(pattern="^[A-Z]{3}$")
    adresse: str
    code_postal: str = Field(pattern=r"^\d{5}$")
    ville: str
    telephone: str
    jours: list[JourSemaine]
    retrait_debut: time
    retrait_fin: time
    places: int = Field(ge=0, le=10_000)
    active: bool = True


class UnCalendrier(_Donnee):
    effet_le: date
    retrait_jour: JourSemaine
    offres_jour: JourSemaine
    offres_heure: time
    publication_jour: JourSemaine
    publication_heure: time
    cloture_jour: JourSemaine
    cloture_heure: time
    commande_jour: JourSemaine
    commande_heure: time


class UneGrille(_Donnee):
    nom: str
    effet_le: date
    regle: dict[str, Any]
    cout_reference: Centimes


class UnProducteur(_Donnee):
    nom: str
    contact: str
    email: str
    telephone: str
    siret: str = Field(pattern=r"^\d{14}$")
    adresse: str
    livraison: Literal["depot", "maisons"]
    livraison_heure: str
    franchise_tva: bool


class UnProduit(_Donnee):
    nom: str
    dessin: str
    categorie: Literal["legume", "fruit", "herbe"]
    unite: Literal["gramme", "piece"]
    poids_piece: int | None = None
    mois: list[Annotated[int, Field(ge=1, le=12)]]
    prix_indicatif: Centimes
    conservation: str


class UneListe(_Donnee):
    """Product's name → centimes before tax, from `effet_le` on."""

    effet_le: date
    prix: dict[str, Centimes]


class UnContrat(_Donnee):
    """`producteur` is its SIRET."""

    numero: str
    producteur: str = Field(pattern=r"^\d{14}$")
    debut: date
    fin: date
    liste: list[UneListe] = []


class Donnees(_Donnee):
    """The whole file."""

    maison: list[UneMaison] = []
    calendrier: list[UnCalendrier] = []
    grille: list[UneGrille] = []
    producteur: list[UnProducteur] = []
    produit: list[UnProduit] = []
    contrat: list[UnContrat] = []


def lire(path: Path) -> Donnees:
    """Read and check the file. Raises Refus, naming each line at fault."""
    try:
        data = Donnees.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refus(f"Le fichier {path} ne se lit pas : {error}") from None
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc']))} : {fault['msg']}" for fault in error.errors()]
        raise Refus(f"Le fichier {path} n’a pas été chargé :\n" + "\n".join(faults)) from None
    for grid in data.grille:
        _exiger_coherente(grid)
    for rhythm in data.calendrier:
        exiger_dans_l_ordre(rhythm)
    return data


def charger(session: Session, data: Donnees) -> dict[str, int]:
    """Write the data; returns how many of each kind are new. Raises Refus for a grid or calendar that would change."""
    return {
        "maisons": _mettre_a_jour(session, Maison, "code", data.maison),
        "calendriers": _ajouter(session, Calendrier, data.calendrier),
        "grilles": _ajouter(session, Grille, data.grille),
        "producteurs": _mettre_a_jour(session, Producteur, "siret", data.producteur),
        "produits": _mettre_a_jour(session, Produit, "nom", data.produit),
        "contrats": sum(_contracter(session, contract) for contract in data.contrat),
    }


def _exiger_coherente(grid: UneGrille) -> None:
    try:
        bareme(grid.regle)
    except GrilleIncoherente as error:
        raise Refus(f"La grille « {grid.nom} » n’est pas cohérente : {error}") from None


def _mettre_a_jour(session: Session, table: type[Base], key: str, rows: Iterable[_Donnee]) -> int:
    """Insert or update by natural key."""
    new = 0
    for row in rows:
        values = row.model_dump()
        found = session.scalars(select(table).filter_by(**{key: values[key]})).one_or_none()
        if found is None:
            session.add(table(**values))
            new += 1
            continue
        for name, value in values.items():
            setattr(found, name, value)
    return new


def _contracter(session: Session, given: UnContrat) -> bool:
    """Open the contract if it is not there, and agree on its lists; returns whether it is new. Raises Refus."""
    farm = session.scalars(select(Producteur.id).where(Producteur.siret == given.producteur)).one_or_none()
    if farm is None:
        raise Refus(f"Contrat {given.numero} : aucun producteur n’a le SIRET {given.producteur}.")
    found = session.scalars(select(Contrat).where(Contrat.numero == given.numero)).one_or_none()
    if found is not None and (found.producteur_id, found.debut, found.fin) != (farm, given.debut, given.fin):
        raise Refus(f"Le contrat {given.numero} existe déjà, autrement : changez-le sur sa page.")
    contract = found or contrats.ouvrir(
        session,
        producteur_id=farm,
        numero=given.numero,
        debut=given.debut,
        fin=given.fin,
        instant=clock.now(),
        par=None,
    )
    for prices in sorted(given.liste, key=lambda one: one.effet_le):
        contrats.convenir(session, contract.id, prices.effet_le, _par_produit(session, given.numero, prices))
    return found is None


def _par_produit(session: Session, numero: str, liste: UneListe) -> dict[int, int]:
    known = dict(session.execute(select(Produit.nom, Produit.id).where(Produit.nom.in_(liste.prix))).all())
    unknown = sorted(set(liste.prix) - set(known))
    if unknown:
        raise Refus(f"Contrat {numero} : le produit « {unknown[0]} » n’est pas dans la liste des produits.")
    return {known[name]: price for name, price in liste.prix.items()}


def _exiger_a_venir(session: Session, table: type[Calendrier] | type[Grille], effet_le: date) -> None:
    """What has been dated or priced already is not changed by a file that is loaded late. Raises Refus."""
    if table is Grille:
        exiger_grille_a_venir(session, effet_le, clock.now())
    else:
        exiger_rythme_a_venir(session, effet_le)


def _ajouter(session: Session, table: type[Calendrier] | type[Grille], rows: Iterable[_Donnee]) -> int:
    """Insert what takes effect on a day that has none yet; the same again is harmless, another is refused."""
    new = 0
    for row in rows:
        values = row.model_dump()
        found = session.scalars(select(table).filter_by(effet_le=values["effet_le"])).one_or_none()
        if found is None:
            _exiger_a_venir(session, table, values["effet_le"])
            made = table(**values)
            session.add(made)
            tracer(session, made, GesteReglage.SAISI, instant=clock.now(), par=None)
            new += 1
        elif any(getattr(found, name) != value for name, value in values.items()):
            raise Refus(
                f"{table.__name__} du {values['effet_le']:%d/%m/%Y} existe déjà, autrement : "
                "donnez-lui une autre date d’effet."
            )
    return new
