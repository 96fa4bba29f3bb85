"""What the régisseur's pages show; each reads a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, false, func, or_, select
from sqlalchemy.orm import Session

from foyers.folding import plier
from foyers.models import Compte, CompteMaison, Foyer, Maison
from kernel.web.access import Role
from paiements.models.regie import ActeRegie, Caisse, Mandataire, Quittance, Regie, Versement
from paiements.queries.caisse import QuittanceVue, numero_de, quittances, vue


@dataclass(frozen=True, slots=True)
class MandataireVu:
    id: int
    nom: str
    depuis: datetime


@dataclass(frozen=True, slots=True)
class CaisseTenue:
    """A till with those who may take money at it, and those who could be named."""

    maison_id: int
    maison: str
    fonds: int
    plafond: int
    mandataires: Sequence[MandataireVu]
    nommables: Sequence[tuple[int, str]]


def regie(session: Session) -> Regie | None:
    """The town's régie; None until its founding act is loaded."""
    return session.scalars(select(Regie).order_by(Regie.id).limit(1)).one_or_none()


def actes(session: Session, regie_id: int) -> list[ActeRegie]:
    """The founding act and its amendments, the latest first."""
    query = select(ActeRegie).where(ActeRegie.regie_id == regie_id).order_by(ActeRegie.effet_le.desc())
    return list(session.scalars(query))


def acte_du(lus: Sequence[ActeRegie], jour: date) -> ActeRegie | None:
    """The act in force on that day, among `actes()`."""
    return next((one for one in lus if one.effet_le <= jour), None)


def caisses_tenues(session: Session) -> list[CaisseTenue]:
    """Every till with its people, by the maison's name."""
    tills = session.execute(
        select(Caisse, Maison.nom).join(Maison, Maison.id == Caisse.maison_id).order_by(Maison.nom)
    ).all()
    named = _mandataires(session)
    could = _nommables(session)
    return [
        CaisseTenue(
            maison_id=till.Caisse.maison_id,
            maison=till.nom,
            fonds=till.Caisse.fonds,
            plafond=till.Caisse.plafond,
            mandataires=[
                MandataireVu(one.id, one.nom, one.depuis) for one in named if one.maison_id == till.Caisse.maison_id
            ],
            nommables=[(one.id, one.nom) for one in could if one.maison_id in (None, till.Caisse.maison_id)],
        )
        for till in tills
    ]


def _mandataires(session: Session) -> Sequence[Row[*tuple[Any, ...]]]:
    return session.execute(
        select(Mandataire.maison_id, Mandataire.id, Compte.nom, Mandataire.depuis)
        .join(Compte, Compte.id == Mandataire.compte_id)
        .where(Mandataire.jusqu_a.is_(None))
        .order_by(Compte.nom)
    ).all()


def _nommables(session: Session) -> Sequence[Row[*tuple[Any, ...]]]:
    """Active agents, each at its maisons, and the coordination anywhere (maison None)."""
    return session.execute(
        select(Compte.id, Compte.nom, CompteMaison.maison_id)
        .outerjoin(CompteMaison, CompteMaison.compte_id == Compte.id)
        .where(Compte.actif, or_(Compte.role == Role.COORDINATION, Compte.role == Role.AGENT))
        .where(or_(Compte.role == Role.COORDINATION, CompteMaison.maison_id.is_not(None)))
        .order_by(Compte.nom)
    ).all()


PAR_PAGE = 50


@dataclass(frozen=True, slots=True)
class VersementVu:
    """A deposit; amounts in centimes."""

    id: int
    numero: str
    jour: date
    maison: str
    par: str | None
    especes: int
    cheques: int
    cap: int

    @property
    def total(self) -> int:
        return self.especes + self.cheques + self.cap


def chercher_quittances(session: Session, cherche: str, page: int) -> tuple[list[QuittanceVue], bool]:
    """A page of receipts, newest first, by family name or by number; and whether there is another page."""
    query = quittances().order_by(Quittance.id.desc()).limit(PAR_PAGE + 1).offset((page - 1) * PAR_PAGE)
    number = cherche.rpartition("-")[2].strip().lstrip("0")
    if number.isascii() and number.isdigit() and len(number) <= 9:
        query = query.where(Quittance.numero == int(number))
    elif cherche:
        folded = plier(cherche)
        query = query.where(Foyer.nom_plie.startswith(folded, autoescape=True) if folded else false())
    found = [vue(row) for row in session.execute(query)]
    return found[:PAR_PAGE], len(found) > PAR_PAGE


def versements(session: Session, combien: int = PAR_PAGE) -> list[VersementVu]:
    """The latest deposits, newest first."""
    query = (
        select(Versement, Regie.code, Maison.nom, Compte.nom.label("par"))
        .join(Regie, Regie.id == Versement.regie_id)
        .join(Maison, Maison.id == Versement.maison_id)
        .outerjoin(Compte, Compte.id == Versement.par)
        .order_by(Versement.id.desc())
        .limit(combien)
    )
    return [
        VersementVu(
            row.Versement.id,
            numero_de(f"V-{row.code}", row.Versement.annee, row.Versement.numero),
            row.Versement.jour,
            row.nom,
            row.par,
            row.Versement.especes,
            row.Versement.cheques,
            row.Versement.cap,
        )
        for row in session.execute(query)
    ]


def derniers_versements(session: Session) -> dict[int, date]:
    """The day of each till's last deposit."""
    last = select(Versement.maison_id, func.max(Versement.jour)).group_by(Versement.maison_id)
    return {row[0]: row[1] for row in session.execute(last)}
