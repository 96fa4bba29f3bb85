"""Tables of money that goes back: refunds, and payments that a bank takes back. Amounts are whole centimes."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class Remboursement(Base):
    """Money given back of one payment: written with its key before Stripe is asked.

    `etat`: ``prepare``, ``inconnu`` (asked, outcome not known yet), ``fait``, ``refuse``. `par` is None for one that
    was made at Stripe itself, and only heard of here. `revenu_le`: booked as given back, and sent back by a bank since.
    """

    __tablename__ = "remboursement"

    id: Mapped[Key]
    paiement_id: Mapped[int] = mapped_column(ForeignKey("paiement.id"), index=True)
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    montant: Mapped[int]
    motif: Mapped[str]
    cle: Mapped[uuid.UUID] = mapped_column(unique=True)
    etat: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    demande_le: Mapped[Instant]
    relance_le: Mapped[Instant | None]
    conclu_le: Mapped[Instant | None]
    revenu_le: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint("montant > 0", name="montant"),
        CheckConstraint("revenu_le IS NULL OR etat = 'refuse'", name="revenu"),
        CheckConstraint("etat IN ('prepare', 'inconnu', 'fait', 'refuse')", name="etat"),
        Index("ix_remboursement_ouvert", "demande_le", postgresql_where=text("etat IN ('prepare', 'inconnu')")),
    )


class Litige(Base):
    """A payment that its holder's bank has taken back, up to thirteen months later; `etat`: ouvert, perdu, gagne."""

    __tablename__ = "litige"

    id: Mapped[Key]
    stripe_id: Mapped[str] = mapped_column(unique=True)
    paiement_id: Mapped[int] = mapped_column(ForeignKey("paiement.id"), index=True)
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    montant: Mapped[int]
    motif: Mapped[str]
    etat: Mapped[str]
    ouvert_le: Mapped[Instant]
    conclu_le: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint("montant > 0", name="montant"),
        CheckConstraint("etat IN ('ouvert', 'perdu', 'gagne')", name="etat"),
    )
