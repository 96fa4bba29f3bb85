"""Tables of what a full maison and an ending term bring: the waiting list, and the notices of a term.

`maison_places` is filled by the database itself (migration), whoever changes a maison: with it one can tell a maison
that was made smaller around those it serves from one that was oversold.
"""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key
from paniers.regles.etats import EtatAttente


class Attente(Base):
    """A household asks for `nombre` baskets at a maison that is full; its rank is its date.

    An offer holds the place from `offerte_le` until `expire_le`; `close_le` is when the request came to its end. `par`
    and `close_par` say who did it in the household's name (None: the household itself, or the timetable). `tenue_le`
    is `offerte_le` on the database's clock, as in `AbonnementVersion.ecrite_le`.
    """

    __tablename__ = "attente"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"))
    nombre: Mapped[int] = mapped_column(SmallInteger)
    depuis: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    etat: Mapped[str] = mapped_column(server_default=EtatAttente.EN_ATTENTE)
    offerte_le: Mapped[Instant | None]
    expire_le: Mapped[Instant | None]
    tenue_le: Mapped[Instant | None]
    close_le: Mapped[Instant | None]
    close_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index(
            "uq_attente_ouverte",
            "foyer_id",
            unique=True,
            postgresql_where=text("etat IN ('en_attente', 'offerte')"),
        ),
        Index(
            "ix_attente_rang", "maison_id", "depuis", "id", postgresql_where=text("etat IN ('en_attente', 'offerte')")
        ),
        CheckConstraint("nombre BETWEEN 1 AND 2", name="nombre"),
        CheckConstraint("etat IN ('en_attente', 'offerte', 'acceptee', 'declinee', 'expiree', 'retiree')", name="etat"),
        CheckConstraint(
            "(offerte_le IS NULL) = (expire_le IS NULL) AND (offerte_le IS NULL) = (tenue_le IS NULL)", name="offre"
        ),
        CheckConstraint("offerte_le < expire_le", name="delai"),
        CheckConstraint(
            "CASE etat WHEN 'en_attente' THEN offerte_le IS NULL WHEN 'retiree' THEN offerte_le IS NULL"
            " WHEN 'acceptee' THEN true ELSE offerte_le IS NOT NULL END",
            name="offerte",
        ),
        CheckConstraint("(etat IN ('en_attente', 'offerte')) = (close_le IS NULL)", name="close"),
    )


class MaisonPlaces(Base):
    """A maison has so many places from `depuis` on (the database's clock): one row a change, never altered."""

    __tablename__ = "maison_places"

    id: Mapped[Key]
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id", ondelete="CASCADE"))
    places: Mapped[int]
    depuis: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (Index("ix_maison_places_lecture", "maison_id", "id"),)


class AvisTerme(Base):
    """A household has been told that its term ends on `fin`, `semaines` weeks ahead: once each."""

    __tablename__ = "avis_terme"

    id: Mapped[Key]
    abonnement_id: Mapped[int] = mapped_column(ForeignKey("abonnement.id", ondelete="CASCADE"))
    fin: Mapped[date]
    semaines: Mapped[int] = mapped_column(SmallInteger)
    le: Mapped[Instant]

    __table_args__ = (
        UniqueConstraint("abonnement_id", "fin", "semaines"),
        CheckConstraint("semaines IN (1, 3)", name="semaines"),
    )
