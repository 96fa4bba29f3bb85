"""Tables of what a farm and the CCAS have agreed: a contract, and its lists of prices, each from a day on.

A list replaces the one before it as a whole: a product that it does not name has no agreed price any more.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class Contrat(Base):
    """The contract of a producer, for the pick-ups from `debut` to `fin`; two of one producer never overlap."""

    __tablename__ = "contrat"

    id: Mapped[Key]
    producteur_id: Mapped[int] = mapped_column(ForeignKey("producteur.id"), index=True)
    numero: Mapped[str] = mapped_column(unique=True)
    debut: Mapped[date]
    fin: Mapped[date]
    saisi_le: Mapped[Instant]
    saisi_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (CheckConstraint("debut <= fin", name="duree"),)


class PrixConvenu(Base):
    """The most that a product may cost under a contract from `effet_le` on: centimes before tax, a kilogram or a
    piece. The rows of one day are one list."""

    __tablename__ = "prix_convenu"

    id: Mapped[Key]
    contrat_id: Mapped[int] = mapped_column(ForeignKey("contrat.id", ondelete="CASCADE"))
    effet_le: Mapped[date]
    produit_id: Mapped[int] = mapped_column(ForeignKey("produit.id"))
    prix: Mapped[int]

    __table_args__ = (
        UniqueConstraint("contrat_id", "effet_le", "produit_id"),
        CheckConstraint("prix > 0", name="prix"),
    )
