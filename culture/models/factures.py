"""What a venue asks to be paid for an outing."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import culture.models.sorties  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class FactureLieu(Base):
    """A venue's invoice: its own reference and day, `montant` in centimes, all taxes included.

    A row is never changed, but taken back once, with a reason; what is right is entered as another one.
    """

    __tablename__ = "facture_lieu"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    lieu_id: Mapped[int] = mapped_column(ForeignKey("lieu.id"))
    reference: Mapped[str]
    datee_du: Mapped[date]
    montant: Mapped[int]
    saisie_le: Mapped[Instant]
    saisie_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    reprise_le: Mapped[Instant | None]
    reprise_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    reprise_motif: Mapped[str | None]

    __table_args__ = (
        Index(
            "uq_facture_lieu_reference",
            "sortie_id",
            "reference",
            unique=True,
            postgresql_where=text("reprise_le IS NULL"),
        ),
        CheckConstraint("montant BETWEEN 1 AND 10000000", name="montant"),
        CheckConstraint("reference <> ''", name="reference"),
        CheckConstraint("(reprise_le IS NULL) = (reprise_motif IS NULL)", name="reprise"),
        CheckConstraint("reprise_par IS NULL OR reprise_le IS NOT NULL", name="reprise_par"),
    )
