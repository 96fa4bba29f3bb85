"""Tables of what is said to households: each message once, and what paper and telephone ask of the agents."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class Voie(StrEnum):
    """How a message went: by e-mail, as a letter to print, as a call to make, or not at all (page and counter tell)."""

    COURRIEL = "courriel"
    LETTRE = "lettre"
    APPEL = "appel"
    AUCUNE = "aucune"


class Sorte(StrEnum):
    """What a message is for. A service notice always goes; a household may do without each of the others."""

    SERVICE = "service"
    AVANT_CLOTURE = "avant_cloture"
    RETRAIT = "retrait"


class Message(Base):
    """One message to one household. `cle` says why it was written (``paiement:12:refus``) and is never used twice."""

    __tablename__ = "message"

    id: Mapped[Key]
    cle: Mapped[str] = mapped_column(unique=True)
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    modele: Mapped[str]
    sorte: Mapped[str]
    voie: Mapped[str]
    ecrit_le: Mapped[Instant]
    utile_jusqu_au: Mapped[date | None]

    __table_args__ = (
        CheckConstraint("sorte IN ('service', 'avant_cloture', 'retrait')", name="sorte"),
        CheckConstraint("voie IN ('courriel', 'lettre', 'appel', 'aucune')", name="voie"),
    )


class NatureLiasse(StrEnum):
    LETTRES = "lettres"
    APPELS = "appels"


class Liasse(Base):
    """Papers that a maison has asked to print together: its waiting letters, or its list of calls.

    The PDF is a document (``liasse:7``) that stays, so a jammed printer loses nothing.
    """

    __tablename__ = "liasse"

    id: Mapped[Key]
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    nature: Mapped[str]
    demandee_le: Mapped[Instant]
    demandee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (CheckConstraint("nature IN ('lettres', 'appels')", name="nature"),)


class Lettre(Base):
    """A message on paper: waiting until it is printed in a `Liasse` of the household's maison."""

    __tablename__ = "lettre"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    objet: Mapped[str]
    texte: Mapped[str]
    liasse_id: Mapped[int | None] = mapped_column(ForeignKey("liasse.id"), index=True)

    __table_args__ = (Index("ix_lettre_a_imprimer", "message_id", postgresql_where=text("liasse_id IS NULL")),)


class Appel(Base):
    """A message to say by telephone. `fait_le` is set once somebody has been reached."""

    __tablename__ = "appel"

    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    objet: Mapped[str]
    texte: Mapped[str]
    fait_le: Mapped[Instant | None]

    __table_args__ = (Index("ix_appel_a_faire", "message_id", postgresql_where=text("fait_le IS NULL")),)


class ResultatAppel(StrEnum):
    APPELE = "appele"
    PAS_DE_REPONSE = "pas_de_reponse"
    A_RAPPELER = "a_rappeler"


class AppelEssai(Base):
    """Somebody has called, when, and what came of it: rows are added, never changed. The last one counts."""

    __tablename__ = "appel_essai"

    id: Mapped[Key]
    appel_id: Mapped[int] = mapped_column(ForeignKey("appel.message_id", ondelete="CASCADE"), index=True)
    resultat: Mapped[str]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    le: Mapped[Instant]

    __table_args__ = (CheckConstraint("resultat IN ('appele', 'pas_de_reponse', 'a_rappeler')", name="resultat"),)


class PreferenceMessage(Base):
    """A household has said whether it wants messages of that kind; without a row it receives them."""

    __tablename__ = "preference_message"

    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), primary_key=True)
    sorte: Mapped[str] = mapped_column(primary_key=True)
    recoit: Mapped[bool]
    changee_le: Mapped[Instant]

    __table_args__ = (CheckConstraint("sorte IN ('avant_cloture', 'retrait')", name="sorte"),)
