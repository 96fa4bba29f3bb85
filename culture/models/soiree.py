"""Tables of what passes between the maison and the venue, and of what people say afterwards."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

import culture.models.inscriptions  # noqa: F401
import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key


class DemandeLieu(Base):
    """The venue has been asked to confirm: by e-mail, or with a link that the coordination handed over itself."""

    __tablename__ = "demande_lieu"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    lieu_id: Mapped[int] = mapped_column(ForeignKey("lieu.id"))
    par_courriel: Mapped[bool]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    le: Mapped[Instant]


class EffectifEnvoye(Base):
    """The venue has been told how many come: a week ahead (`jalon` 7) and the day before (1), once each.

    `nombre` and `detail` (see `effectifs`) are as of `le`, the instant at which it was due.
    """

    __tablename__ = "effectif_envoye"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"))
    jalon: Mapped[int] = mapped_column(SmallInteger)
    nombre: Mapped[int]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    le: Mapped[Instant]

    __table_args__ = (
        UniqueConstraint("sortie_id", "jalon"),
        CheckConstraint("jalon IN (1, 7)", name="jalon"),
        CheckConstraint("nombre >= 0", name="nombre"),
    )


class ReponseLieu(Base):
    """What the venue has done on its page: seen the demand, confirmed, said what is otherwise, or left a word.

    `places` are the seats it keeps, `conditions` what is otherwise. Of the confirmations and differences the last one
    counts, for as long as what it answered to (`empreinte`, see `partenaires`) still stands. Rows are only added.
    """

    __tablename__ = "reponse_lieu"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    genre: Mapped[str] = mapped_column(server_default="confirmee")
    places: Mapped[int]
    conditions: Mapped[str]
    message: Mapped[str]
    empreinte: Mapped[str] = mapped_column(server_default="")
    le: Mapped[Instant]

    __table_args__ = (
        CheckConstraint("places >= 0", name="places"),
        CheckConstraint("genre IN ('vue', 'confirmee', 'ecart', 'mot')", name="genre"),
        CheckConstraint("genre <> 'mot' OR message <> ''", name="mot"),
    )


class Contremarque(Base):
    """A group voucher for the venue, for `nombre` seats; when what it says changes, the next version replaces it.

    `detail` is what it says (see `contremarques`). Its PDF is the document ``contremarque:<id>``.
    """

    __tablename__ = "contremarque"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    nombre: Mapped[int]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    faite_le: Mapped[Instant]
    faite_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        UniqueConstraint("sortie_id", "version"),
        CheckConstraint("nombre >= 0", name="nombre"),
        CheckConstraint("version >= 1", name="version"),
    )


class BilletsRecus(Base):
    """Tickets from the venue, counted in at the maison référente; a correction is a row with a negative number."""

    __tablename__ = "billets_recus"

    id: Mapped[Key]
    sortie_id: Mapped[int] = mapped_column(ForeignKey("sortie.id"), index=True)
    nombre: Mapped[int]
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (CheckConstraint("nombre <> 0", name="nombre"),)


class AvisSortie(Base):
    """Two questions after an outing: did you like it (`note`, 1 to 4), and a word. One answer an inscription.

    The venue reads it without name, from five answers on; the word only if the household says so (`partage`).
    """

    __tablename__ = "avis_sortie"

    inscription_id: Mapped[int] = mapped_column(ForeignKey("inscription.id"), primary_key=True, autoincrement=False)
    note: Mapped[int] = mapped_column(SmallInteger)
    mot: Mapped[str]
    partage: Mapped[bool] = mapped_column(server_default=text("false"))
    le: Mapped[Instant]

    __table_args__ = (
        Index("ix_avis_sortie_le", "le"),
        CheckConstraint("note BETWEEN 1 AND 4", name="note"),
    )


class Pointage(Base):
    """Somebody of the team has noted who is there: rows are only added. `presence` empty: the note is taken back.

    The seat says how things stand. Two devices that tick the same person leave two rows, and the seat changes once.
    """

    __tablename__ = "pointage"

    id: Mapped[Key]
    place_id: Mapped[int] = mapped_column(ForeignKey("place_sortie.id"), index=True)
    presence: Mapped[str | None]
    motif: Mapped[str | None]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    le: Mapped[Instant]

    __table_args__ = (
        CheckConstraint("presence IN ('presente', 'retard', 'absente', 'excusee')", name="presence"),
        CheckConstraint("motif IS NULL OR presence IS NOT NULL", name="motif"),
    )
