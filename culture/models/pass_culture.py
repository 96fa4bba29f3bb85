"""Tables of the yearly pass: its grid, the tax notices seen at the counter, the passes themselves.

Of a notice only a keyed hash of its reference is kept: enough to see it again in another household, nothing to read.
"""

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class GrillePass(Base):
    """What a pass costs from `effet_le` on, in centimes: `reduit` for who is not liable to income tax."""

    __tablename__ = "grille_pass"

    id: Mapped[Key]
    effet_le: Mapped[date] = mapped_column(unique=True)
    reduit: Mapped[int]
    plein: Mapped[int]

    __table_args__ = (CheckConstraint("0 <= reduit AND reduit <= plein AND plein <= 10000", name="prix"),)


class AvisFiscal(Base):
    """An agent has seen a tax notice that says "not liable to income tax".

    `nom_confirme`: the declarant's name is no member's, and the agent has found why. `partage_confirme`: the notice
    was shown by another household too (shared custody), and the agent has found why.
    """

    __tablename__ = "avis_fiscal"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    annee: Mapped[int] = mapped_column(SmallInteger)
    empreinte: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    nom_confirme: Mapped[bool] = mapped_column(server_default=text("false"))
    partage_confirme: Mapped[bool] = mapped_column(server_default=text("false"))
    vu_le: Mapped[Instant]
    vu_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    valide_jusqu_au: Mapped[date]

    __table_args__ = (
        UniqueConstraint("foyer_id", "empreinte"),
        CheckConstraint("octet_length(empreinte) = 32", name="empreinte"),
        CheckConstraint("annee BETWEEN 2020 AND 2100", name="annee"),
    )


class PassCulture(Base):
    """One person's pass for one season; `code` is what its QR holds. One in force for a person and season.

    Rows stay when the person leaves the household (`membre_id` is then empty): the ledger names them.
    """

    __tablename__ = "pass_culture"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    membre_id: Mapped[int | None] = mapped_column(ForeignKey("membre.id", ondelete="SET NULL"))
    saison: Mapped[int] = mapped_column(SmallInteger)
    du: Mapped[date]
    au: Mapped[date]
    prix: Mapped[int]
    avis_id: Mapped[int | None] = mapped_column(ForeignKey("avis_fiscal.id", ondelete="SET NULL"))
    code: Mapped[uuid.UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    delivre_le: Mapped[Instant]
    delivre_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    annule_le: Mapped[Instant | None]
    annule_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index("uq_pass_culture", "membre_id", "saison", unique=True, postgresql_where=text("annule_le IS NULL")),
        CheckConstraint("du <= au", name="dates"),
        CheckConstraint("prix BETWEEN 0 AND 10000", name="prix"),
        CheckConstraint("annule_par IS NULL OR annule_le IS NOT NULL", name="annulation"),
    )
