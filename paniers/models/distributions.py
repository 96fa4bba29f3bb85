"""Tables of what departs from the calendar: a hand-out moved, cancelled, taken in by another maison; days closed.

A decision is never overwritten: the next one ends it (`jusqu_a`). So a closing that runs late finds what had been
decided by the cut-off, and the trace of who decided what, when and why is the rows themselves.
"""

from datetime import date, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class Nature(StrEnum):
    """What was decided of a hand-out. RETABLIE: as the calendar says, after all."""

    DEPLACEE = "deplacee"
    ANNULEE = "annulee"
    ACCUEILLIE = "accueillie"
    RETABLIE = "retablie"


class Distribution(Base):
    """A decision about a week's hand-out at one maison (None: at all of them), in force from `depuis` to `jusqu_a`.

    Moved to `jour` (and hours, else the maison's own), cancelled, or taken in by the maison `chez_id`. `motif` is read
    by families. `etat_semaine` is the state of the week when it was decided: what had been ordered by then is paid for.
    """

    __tablename__ = "distribution"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    maison_id: Mapped[int | None] = mapped_column(ForeignKey("maison.id"))
    nature: Mapped[str]
    jour: Mapped[date | None]
    debut: Mapped[time | None]
    fin: Mapped[time | None]
    chez_id: Mapped[int | None] = mapped_column(ForeignKey("maison.id"))
    motif: Mapped[str]
    etat_semaine: Mapped[str]
    depuis: Mapped[Instant]
    jusqu_a: Mapped[Instant | None]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index(
            "uq_distribution_en_vigueur",
            "semaine_id",
            "maison_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("jusqu_a IS NULL"),
        ),
        Index("ix_distribution_semaine", "semaine_id"),
        CheckConstraint("nature IN ('deplacee', 'annulee', 'accueillie', 'retablie')", name="nature"),
        CheckConstraint("(nature = 'deplacee') = (jour IS NOT NULL)", name="jour"),
        CheckConstraint("(debut IS NULL) = (fin IS NULL) AND (debut IS NULL OR jour IS NOT NULL)", name="heures"),
        CheckConstraint("debut < fin", name="duree"),
        CheckConstraint(
            "(nature = 'accueillie') = (chez_id IS NOT NULL) AND (chez_id IS NULL OR chez_id <> maison_id)", name="chez"
        ),
        CheckConstraint("nature <> 'accueillie' OR maison_id IS NOT NULL", name="accueillie"),
        CheckConstraint("jusqu_a IS NULL OR depuis <= jusqu_a", name="ordre"),
    )


class PanierDecision(Base):
    """A decision taken after the closing reached this basket, which was then at `de_maison_id`. Rows are only added."""

    __tablename__ = "panier_decision"

    id: Mapped[Key]
    panier_id: Mapped[int] = mapped_column(ForeignKey("panier.id"), index=True)
    distribution_id: Mapped[int] = mapped_column(ForeignKey("distribution.id"))
    de_maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"))

    __table_args__ = (UniqueConstraint("distribution_id", "panier_id"),)


class Fermeture(Base):
    """A maison (None: all of them) is closed from `du` to `au`, both included, until it is taken back (`levee_le`).

    It decides nothing by itself: the week's page proposes to move, to skip or to go elsewhere.
    """

    __tablename__ = "fermeture"

    id: Mapped[Key]
    maison_id: Mapped[int | None] = mapped_column(ForeignKey("maison.id"), index=True)
    du: Mapped[date]
    au: Mapped[date]
    motif: Mapped[str]
    posee_le: Mapped[Instant]
    posee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    levee_le: Mapped[Instant | None]

    __table_args__ = (CheckConstraint("du <= au", name="ordre"),)
