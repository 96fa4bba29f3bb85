"""Tables of what is long unpaid and handed to the Treasury. Amounts are whole centimes."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

import paiements.models.regie  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class EtatRestes(Base):
    """A list of restes à recouvrer, under its own number without gap; what it lists is no longer charged here.

    `arrete_au` is the day up to which debts count as old; from `prise_en_charge_le` on the Treasury has it.
    """

    __tablename__ = "etat_restes"

    id: Mapped[Key]
    regie_id: Mapped[int] = mapped_column(ForeignKey("regie.id"))
    annee: Mapped[int] = mapped_column(SmallInteger)
    numero: Mapped[int]
    jour: Mapped[date]
    arrete_au: Mapped[date]
    arrete_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    prise_en_charge_le: Mapped[Instant | None]

    __table_args__ = (
        UniqueConstraint("regie_id", "annee", "numero", name="uq_etat_restes_numero"),
        CheckConstraint("arrete_au < jour", name="arrete_au"),
    )


class Reste(Base):
    """What one household owed since `depuis`; taken back (`repris_le`) for a reason, it is due here again."""

    __tablename__ = "reste"

    id: Mapped[Key]
    etat_id: Mapped[int] = mapped_column(ForeignKey("etat_restes.id"))
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    montant: Mapped[int]
    depuis: Mapped[date]
    repris_le: Mapped[Instant | None]
    repris_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    motif: Mapped[str | None]

    __table_args__ = (
        UniqueConstraint("etat_id", "foyer_id", name="uq_reste_etat_id_foyer_id"),
        CheckConstraint("montant > 0", name="montant"),
        CheckConstraint("(repris_le IS NULL) = (motif IS NULL)", name="motif"),
    )
