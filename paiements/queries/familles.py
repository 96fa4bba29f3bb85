"""What the pages of money show; each page reads a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel import clock
from paiements import grand_livre
from paiements.en_ligne.conditions import cle_du_mois, en_vigueur
from paiements.grand_livre import LigneDeCompte
from paiements.models.en_ligne import Carte, Echeance, Mandat, Mode, Paiement, Reglement, Rythme
from paiements.regles.etats import EN_ROUTE, Etat
from paiements.regles.refus import Famille, famille_du_refus

LIGNES_PAR_PAGE = 60
MARQUES = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "cartes_bancaires": "Carte Bancaire"}


@dataclass(frozen=True, slots=True)
class CarteMontree:
    """A saved card as its holder knows it."""

    nom: str
    expire_mois: int
    expire_annee: int

    def expiree(self, aujourd_hui: date) -> bool:
        return (self.expire_annee, self.expire_mois) < (aujourd_hui.year, aujourd_hui.month)


@dataclass(frozen=True, slots=True)
class MandatMontre:
    """A bank account that may be debited, and the reference that its statements show."""

    nom: str
    reference: str


@dataclass(frozen=True, slots=True)
class Annonce:
    """A SEPA debit on its way: `jour` when it is made, None once the bank has it, or before it is told."""

    montant: int
    jour: datetime | None


@dataclass(frozen=True, slots=True)
class Impaye:
    """A charge that the bank did not let through, and that is still due."""

    echeance_id: int
    libelle: str
    montant: int
    famille: Famille
    reprise_le: datetime | None


@dataclass(frozen=True, slots=True)
class DuMois:
    """What waits for the month's charge, in centimes, and the day of that charge."""

    montant: int
    jour: date


@dataclass(frozen=True, slots=True)
class CompteMontre:
    """A household's account. `solde` is what it owes, `en_cours` what is being taken from its card, in centimes."""

    solde: int
    en_cours: int
    lignes: Sequence[LigneDeCompte]
    lignes_en_tout: int
    mode: Mode
    rythme: Rythme
    du_mois: DuMois
    carte: CarteMontree | None
    mandat: MandatMontre | None
    annonces: Sequence[Annonce]
    impayes: Sequence[Impaye]

    @property
    def a_payer(self) -> int:
        return max(self.solde - self.en_cours, 0)


@dataclass(frozen=True, slots=True)
class EcheanceMontree:
    foyer_id: int
    libelle: str
    reste: int


def compte(session: Session, foyer_id: int, *, tout: bool = False) -> CompteMontre:
    """The household's account, newest line first; the last year's lines, or all."""
    lignes = grand_livre.lignes_du_compte(session, foyer_id)
    return CompteMontre(
        solde=lignes[-1].solde if lignes else 0,
        en_cours=en_cours(session, foyer_id),
        lignes=lignes[::-1] if tout else lignes[::-1][:LIGNES_PAR_PAGE],
        lignes_en_tout=len(lignes),
        mode=moyen(session, foyer_id),
        rythme=rythme(session, foyer_id),
        du_mois=du_mois(session, foyer_id),
        carte=carte(session, foyer_id),
        mandat=mandat(session, foyer_id),
        annonces=_annonces(session, foyer_id),
        impayes=_impayes(session, foyer_id),
    )


def moyen(session: Session, foyer_id: int) -> Mode:
    """How the household pays."""
    reglement = session.get(Reglement, foyer_id)
    return Mode(reglement.mode) if reglement else Mode.MAISON


def invitee_le(session: Session, foyer_id: int) -> datetime | None:
    """Since when the household is invited to talk of what it owes."""
    return session.scalar(select(Reglement.invite_le).where(Reglement.foyer_id == foyer_id))


def rythme(session: Session, foyer_id: int) -> Rythme:
    """How often the household is charged."""
    reglement = session.get(Reglement, foyer_id)
    return Rythme(reglement.rythme) if reglement else Rythme.SEMAINE


def du_mois(session: Session, foyer_id: int) -> DuMois:
    """What of the household's weeks waits for the month's charge, as far as it is still due."""
    waits = select(func.coalesce(func.sum(Echeance.montant), 0)).where(
        Echeance.foyer_id == foyer_id, Echeance.a_grouper, Echeance.groupe_id.is_(None), Echeance.reglee_le.is_(None)
    )
    owed = grand_livre.solde(session, foyer_id) - en_cours(session, foyer_id)
    return DuMois(max(0, min(int(session.execute(waits).scalar_one()), owed)), _jour_du_mois(session, foyer_id))


def _jour_du_mois(session: Session, foyer_id: int) -> date:
    today = clock.today()
    day = today.replace(day=en_vigueur(session, today).jour_du_mois)
    opened = select(Echeance.id).where(Echeance.foyer_id == foyer_id, Echeance.cle == cle_du_mois(day))
    if today < day and session.scalars(opened).first() is None:
        return day
    return (day.replace(day=28) + timedelta(days=7)).replace(day=day.day)


def en_cours(session: Session, foyer_id: int) -> int:
    """Centimes that are being taken from the household's card or account."""
    attend = select(Paiement.montant).where(
        Paiement.foyer_id == foyer_id,
        Paiement.nature == "prelevement",
        Paiement.etat.in_(EN_ROUTE),
    )
    return sum(session.scalars(attend))


def carte(session: Session, foyer_id: int) -> CarteMontree | None:
    """The card that the household has saved."""
    lue = session.scalars(select(Carte).where(Carte.foyer_id == foyer_id, Carte.retiree_le.is_(None))).one_or_none()
    return CarteMontree(nom_de_carte(lue), lue.expire_mois, lue.expire_annee) if lue else None


def nom_de_carte(lue: Carte) -> str:
    """``Visa se terminant par 4242``."""
    return f"{MARQUES.get(lue.marque, 'Carte')} se terminant par {lue.derniers_chiffres}"


def mandat(session: Session, foyer_id: int) -> MandatMontre | None:
    """The bank account that the household lets be debited."""
    lu = session.scalars(select(Mandat).where(Mandat.foyer_id == foyer_id, Mandat.retire_le.is_(None))).one_or_none()
    return MandatMontre(nom_de_compte(lu), lu.reference) if lu else None


def nom_de_compte(lu: Mandat) -> str:
    """``Compte bancaire se terminant par 2606``."""
    return f"Compte bancaire se terminant par {lu.derniers_chiffres}"


def _annonces(session: Session, foyer_id: int) -> list[Annonce]:
    coming = select(Paiement.montant, Paiement.pas_avant, Paiement.etat).where(
        Paiement.foyer_id == foyer_id, Paiement.mandat_id.is_not(None), Paiement.etat.in_(EN_ROUTE)
    )
    rows = session.execute(coming.order_by(Paiement.id))
    return [Annonce(row.montant, row.pas_avant if row.etat == Etat.PREPARE else None) for row in rows]


def echeance(session: Session, echeance_id: int) -> EcheanceMontree | None:
    """An échéance and what of it can be paid now, in centimes."""
    lue = session.get(Echeance, echeance_id)
    if lue is None:
        return None
    du = grand_livre.solde(session, lue.foyer_id) - en_cours(session, lue.foyer_id)
    reste = 0 if lue.reglee_le is not None else max(0, min(lue.montant, du))
    return EcheanceMontree(lue.foyer_id, lue.libelle, reste)


def _impayes(session: Session, foyer_id: int) -> list[Impaye]:
    lus = session.execute(
        select(Echeance.id, Echeance.libelle, Paiement.montant, Paiement.code_refus, Paiement.reprise_le)
        .join(Paiement, Paiement.echeance_id == Echeance.id)
        .where(Echeance.foyer_id == foyer_id, Echeance.reglee_le.is_(None), Paiement.nature == "prelevement")
        .where(Paiement.etat.in_((Etat.REFUSE, Etat.A_AUTHENTIFIER)))
        .order_by(Echeance.ouverte_le.desc())
    )
    return [Impaye(lu.id, lu.libelle, lu.montant, famille_du_refus(lu.code_refus), lu.reprise_le) for lu in lus]
