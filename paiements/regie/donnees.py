"""The founding act of a régie from one file: its act, its tills, who takes money at them.

The file is TOML (`docs/regie.exemple.toml`). An act that is in force is never rewritten: an amendment takes effect on
another day. Tills follow the file: a float that changes is booked. All of it or nothing.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.models import Compte, Maison
from kernel.errors import Refus
from paiements.models.en_ligne import ConditionEnLigne
from paiements.models.regie import ActeRegie, Regie
from paiements.regie.acte import confier, nommer_mandataire
from paiements.regles.monnaie import MoyenPaiement
from paiements.regles.refus import REPRENABLES, Famille

Centimes = Annotated[int, Field(ge=0, le=10_000_000)]


class _Donnee(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UneRegie(_Donnee):
    code: str = Field(pattern="^[A-Z]{2,6}$")
    nom: str


class UnActe(_Donnee):
    effet_le: date
    reference: str
    regisseur: str
    suppleant: str
    moyens: list[MoyenPaiement]
    rendu_monnaie: bool
    especes_max: Annotated[int, Field(gt=0, le=100_000)] = 30_000
    versement_jours: Annotated[int, Field(ge=1, le=366)] = 31
    titres_apres_jours: Annotated[int, Field(ge=14, le=1_460)] = 180
    titres_des: Annotated[int, Field(ge=500, le=100_000)] = 1_500


class UneCaisse(_Donnee):
    maison: str = Field(pattern="^[A-Z]{3}$")
    fonds: Centimes
    plafond: Centimes
    mandataires: list[str] = []


class UneReprise(_Donnee):
    """How often a charge refused for this reason is asked for again, and when (`refus.py`)."""

    fois: Annotated[int, Field(ge=0, le=3)]
    apres_jours: Annotated[int, Field(ge=1, le=31)] = 5
    jours_du_mois: list[Annotated[int, Field(ge=1, le=31)]] = []


class DesConditions(_Donnee):
    """What the CCAS decides about paying online, from a day on (`conditions.py`)."""

    effet_le: date
    jour_du_mois: Annotated[int, Field(ge=1, le=28)] = 5
    avance_max: Centimes = 10_000
    preavis_jours: Annotated[int, Field(ge=2, le=14)] = 2
    preavis_courrier_jours: Annotated[int, Field(ge=5, le=31)] = 14
    reprise_sepa: bool = False
    remboursement: bool = False
    dialogue_des: Annotated[int, Field(ge=500, le=100_000)] = 5_000
    reprises: dict[Famille, UneReprise]

    @field_validator("reprises")
    @classmethod
    def _seulement_les_reprenables(cls, value: dict[Famille, UneReprise]) -> dict[Famille, UneReprise]:
        if never := sorted(set(value) - REPRENABLES):
            raise ValueError(f"cela ne se redemande jamais à la banque : {', '.join(never)}")
        return value


class DonneesRegie(_Donnee):
    """The whole file."""

    regie: UneRegie
    acte: list[UnActe]
    en_ligne: list[DesConditions] = []
    caisse: list[UneCaisse] = []


def lire(path: Path) -> DonneesRegie:
    """Read and check the file. Raises Refus, naming each line at fault."""
    try:
        return DonneesRegie.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refus(f"Le fichier {path} ne se lit pas : {error}") from None
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, fault['loc']))} : {fault['msg']}" for fault in error.errors()]
        raise Refus(f"Le fichier {path} n’a pas été chargé :\n" + "\n".join(faults)) from None


def charger(session: Session, data: DonneesRegie) -> Regie:
    """Write the act and the tills. Raises Refus for an act that would change, a maison or a person that is unknown."""
    regie = session.scalars(select(Regie).where(Regie.code == data.regie.code)).one_or_none()
    if regie is None:
        regie = Regie(code=data.regie.code, nom=data.regie.nom)
        session.add(regie)
        session.flush()  # its acts and tills need its id
    regie.nom = data.regie.nom
    for act in data.acte:
        _ajouter_acte(session, regie.id, act)
    for rules in data.en_ligne:
        _ajouter_conditions(session, rules)
    for till in data.caisse:
        _confier(session, regie.id, till)
    return regie


def _ajouter_acte(session: Session, regie_id: int, act: UnActe) -> None:
    values = act.model_dump() | {"moyens": [str(one) for one in act.moyens]}
    same_day = select(ActeRegie).where(ActeRegie.regie_id == regie_id, ActeRegie.effet_le == act.effet_le)
    found = session.scalars(same_day).one_or_none()
    if found is None:
        session.add(ActeRegie(regie_id=regie_id, **values))
    elif any(getattr(found, name) != value for name, value in values.items()):
        raise Refus(
            f"L’acte du {act.effet_le:%d/%m/%Y} existe déjà, autrement : un avenant prend effet à une autre date."
        )


def _ajouter_conditions(session: Session, rules: DesConditions) -> None:
    values = rules.model_dump(mode="json", exclude={"effet_le"})
    found = session.get(ConditionEnLigne, rules.effet_le)
    if found is None:
        session.add(ConditionEnLigne(effet_le=rules.effet_le, **values))
    elif any(getattr(found, name) != value for name, value in values.items()):
        raise Refus(
            f"Les conditions en ligne du {rules.effet_le:%d/%m/%Y} existent déjà, autrement : changez-les à une autre"
            " date."
        )


def _confier(session: Session, regie_id: int, till: UneCaisse) -> None:
    place = session.scalars(select(Maison).where(Maison.code == till.maison)).one_or_none()
    if place is None:
        raise Refus(f"Aucune maison ne porte le code {till.maison}. Chargez d’abord les maisons.")
    if till.plafond <= till.fonds:
        raise Refus(f"Le plafond de la caisse de {place.nom} doit dépasser son fonds.")
    confier(session, place.id, regie_id, fonds=till.fonds, plafond=till.plafond)
    session.flush()  # mandates name the till
    for address in till.mandataires:
        person = session.scalars(select(Compte).where(Compte.email == address.lower())).one_or_none()
        if person is None:
            raise Refus(f"Personne ne se connecte avec {address}. Ouvrez d’abord son compte.")
        nommer_mandataire(session, place.id, person.id)
