"""Tables of the régie de recettes: its founding act as data, its tills, its receipts. Amounts are whole centimes.

Receipts (`quittance`) only grow: the database refuses UPDATE and DELETE, a mistake is cancelled by another receipt.
"""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class Regie(Base):
    """A régie de recettes; `code` stands in the numbers of its receipts."""

    __tablename__ = "regie"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    nom: Mapped[str]

    __table_args__ = (CheckConstraint("code ~ '^[A-Z]{2,6}$'", name="code"),)


class ActeRegie(Base):
    """What the founding act allows from `effet_le` on; an amendment is another row, never a change of this one.

    `moyens` are the means of payment, `especes_max` the cash ceiling of one receipt, `versement_jours` how many days
    may pass between two deposits; what is unpaid for `titres_apres_jours` days, and at least `titres_des` centimes, may
    be handed to the Treasury.
    """

    __tablename__ = "acte_regie"

    id: Mapped[Key]
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    effet_le: Mapped[date]
    reference: Mapped[str]
    regisseur: Mapped[str]
    suppleant: Mapped[str]
    moyens: Mapped[list[str]] = mapped_column(ARRAY(Text))
    rendu_monnaie: Mapped[bool]
    especes_max: Mapped[int]
    versement_jours: Mapped[int]
    titres_apres_jours: Mapped[int] = mapped_column(SmallInteger, server_default="180")
    titres_des: Mapped[int] = mapped_column(server_default="1500")

    __table_args__ = (
        UniqueConstraint("regie_id", "effet_le", name="uq_acte_regie_regie_id_effet_le"),
        CheckConstraint("moyens <@ ARRAY['especes', 'cheque', 'carte', 'cap', 'en_ligne']", name="moyens"),
        CheckConstraint("especes_max > 0", name="especes_max"),
        CheckConstraint("versement_jours BETWEEN 1 AND 366", name="versement_jours"),
    )


class Caisse(Base):
    """The till of a maison. `fonds` is the float that stays in it, `plafond` the most that it may hold."""

    __tablename__ = "caisse"

    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), primary_key=True, autoincrement=False)
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"), index=True)
    fonds: Mapped[int]
    plafond: Mapped[int]

    __table_args__ = (
        CheckConstraint("fonds >= 0", name="fonds"),
        CheckConstraint("plafond > fonds", name="plafond"),
    )


class Mandataire(Base):
    """Who may take money at a till, from when until when."""

    __tablename__ = "mandataire"

    id: Mapped[Key]
    maison_id: Mapped[int] = mapped_column(ForeignKey("caisse.maison_id"))
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), index=True)
    depuis: Mapped[Instant]
    jusqu_a: Mapped[Instant | None]

    __table_args__ = (
        Index("uq_mandataire", "maison_id", "compte_id", unique=True, postgresql_where=text("jusqu_a IS NULL")),
    )


class CompteurRegie(Base):
    """The last number given in a series of the year; its row is locked until the number is committed or given back.

    A sequence of the database would leave a gap for each transaction that is rolled back.
    """

    __tablename__ = "compteur_regie"

    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"), primary_key=True, autoincrement=False)
    serie: Mapped[str] = mapped_column(primary_key=True)
    annee: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    dernier: Mapped[int]

    __table_args__ = (CheckConstraint("serie IN ('quittance', 'versement', 'restes')", name="serie"),)


class Quittance(Base):
    """The receipt of money taken at a counter, or (`annule_id`) of its cancelling, which bears the opposite amount.

    `donne` and `rendu` are what changed hands in cash; `reference` the number of the cheque or of the terminal's
    ticket; `derogation` why cash went beyond its ceiling; `cle` the form's own key: sent twice, it is one receipt.
    """

    __tablename__ = "quittance"

    id: Mapped[Key]
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    annee: Mapped[int] = mapped_column(SmallInteger)
    numero: Mapped[int]
    maison_id: Mapped[int] = mapped_column(ForeignKey("caisse.maison_id"))
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    moyen: Mapped[str]
    montant: Mapped[int]
    donne: Mapped[int]
    rendu: Mapped[int]
    reference: Mapped[str | None]
    derogation: Mapped[str | None]
    annule_id: Mapped[int | None] = mapped_column(ForeignKey("quittance.id"), unique=True)
    motif: Mapped[str | None]
    cle: Mapped[uuid.UUID] = mapped_column(unique=True)
    jour: Mapped[date]
    emise_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))

    __table_args__ = (
        UniqueConstraint("regie_id", "annee", "numero", name="uq_quittance_numero"),
        Index("ix_quittance_maison", "maison_id", "jour"),
        CheckConstraint("moyen IN ('especes', 'cheque', 'carte', 'cap')", name="moyen"),
        CheckConstraint("montant <> 0 AND (annule_id IS NULL) = (montant > 0)", name="montant"),
        CheckConstraint("(annule_id IS NULL) = (motif IS NULL)", name="motif"),
        CheckConstraint("donne - rendu = montant AND (rendu = 0 OR moyen = 'especes')", name="rendu"),
    )


class ClotureCaisse(Base):
    """The count of a till at the end of its day: nothing is taken there any more on `jour`.

    `comptage` is how many of each note and coin (by centimes), `trouve` their sum; `theorique` what the ledger said it
    should be, with all entries up to `derniere_ecriture`. The difference is booked, never hidden, and explained.
    """

    __tablename__ = "cloture_caisse"

    id: Mapped[Key]
    maison_id: Mapped[int] = mapped_column(ForeignKey("caisse.maison_id"))
    jour: Mapped[date]
    close_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    comptage: Mapped[dict[str, Any]]
    trouve: Mapped[int]
    theorique: Mapped[int]
    ecart: Mapped[int]
    explication: Mapped[str | None]
    derniere_ecriture: Mapped[int]

    __table_args__ = (
        UniqueConstraint("maison_id", "jour", name="uq_cloture_caisse_maison_id_jour"),
        CheckConstraint("trouve >= 0 AND ecart = trouve - theorique", name="ecart"),
        CheckConstraint("ecart = 0 OR explication IS NOT NULL", name="explication"),
    )


class Versement(Base):
    """A deposit of a till at the Treasury, under its own number without gap; in centimes."""

    __tablename__ = "versement"

    id: Mapped[Key]
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    annee: Mapped[int] = mapped_column(SmallInteger)
    numero: Mapped[int]
    maison_id: Mapped[int] = mapped_column(ForeignKey("caisse.maison_id"), index=True)
    jour: Mapped[date]
    verse_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    especes: Mapped[int]
    cheques: Mapped[int]
    cap: Mapped[int]

    __table_args__ = (
        UniqueConstraint("regie_id", "annee", "numero", name="uq_versement_numero"),
        CheckConstraint("especes >= 0 AND cheques >= 0 AND cap >= 0 AND especes + cheques + cap > 0", name="montants"),
    )


class VersementPiece(Base):
    """A cheque or CAP that went with a deposit; once at most."""

    __tablename__ = "versement_piece"

    quittance_id: Mapped[int] = mapped_column(ForeignKey("quittance.id"), primary_key=True, autoincrement=False)
    versement_id: Mapped[int] = mapped_column(ForeignKey("versement.id"), index=True)


class TirageJournal(Base):
    """The journal between two days, asked for on paper; of one till alone where `maison_id` names it."""

    __tablename__ = "tirage_journal"

    id: Mapped[Key]
    du: Mapped[date]
    au: Mapped[date]
    maison_id: Mapped[int | None] = mapped_column(ForeignKey("caisse.maison_id"))
    demande_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))

    __table_args__ = (CheckConstraint("du <= au", name="periode"),)
