"""What the counter's pages of money show: a receipt, a household's receipts, the till of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from foyers.courrier import nom_du_referent
from foyers.models import Compte, Foyer, Maison
from kernel.errors import Introuvable
from paiements.models.grand_livre import Mouvement
from paiements.models.regie import Caisse, ClotureCaisse, Mandataire, Quittance, Regie
from paiements.regles.monnaie import MoyenPaiement

RECENTES = 12


@dataclass(frozen=True, slots=True)
class QuittanceVue:
    """A receipt as pages show it; `annulee_par` is the receipt that cancels it, `annule` the one that it cancels."""

    id: int
    numero: str
    jour: date
    emise_le: datetime
    maison_id: int
    maison: str
    foyer_id: int
    qui: str
    moyen: MoyenPaiement
    montant: int
    donne: int
    rendu: int
    reference: str | None
    derogation: str | None
    motif: str | None
    par: str | None
    annule_id: int | None
    annule: str | None
    annulee_par_id: int | None
    annulee_par: str | None


@dataclass(frozen=True, slots=True)
class CaisseVue:
    """A till and what it holds by the ledger, in centimes; `especes` includes its float."""

    maison_id: int
    maison: str
    fonds: int
    plafond: int
    especes: int
    cheques: int
    cap: int
    tpe: int

    @property
    def a_verser(self) -> int:
        """Cash beyond the float."""
        return max(self.especes - self.fonds, 0)

    @property
    def a_du_a_verser(self) -> bool:
        """Whether a deposit would carry anything."""
        return self.a_verser + self.cheques + self.cap > 0

    @property
    def proche_du_plafond(self) -> bool:
        """Four fifths of the ceiling, or more: time to make a deposit."""
        return self.especes * 5 >= self.plafond * 4


def numero_de(code: str, annee: int, numero: int) -> str:
    """``PAN-2026-00042``."""
    return f"{code}-{annee}-{numero:05d}"


def quittance(session: Session, quittance_id: int) -> QuittanceVue:
    """One receipt. Raises Introuvable."""
    found = session.execute(quittances().where(Quittance.id == quittance_id)).one_or_none()
    if found is None:
        raise Introuvable
    return vue(found)


def quittances_du_foyer(session: Session, foyer_id: int, combien: int = RECENTES) -> list[QuittanceVue]:
    """The household's latest receipts, newest first."""
    query = quittances().where(Quittance.foyer_id == foyer_id).order_by(Quittance.id.desc()).limit(combien)
    return [vue(row) for row in session.execute(query)]


def quittances_du_jour(session: Session, maison_id: int, jour: date) -> list[QuittanceVue]:
    """What was taken and undone at this till on that day, newest first."""
    query = quittances().where(Quittance.maison_id == maison_id, Quittance.jour == jour)
    return [vue(row) for row in session.execute(query.order_by(Quittance.id.desc()))]


def caisses(session: Session, reach: frozenset[int] | None) -> list[CaisseVue]:
    """The tills within reach (None: all), by the maison's name, in one query."""
    held = [_tenu(compte) for compte in ("caisse", "cheques", "cap", "tpe")]
    query: Select[*tuple[Any, ...]] = (
        select(Caisse.maison_id, Maison.nom, Caisse.fonds, Caisse.plafond, *held)
        .join(Maison, Maison.id == Caisse.maison_id)
        .outerjoin(Mouvement, Mouvement.tiers == func.concat("maison:", Caisse.maison_id))
        .group_by(Caisse.maison_id, Maison.nom)
        .order_by(Maison.nom)
    )
    if reach is not None:
        query = query.where(Caisse.maison_id.in_(reach))
    return [CaisseVue(*row) for row in session.execute(query)]


def caisse(session: Session, maison_id: int) -> CaisseVue | None:
    """One till; None when the maison has none."""
    return next(iter(caisses(session, frozenset({maison_id}))), None)


def mes_caisses(session: Session, compte_id: int, reach: frozenset[int] | None) -> list[CaisseVue]:
    """The tills at which this person may take money: all within reach of the régisseur, else those of a mandate."""
    if reach is None:
        return caisses(session, None)
    named = select(Mandataire.maison_id).where(Mandataire.compte_id == compte_id, Mandataire.jusqu_a.is_(None))
    return caisses(session, reach & frozenset(session.scalars(named)))


def vue(row: Row[*tuple[Any, ...]]) -> QuittanceVue:
    """A row of `quittances()`, as pages show it."""
    receipt: Quittance = row.Quittance
    code = row.code
    return QuittanceVue(
        id=receipt.id,
        numero=numero_de(code, receipt.annee, receipt.numero),
        jour=receipt.jour,
        emise_le=receipt.emise_le,
        maison_id=receipt.maison_id,
        maison=row.maison,
        foyer_id=receipt.foyer_id,
        qui=row.qui,
        moyen=MoyenPaiement(receipt.moyen),
        montant=receipt.montant,
        donne=receipt.donne,
        rendu=receipt.rendu,
        reference=receipt.reference,
        derogation=receipt.derogation,
        motif=receipt.motif,
        par=row.par,
        annule_id=receipt.annule_id,
        annule=numero_de(code, row.de_annee, row.de_numero) if row.de_annee else None,
        annulee_par_id=row.a_id,
        annulee_par=numero_de(code, row.a_annee, row.a_numero) if row.a_id else None,
    )


def quittances() -> Select[*tuple[Any, ...]]:
    """Receipts with the names that go with them; narrow and order it, then read each row with `vue`."""
    undone, undoing = aliased(Quittance), aliased(Quittance)
    return (
        select(
            Quittance,
            Regie.code,
            Maison.nom.label("maison"),
            nom_du_referent().label("qui"),
            Compte.nom.label("par"),
            undone.annee.label("de_annee"),
            undone.numero.label("de_numero"),
            undoing.id.label("a_id"),
            undoing.annee.label("a_annee"),
            undoing.numero.label("a_numero"),
        )
        .join(Regie, Regie.id == Quittance.regie_id)
        .join(Maison, Maison.id == Quittance.maison_id)
        .join(Foyer, Foyer.id == Quittance.foyer_id)
        .outerjoin(Compte, Compte.id == Quittance.par)
        .outerjoin(undone, undone.id == Quittance.annule_id)
        .outerjoin(undoing, undoing.annule_id == Quittance.id)
    )


def _tenu(compte: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(Mouvement.montant).filter(Mouvement.compte == compte), 0)


@dataclass(frozen=True, slots=True)
class ClotureVue:
    """A closing: what was counted, what the ledger said, the difference and what is known of it; centimes."""

    id: int
    maison_id: int
    maison: str
    jour: date
    close_le: datetime
    par: str | None
    trouve: int
    theorique: int
    ecart: int
    explication: str | None


def clotures(session: Session, *, maison_id: int | None = None, combien: int = RECENTES) -> list[ClotureVue]:
    """The latest closings, of one till or of all, newest first."""
    closed: Select[*tuple[Any, ...]] = (
        select(
            ClotureCaisse.id,
            ClotureCaisse.maison_id,
            Maison.nom,
            ClotureCaisse.jour,
            ClotureCaisse.close_le,
            Compte.nom.label("par"),
            ClotureCaisse.trouve,
            ClotureCaisse.theorique,
            ClotureCaisse.ecart,
            ClotureCaisse.explication,
        )
        .join(Maison, Maison.id == ClotureCaisse.maison_id)
        .outerjoin(Compte, Compte.id == ClotureCaisse.par)
        .order_by(ClotureCaisse.jour.desc(), Maison.nom)
        .limit(combien)
    )
    if maison_id is not None:
        closed = closed.where(ClotureCaisse.maison_id == maison_id)
    return [ClotureVue(*row) for row in session.execute(closed)]


def cloture_du(session: Session, maison_id: int, jour: date) -> ClotureVue | None:
    """The closing of that till for that day."""
    return next((one for one in clotures(session, maison_id=maison_id, combien=1) if one.jour == jour), None)


def par_moyen(lues: Sequence[QuittanceVue]) -> dict[MoyenPaiement, int]:
    """What each means brought, cancellings taken off; in centimes."""
    sums: dict[MoyenPaiement, int] = {}
    for one in lues:
        sums[one.moyen] = sums.get(one.moyen, 0) + one.montant
    return sums
