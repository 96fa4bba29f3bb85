"""Tables of outings: venues, prices, the outing itself, seats kept for a maison, its picture, who accompanies it.

Times are instants; amounts are whole centimes. What an outing may do next is in `etats.py`, and each of its moves
leaves a row. That no seat is sold twice is guarded by the database itself (ADR 0012, migration).
"""

from datetime import date

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from culture.regles.etats import EtatSortie
from kernel.db import Base, Instant, Key

BESOINS_CONNUS = "{} <@ ARRAY['fauteuil', 'lsf', 'audiodescription', 'calme']::varchar[]"


class Lieu(Base):
    """A partner's venue. `noms_demandes`: its door wants the names of the group; without it it gets the head-count."""

    __tablename__ = "lieu"

    id: Mapped[Key]
    nom: Mapped[str] = mapped_column(unique=True)
    adresse: Mapped[str]
    code_postal: Mapped[str]
    ville: Mapped[str]
    acces: Mapped[str] = mapped_column(server_default="")
    contact: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str | None]
    telephone: Mapped[str | None]
    noms_demandes: Mapped[bool] = mapped_column(server_default=text("false"))
    actif: Mapped[bool] = mapped_column(server_default=text("true"))


class GrilleSortie(Base):
    """A grid of prices for seats: `prix` in centimes, one more than `seuils` (whole euros of quotient); see tarifs.

    These are its first prices; each change of them is a `GrilleSortiePrix` with its own day of effect.
    """

    __tablename__ = "grille_sortie"

    id: Mapped[Key]
    nom: Mapped[str] = mapped_column(unique=True)
    forme: Mapped[str]
    seuils: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    prix: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint("forme IN ('unique', 'statut', 'quotient')", name="forme"),
        CheckConstraint("0 <= ALL (prix) AND 500 >= ALL (prix)", name="prix"),
        CheckConstraint(
            "cardinality(prix) = CASE forme WHEN 'unique' THEN 1 WHEN 'statut' THEN 2 ELSE cardinality(seuils) + 1 END",
            name="lignes",
        ),
        CheckConstraint("forme = 'quotient' OR cardinality(seuils) = 0", name="seuils"),
    )


class GrilleSortiePrix(Base):
    """What seats of that grid cost those who book from `effet_le` on, in the grid's own form (Paris days).

    Written ahead of that day, and for as long as it has not come taken back: `retire_le` then, and it never counts.
    """

    __tablename__ = "grille_sortie_prix"

    id: Mapped[Key]
    grille_id: Mapped[int] = mapped_column(ForeignKey("grille_sortie.id"))
    effet_le: Mapped[date]
    seuils: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    prix: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    saisi_le: Mapped[Instant]
    saisi_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    retire_le: Mapped[Instant | None]
    retire_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index(
            "uq_grille_sortie_prix", "grille_id", "effet_le", unique=True, postgresql_where=text("retire_le IS NULL")
        ),
        CheckConstraint("0 <= ALL (prix) AND 500 >= ALL (prix)", name="prix"),
        CheckConstraint("cardinality(prix) >= 1 AND cardinality(seuils) < cardinality(prix)", name="lignes"),
        CheckConstraint("(saisi_le AT TIME ZONE 'Europe/Paris')::date < effet_le", name="a_venir"),
        CheckConstraint("(retire_le AT TIME ZONE 'Europe/Paris')::date < effet_le", name="retire"),
    )


class Sortie(Base):
    """A group outing.

    `places` are those of households; who accompanies takes none of them. `cout_place` is what a seat costs the CCAS.
    `version` grows with each change that the registered are told of. Before `quotas_jusqu_a` seats are kept by maison.
    `noms_demandes`: the venue reads the group's names for this outing, whatever it asks for otherwise.
    """

    __tablename__ = "sortie"

    id: Mapped[Key]
    titre: Mapped[str]
    genre: Mapped[str]
    lieu_id: Mapped[int] = mapped_column(ForeignKey("lieu.id"), index=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    grille_id: Mapped[int] = mapped_column(ForeignKey("grille_sortie.id"))
    etat: Mapped[str] = mapped_column(server_default=EtatSortie.BROUILLON)
    version: Mapped[int] = mapped_column(server_default="1")
    debut_le: Mapped[Instant]
    duree_minutes: Mapped[int]
    places: Mapped[int]
    places_par_foyer: Mapped[int] = mapped_column(SmallInteger, server_default="6")
    invites_par_foyer: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    cout_place: Mapped[int] = mapped_column(server_default="0")
    privilege: Mapped[str] = mapped_column(server_default="")
    texte: Mapped[str] = mapped_column(server_default="")
    rendez_vous_le: Mapped[Instant]
    rendez_vous_lieu: Mapped[str]
    acces: Mapped[str] = mapped_column(server_default="")
    age_minimum: Mapped[int | None] = mapped_column(SmallInteger)
    autorisation_parentale: Mapped[bool] = mapped_column(server_default=text("false"))
    besoins: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))
    noms_demandes: Mapped[bool] = mapped_column(server_default=text("false"))
    ouverture_le: Mapped[Instant]
    cloture_le: Mapped[Instant]
    annulable_jusqu_a: Mapped[Instant]
    quotas_jusqu_a: Mapped[Instant | None]
    annulation_motif: Mapped[str | None]
    creee_le: Mapped[Instant]
    creee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        Index("ix_sortie_debut", "debut_le"),
        CheckConstraint("etat IN ('brouillon', 'publiee', 'close', 'tenue', 'annulee')", name="etat"),
        CheckConstraint(
            "genre IN ('theatre', 'musique', 'danse', 'cirque', 'cinema', 'musee', 'patrimoine', 'atelier')",
            name="genre",
        ),
        CheckConstraint("places BETWEEN 1 AND 2000", name="places"),
        CheckConstraint("places_par_foyer BETWEEN 1 AND 20", name="places_par_foyer"),
        CheckConstraint("invites_par_foyer BETWEEN 0 AND 10", name="invites_par_foyer"),
        CheckConstraint("duree_minutes BETWEEN 15 AND 1440", name="duree"),
        CheckConstraint("cout_place BETWEEN 0 AND 100000", name="cout_place"),
        CheckConstraint("age_minimum BETWEEN 1 AND 17", name="age_minimum"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("ouverture_le < cloture_le AND cloture_le <= rendez_vous_le", name="inscriptions"),
        CheckConstraint("rendez_vous_le <= debut_le AND annulable_jusqu_a <= rendez_vous_le", name="rendez_vous"),
        CheckConstraint("quotas_jusqu_a < cloture_le", name="quotas"),
        CheckConstraint(BESOINS_CONNUS.format("besoins"), name="besoins"),
        CheckConstraint("annulation_motif IS NULL OR etat = 'annulee'", name="annulation"),
    )


class SortieEtape(Base):
    """A move of an outing from one state to the next, and who made it (None: the timetable). Rows are only added."""

    __tablename__ = "sortie_etape"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    de: Mapped[str]
    vers: Mapped[str]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    le: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())


class SortieVersion(Base):
    """What a change did away with, of all that the registered are told: the outing as its `version` had it.

    `dite_le`: the change that followed has been told to those who were registered then.
    """

    __tablename__ = "sortie_version"

    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lieu_id: Mapped[int] = mapped_column(ForeignKey("lieu.id"))
    debut_le: Mapped[Instant]
    duree_minutes: Mapped[int]
    rendez_vous_le: Mapped[Instant]
    rendez_vous_lieu: Mapped[str]
    remplacee_le: Mapped[Instant]
    dite_le: Mapped[Instant | None]

    __table_args__ = (CheckConstraint("version >= 1", name="version"),)


class SortieQuota(Base):
    """Seats kept for the households of a maison until the outing's `quotas_jusqu_a`."""

    __tablename__ = "sortie_quota"

    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id", ondelete="CASCADE"), primary_key=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), primary_key=True)
    places: Mapped[int]

    __table_args__ = (CheckConstraint("places > 0", name="places"),)


class SortieImage(Base):
    """An outing's picture, redrawn by us as JPEG, and the words that stand for it."""

    __tablename__ = "sortie_image"

    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id", ondelete="CASCADE"), primary_key=True)
    image: Mapped[bytes] = mapped_column(LargeBinary)
    description: Mapped[str]
    deposee_le: Mapped[Instant]


class SortieAccompagnateur(Base):
    """A member of the team who goes with the group."""

    __tablename__ = "sortie_accompagnateur"

    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id", ondelete="CASCADE"), primary_key=True)
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), primary_key=True)

    __table_args__ = (UniqueConstraint("compte_id", "sortie_id"),)
