"""The trace of grids and rhythms: who entered or withdrew what, and when."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class GesteReglage(StrEnum):
    SAISI = "saisi"
    RETIRE = "retire"


class ReglageEcrit(Base):
    """A grid (`quoi` = grille) or a rhythm (calendrier) was entered or withdrawn. Rows are only added.

    `contenu` is all that it said: what was withdrawn can still be read. `par` None: the town's file, by a command.
    """

    __tablename__ = "reglage_ecrit"

    id: Mapped[Key]
    quoi: Mapped[str]
    geste: Mapped[str]
    effet_le: Mapped[date]
    contenu: Mapped[dict[str, Any]]
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("quoi IN ('grille', 'calendrier')", name="quoi"),
        CheckConstraint("geste IN ('saisi', 'retire')", name="geste"),
    )
