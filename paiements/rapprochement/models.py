"""Tables of the reconciliation: what the provider says that it moved, each day laid side by side, what differed.

Amounts are whole centimes. A difference is never deleted: it vanishes by itself once both sides agree, or somebody
resolves it and says why.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key

NATURES = "('paiement', 'remboursement', 'litige', 'frais', 'virement', 'autre')"


class Operation(Base):
    """A movement of our account at the provider's, as read there: gross (`montant`), and what it cost (`frais`).

    `objet` is what moved (a charge, a refund, a dispute, a payout), `intention` the payment behind it.
    """

    __tablename__ = "operation_stripe"

    id: Mapped[str] = mapped_column(primary_key=True)
    nature: Mapped[str]
    objet: Mapped[str]
    intention: Mapped[str | None]
    montant: Mapped[int]
    frais: Mapped[int]
    le: Mapped[Instant] = mapped_column(index=True)

    __table_args__ = (CheckConstraint(f"nature IN {NATURES}", name="nature"),)


class Rapprochement(Base):
    """A Paris day up to whose end everything is laid side by side; `fait_le` once it was, with what was found then."""

    __tablename__ = "rapprochement"

    id: Mapped[Key]
    jour: Mapped[date] = mapped_column(unique=True)
    demande_le: Mapped[Instant]
    fait_le: Mapped[Instant | None]
    jusqu_a: Mapped[Instant | None]


class Ecart(Base):
    """Two sides that do not say the same of one thing. `piece` names it as the ledger does (``paiement:7``).

    The same thing that differs otherwise another day is another row. Closed by `disparu_le`, or by a person's word.
    """

    __tablename__ = "ecart_rapprochement"

    id: Mapped[Key]
    piece: Mapped[str]
    nature: Mapped[str]
    ailleurs: Mapped[int]
    grand_livre: Mapped[int]
    constate_le: Mapped[Instant]
    disparu_le: Mapped[Instant | None]
    resolu_le: Mapped[Instant | None]
    resolu_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    motif: Mapped[str | None]

    __table_args__ = (
        Index("uq_ecart_rapprochement", "piece", "ailleurs", "grand_livre", unique=True),
        Index(
            "ix_ecart_rapprochement_ouvert",
            "constate_le",
            postgresql_where=text("disparu_le IS NULL AND resolu_le IS NULL"),
        ),
        CheckConstraint("ailleurs <> grand_livre", name="ecart"),
        CheckConstraint(
            "(resolu_le IS NULL) = (resolu_par IS NULL) AND (resolu_le IS NULL) = (motif IS NULL)", name="trace"
        ),
    )
