"""Tables of who goes: groups, inscriptions, and the seat of each person.

An inscription is one act of one household (or of a group without household): its seats are all taken together or not
at all. On the waiting list it names its people already, so accepting an offer asks nothing more.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, aliased, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from culture.models.sorties import BESOINS_CONNUS
from kernel.db import Base, Instant, Key


class Groupe(Base):
    """A group with a list (a French class, a seniors' club) that an agent keeps for its maison."""

    __tablename__ = "groupe"

    id: Mapped[Key]
    nom: Mapped[str]
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    referent: Mapped[str] = mapped_column(server_default="")
    telephone: Mapped[str | None]
    cree_le: Mapped[Instant]
    cree_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    clos_le: Mapped[Instant | None]

    __table_args__ = (
        Index("uq_groupe_nom", "maison_id", "nom", unique=True, postgresql_where=text("clos_le IS NULL")),
    )


class GroupePersonne(Base):
    """Somebody of a group: a member of a household, or a name alone."""

    __tablename__ = "groupe_personne"

    id: Mapped[Key]
    groupe_id: Mapped[int] = mapped_column(ForeignKey("groupe.id", ondelete="CASCADE"), index=True)
    membre_id: Mapped[int | None] = mapped_column(ForeignKey("membre.id", ondelete="CASCADE"))
    prenom: Mapped[str | None]
    nom: Mapped[str | None]

    __table_args__ = (
        Index("uq_groupe_personne", "groupe_id", "membre_id", unique=True),
        CheckConstraint("(membre_id IS NULL) = (prenom IS NOT NULL)", name="personne"),
        CheckConstraint("(prenom IS NULL) = (nom IS NULL)", name="nom"),
    )


class Inscription(Base):
    """One act: seats for some people of a household, or for those of a group who have none (`foyer_id` empty).

    `depuis` is its rank on the waiting list. An offer holds its seats until `expire_le`. `depassee_le`: a smaller
    group was served first because this one did not fit; it is told once. `ecriture` counts what was booked for it:
    each partial cancellation reverses the last entry (``sortie:<id>``) and books the next (``sortie:<id>:2``).
    """

    __tablename__ = "inscription"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"))
    foyer_id: Mapped[int | None] = mapped_column(ForeignKey("foyer.id"), index=True)
    groupe_id: Mapped[int | None] = mapped_column(ForeignKey("groupe.id"), index=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"))
    etat: Mapped[str]
    depuis: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    offerte_le: Mapped[Instant | None]
    expire_le: Mapped[Instant | None]
    confirmee_le: Mapped[Instant | None]
    depassee_le: Mapped[Instant | None]
    close_le: Mapped[Instant | None]
    ecriture: Mapped[int] = mapped_column(SmallInteger, server_default="0")

    __table_args__ = (
        UniqueConstraint("id", "sortie_id"),
        Index("ix_inscription_sortie", "sortie_id", "etat", "depuis", "id"),
        Index(
            "uq_inscription_attente",
            "sortie_id",
            "foyer_id",
            unique=True,
            postgresql_where=text("etat IN ('en_attente', 'offerte')"),
        ),
        CheckConstraint(
            "etat IN ('en_attente', 'offerte', 'confirmee', 'annulee', 'declinee', 'expiree', 'retiree')", name="etat"
        ),
        CheckConstraint("foyer_id IS NOT NULL OR groupe_id IS NOT NULL", name="pour_qui"),
        CheckConstraint("(offerte_le IS NULL) = (expire_le IS NULL) AND offerte_le < expire_le", name="offre"),
        CheckConstraint("etat NOT IN ('offerte', 'declinee', 'expiree') OR offerte_le IS NOT NULL", name="offerte"),
        CheckConstraint("(confirmee_le IS NOT NULL) = (etat IN ('confirmee', 'annulee'))", name="confirmee"),
        CheckConstraint("(etat IN ('en_attente', 'offerte', 'confirmee')) = (close_le IS NULL)", name="close"),
    )


class InscriptionEtape(Base):
    """A move of an inscription from one state to the next (`de` empty: it begins). Rows are only added."""

    __tablename__ = "inscription_etape"

    id: Mapped[Key]
    inscription_id: Mapped[int] = mapped_column(ForeignKey("inscription.id"), index=True)
    de: Mapped[str | None]
    vers: Mapped[str]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    le: Mapped[Instant]


class PlaceSortie(Base):
    """One person's seat: a member of the household, or a guest. It is free again once `annulee_le` is written.

    The name is kept as it was written then, for the lists outlive who leaves a household. `age` is asked of children
    where the outing has a least age. `prix` is frozen when the seat is asked for, and when it is booked `cout`, the
    CCAS's; of who came instead of somebody both are nothing. The last columns are the evening's: `presence` (and why
    not), the parents' paper seen, the ticket handed out, whose place somebody took on the spot.
    """

    __tablename__ = "place_sortie"

    id: Mapped[Key]
    inscription_id: Mapped[int] = mapped_column(BigInteger, index=True)
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"))
    membre_id: Mapped[int | None] = mapped_column(ForeignKey("membre.id", ondelete="SET NULL"), index=True)
    prenom: Mapped[str]
    nom: Mapped[str]
    invite: Mapped[bool] = mapped_column(server_default=text("false"))
    adulte: Mapped[bool] = mapped_column(server_default=text("true"))
    age: Mapped[int | None] = mapped_column(SmallInteger)
    besoins: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    prix: Mapped[int]
    cout: Mapped[int | None]
    annulee_le: Mapped[Instant | None]
    annulee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    presence: Mapped[str | None]
    presence_le: Mapped[Instant | None]
    presence_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    presence_motif: Mapped[str | None]
    autorisation_le: Mapped[Instant | None]
    autorisation_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    billet_le: Mapped[Instant | None]
    billet_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    remplace_id: Mapped[int | None] = mapped_column(ForeignKey("place_sortie.id"))
    demandee_le: Mapped[Instant] = mapped_column(server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(["inscription_id", "sortie_id"], ["inscription.id", "inscription.sortie_id"]),
        Index(
            "uq_place_sortie_membre",
            "sortie_id",
            "membre_id",
            unique=True,
            postgresql_where=text("annulee_le IS NULL"),
        ),
        Index(
            "uq_place_sortie_remplace",
            "remplace_id",
            unique=True,
            postgresql_where=text("annulee_le IS NULL AND remplace_id IS NOT NULL"),
        ),
        CheckConstraint("prix BETWEEN 0 AND 500", name="prix"),
        CheckConstraint("cout BETWEEN 0 AND 100000", name="cout"),
        CheckConstraint("age BETWEEN 0 AND 17", name="age"),
        CheckConstraint("age IS NULL OR NOT adulte", name="age_d_un_enfant"),
        CheckConstraint(BESOINS_CONNUS.format("besoins"), name="besoins"),
        CheckConstraint("presence IN ('presente', 'retard', 'absente', 'excusee')", name="presence"),
        CheckConstraint("(presence IS NULL) = (presence_le IS NULL)", name="presence_le"),
        CheckConstraint("presence_motif IS NULL OR presence IS NOT NULL", name="presence_motif"),
    )


_A_LA_PLACE = aliased(PlaceSortie)
# Asked once for all seats, not for each: a planner that takes the table for empty cannot make a bad plan of it.
_REMPLACEES = select(_A_LA_PLACE.remplace_id).where(
    _A_LA_PLACE.remplace_id.is_not(None), _A_LA_PLACE.annulee_le.is_(None)
)


def remplacee() -> ColumnElement[bool]:
    """Whether somebody took this seat on the spot: theirs stands for it, and the two are one seat held."""
    return PlaceSortie.id.in_(_REMPLACEES)
