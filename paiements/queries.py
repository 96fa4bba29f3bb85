"""What the pages of money show; each page reads a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from paiements import grand_livre
from paiements.etats import Etat
from paiements.grand_livre import LigneDeCompte
from paiements.models import Carte, Echeance, Mode, Paiement, Reglement
from paiements.refus import Famille, famille_du_refus

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
class Impaye:
    """A charge that the bank did not let through, and that is still due."""

    echeance_id: int
    libelle: str
    montant: int
    famille: Famille


@dataclass(frozen=True, slots=True)
class CompteMontre:
    """A household's account. `solde` is what it owes, `en_cours` what is being taken from its card, in centimes."""

    solde: int
    en_cours: int
    lignes: Sequence[LigneDeCompte]
    lignes_en_tout: int
    mode: Mode
    carte: CarteMontree | None
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
        carte=carte(session, foyer_id),
        impayes=_impayes(session, foyer_id),
    )


def moyen(session: Session, foyer_id: int) -> Mode:
    """How the household pays."""
    reglement = session.get(Reglement, foyer_id)
    return Mode(reglement.mode) if reglement else Mode.MAISON


def en_cours(session: Session, foyer_id: int) -> int:
    """Centimes that are being taken from the household's card right now."""
    attend = select(Paiement.montant).where(
        Paiement.foyer_id == foyer_id,
        Paiement.nature == "prelevement",
        Paiement.etat.in_((Etat.PREPARE, Etat.INCONNU)),
    )
    return sum(session.scalars(attend))


def carte(session: Session, foyer_id: int) -> CarteMontree | None:
    """The card that the household has saved."""
    lue = session.scalars(select(Carte).where(Carte.foyer_id == foyer_id, Carte.retiree_le.is_(None))).one_or_none()
    return CarteMontree(nom_de_carte(lue), lue.expire_mois, lue.expire_annee) if lue else None


def nom_de_carte(lue: Carte) -> str:
    """``Visa se terminant par 4242``."""
    return f"{MARQUES.get(lue.marque, 'Carte')} se terminant par {lue.derniers_chiffres}"


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
        select(Echeance.id, Echeance.libelle, Paiement.montant, Paiement.code_refus)
        .join(Paiement, Paiement.echeance_id == Echeance.id)
        .where(Echeance.foyer_id == foyer_id, Echeance.reglee_le.is_(None), Paiement.nature == "prelevement")
        .where(Paiement.etat.in_((Etat.REFUSE, Etat.A_AUTHENTIFIER)))
        .order_by(Echeance.ouverte_le.desc())
    )
    return [Impaye(lu.id, lu.libelle, lu.montant, famille_du_refus(lu.code_refus)) for lu in lus]
