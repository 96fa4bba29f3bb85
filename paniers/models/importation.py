"""The table of spreadsheets that are being taken over.

The file and its report name people: both are sealed, and go within a day. What stays is who imported how much, when.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class EtatImportation(StrEnum):
    """A file waits for its trial, is tried, is confirmed, is done; or it could not be read, or was given up."""

    A_ESSAYER = "a_essayer"
    ESSAYEE = "essayee"
    CONFIRMEE = "confirmee"
    FAITE = "faite"
    ILLISIBLE = "illisible"
    ABANDONNEE = "abandonnee"


FINIS = frozenset({EtatImportation.FAITE, EtatImportation.ILLISIBLE, EtatImportation.ABANDONNEE})


class Importation(Base):
    """One file. `essai` counts its trials: an answer to an earlier one is no longer wanted.

    `choix` are columns corrected by hand (place → key), `decisions` likely duplicates settled one by one (line →
    answer), `pour_toutes` the answer for the others. `bilan` are figures only.
    """

    __tablename__ = "importation"

    id: Mapped[Key]
    deposee_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    nom_fichier: Mapped[str]
    contenu: Mapped[bytes | None] = mapped_column(LargeBinary)
    etat: Mapped[str] = mapped_column(server_default=EtatImportation.A_ESSAYER)
    essai: Mapped[int] = mapped_column(server_default="1")
    choix: Mapped[dict[str, Any] | None]
    decisions: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    pour_toutes: Mapped[str | None]
    rapport: Mapped[bytes | None] = mapped_column(LargeBinary)
    refus: Mapped[str | None]
    bilan: Mapped[dict[str, Any] | None]
    finie_le: Mapped[Instant | None]

    __table_args__ = (
        Index(
            "ix_importation_gardee", "deposee_le", postgresql_where=text("contenu IS NOT NULL OR rapport IS NOT NULL")
        ),
        CheckConstraint(
            "etat IN ('a_essayer', 'essayee', 'confirmee', 'faite', 'illisible', 'abandonnee')", name="etat"
        ),
        CheckConstraint("(etat IN ('faite', 'illisible', 'abandonnee')) = (finie_le IS NOT NULL)", name="finie"),
        CheckConstraint("finie_le IS NULL OR contenu IS NULL", name="fichier_oublie"),
        CheckConstraint("finie_le IS NOT NULL OR contenu IS NOT NULL", name="fichier_garde"),
    )
