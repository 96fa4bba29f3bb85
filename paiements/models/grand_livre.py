"""The ledger: double entry, immutable. Amounts are whole centimes.

The database refuses UPDATE and DELETE, and a trigger refuses movements of an entry that do not sum to zero (migration
0002).
"""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class CompteGL(StrEnum):
    """The ledger's accounts. A movement is positive on the debit side, negative on the credit side.

    FOYER is what a household owes (one account per household); STRIPE what Stripe holds for us; ACHATS what the
    baskets handed out have cost and is not yet ordered; PRODUCTEURS what is ordered from them;
    PARTICIPATION_CCAS what the CCAS pays so that a basket or a seat costs a family less (negative for a basket at 9 €);
    BILLETTERIE what seats at outings cost and is not invoiced yet; LIEUX what venues have invoiced; ADHESIONS what
    yearly passes have brought in.

    Of the régie: CAISSE the cash of a till, its float included, CHEQUES and CAP what lies beside it, TPE what the card
    terminal has taken, each by maison (`tiers`); ECART_CAISSE what a count found too little (debit) or too much;
    TRESOR what the Treasury holds of ours; TITRES old debts handed over to it; AIDES what the CCAS has taken over of
    what households owed. FRAIS_STRIPE is what Stripe has kept for its work, BANQUE what it has paid out to our account.
    """

    FOYER = "foyer"
    STRIPE = "stripe"
    ACHATS = "achats"
    PRODUCTEURS = "producteurs"
    PARTICIPATION_CCAS = "participation_ccas"
    BILLETTERIE = "billetterie"
    ADHESIONS = "adhesions"
    CAISSE = "caisse"
    CHEQUES = "cheques"
    CAP = "cap"
    TPE = "tpe"
    ECART_CAISSE = "ecart_caisse"
    TRESOR = "tresor"
    TITRES = "titres"
    AIDES = "aides"
    FRAIS_STRIPE = "frais_stripe"
    BANQUE = "banque"
    LIEUX = "lieux"


class Ecriture(Base):
    """One entry. `cle` says what it books (``panier:12``, ``paiement:7``): the same thing is never booked twice."""

    __tablename__ = "ecriture"

    id: Mapped[Key]
    cle: Mapped[str] = mapped_column(unique=True)
    jour: Mapped[date]
    libelle: Mapped[str]
    passee_le: Mapped[Instant]
    contrepasse_id: Mapped[int | None] = mapped_column(ForeignKey("ecriture.id"), unique=True)


class Mouvement(Base):
    """One line of an entry; `tiers` names the other party of the accounts that have several (a producer)."""

    __tablename__ = "mouvement"

    id: Mapped[Key]
    ecriture_id: Mapped[int] = mapped_column(ForeignKey("ecriture.id"), index=True)
    compte: Mapped[str]
    foyer_id: Mapped[int | None] = mapped_column(ForeignKey("foyer.id"))
    tiers: Mapped[str | None]
    montant: Mapped[int]

    __table_args__ = (
        Index("ix_mouvement_foyer", "foyer_id", postgresql_where=text("foyer_id IS NOT NULL")),
        Index("ix_mouvement_tiers", "tiers", "compte", postgresql_where=text("tiers IS NOT NULL")),
        CheckConstraint(
            "compte IN ('foyer', 'stripe', 'achats', 'producteurs', 'participation_ccas', 'billetterie', 'adhesions',"
            " 'caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse', 'tresor', 'titres', 'aides',"
            " 'frais_stripe', 'banque', 'lieux')",
            name="compte",
        ),
        CheckConstraint(
            "compte NOT IN ('caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse') OR tiers IS NOT NULL", name="tiers"
        ),
        CheckConstraint("(compte = 'foyer') = (foyer_id IS NOT NULL)", name="foyer"),
        CheckConstraint("montant <> 0", name="montant"),
    )
