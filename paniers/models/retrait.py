"""Tables of the pick-up: cards, those who come in a household's place, what has arrived at a maison, what was given."""

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class CarteRetrait(Base):
    """A household's durable card; `code` is the random id that its QR holds. One is good at a time."""

    __tablename__ = "carte_retrait"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    code: Mapped[uuid.UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    faite_le: Mapped[Instant]
    faite_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    perdue_le: Mapped[Instant | None]
    perdue_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index("uq_carte_retrait_bonne", "foyer_id", unique=True, postgresql_where=text("perdue_le IS NULL")),
        CheckConstraint("perdue_le IS NOT NULL OR perdue_par IS NULL", name="perdue"),
    )


class Procuration(Base):
    """Somebody fetches a household's baskets of the pick-up days `du` to `au`, both included (None: until revoked).

    The person needs no account; the name is what is asked at the door.
    """

    __tablename__ = "procuration"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    prenom: Mapped[str]
    nom: Mapped[str]
    du: Mapped[date]
    au: Mapped[date | None]
    donnee_le: Mapped[Instant]
    donnee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    revoquee_le: Mapped[Instant | None]
    revoquee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        CheckConstraint("au IS NULL OR du <= au", name="ordre"),
        CheckConstraint("revoquee_le IS NULL OR donnee_le <= revoquee_le", name="revoquee"),
    )


class Arrivee(Base):
    """A maison has looked through what came for the week: all of it, or what its `ArriveeManque` say is missing.

    `vue_le`: when the coordination said that it has seen what is missing; something else missing is new again.
    """

    __tablename__ = "arrivee"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    vue_le: Mapped[Instant | None]
    vue_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (UniqueConstraint("semaine_id", "maison_id"),)


class ArriveeManque(Base):
    """A product is missing from so many baskets of the maison; `tous`: from every one of them."""

    __tablename__ = "arrivee_manque"

    arrivee_id: Mapped[int] = mapped_column(ForeignKey("arrivee.id", ondelete="CASCADE"), primary_key=True)
    offre_id: Mapped[int] = mapped_column(ForeignKey("offre.id"), primary_key=True)
    paniers: Mapped[int]
    tous: Mapped[bool]

    __table_args__ = (CheckConstraint("paniers > 0", name="paniers"),)


class Don(Base):
    """A basket was given to solidarity, or that was undone (`annule_id`): rows are added, never changed.

    `a` says to whom, in the agent's words: an association, a neighbour; no name is asked for.
    """

    __tablename__ = "don"

    id: Mapped[Key]
    panier_id: Mapped[int] = mapped_column(ForeignKey("panier.id"), index=True)
    a: Mapped[str | None]
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    annule_id: Mapped[int | None] = mapped_column(ForeignKey("don.id"), unique=True)

    __table_args__ = (CheckConstraint("(annule_id IS NULL) = (a IS NOT NULL)", name="a_qui"),)


class AvoirPanier(Base):
    """The coordination gave a household the price of its given basket back: once, with a reason that it reads."""

    __tablename__ = "avoir_panier"

    panier_id: Mapped[int] = mapped_column(ForeignKey("panier.id"), primary_key=True)
    motif: Mapped[str]
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
