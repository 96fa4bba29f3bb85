"""Tables of the weekly baskets.

What a closing reads is never overwritten: subscriptions have dated versions, pauses and choices carry the instant at
which they were made, so a closing that runs three days late finds what stood at the cut-off. A `Panier`, once made, is
the only truth of that basket and feeds every list.
"""

import uuid
from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key
from paniers.models.attente import Attente
from paniers.regles.etats import EtatSemaine


class Grille(Base):
    """A tariff grid, in force from `effet_le` (a pick-up day) until the next one. `regle` is read by `tarifs.py`."""

    __tablename__ = "grille"

    id: Mapped[Key]
    nom: Mapped[str]
    effet_le: Mapped[date] = mapped_column(unique=True)
    regle: Mapped[dict[str, Any]]
    cout_reference: Mapped[int]

    __table_args__ = (CheckConstraint("cout_reference > 0", name="cout"),)


class Calendrier(Base):
    """The rhythm of a week, in force from `effet_le`; weekdays are ISO (Monday 1), read by `calendrier.py`."""

    __tablename__ = "calendrier"

    id: Mapped[Key]
    effet_le: Mapped[date] = mapped_column(unique=True)
    retrait_jour: Mapped[int] = mapped_column(SmallInteger)
    offres_jour: Mapped[int] = mapped_column(SmallInteger)
    offres_heure: Mapped[time]
    publication_jour: Mapped[int] = mapped_column(SmallInteger)
    publication_heure: Mapped[time]
    cloture_jour: Mapped[int] = mapped_column(SmallInteger)
    cloture_heure: Mapped[time]
    commande_jour: Mapped[int] = mapped_column(SmallInteger)
    commande_heure: Mapped[time]


class Semaine(Base):
    """One ISO week of the nominal pick-up day (``2026-W48``), with the instants at which its steps are due.

    `doute_dit_le`: when the coordination was told that its day is a holiday or a closing day.
    """

    __tablename__ = "semaine"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    retrait_le: Mapped[date] = mapped_column(unique=True)
    offres_jusqu_a: Mapped[Instant]
    publication_le: Mapped[Instant]
    cloture_le: Mapped[Instant]
    commande_le: Mapped[Instant]
    etat: Mapped[str] = mapped_column(server_default=EtatSemaine.OUVERTE)
    doute_dit_le: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint("etat IN ('ouverte', 'cloturee', 'commandee', 'livree', 'terminee', 'annulee')", name="etat"),
        CheckConstraint("cloture_le < commande_le", name="ordre"),
        CheckConstraint("code ~ '^[0-9]{4}-W[0-9]{2}$'", name="code"),
    )


class SemaineEtape(Base):
    """A week has moved from one state to the next: when, and by whom (None: the timetable)."""

    __tablename__ = "semaine_etape"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"), index=True)
    de: Mapped[str]
    vers: Mapped[str]
    le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))


class Abonnement(Base):
    """A household's subscription; what it says at a given instant is its version in force then."""

    __tablename__ = "abonnement"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    souscrit_le: Mapped[Instant]


class AbonnementVersion(Base):
    """What a subscription says from `depuis` until `jusqu_a` (None: now): where, how many, for which pick-up days.

    `debut` and `fin` are the first and last nominal pick-up days, both included. `quitte`: the household has said that
    it leaves then, so no notice follows. `par`: who did it in its name (None: the household). `attente_id`: the offer
    of the waiting list by which it came. `ecrite_le` is the database's clock: written under the maison's lock, it tells
    in which order places were really taken.
    """

    __tablename__ = "abonnement_version"

    id: Mapped[Key]
    abonnement_id: Mapped[int] = mapped_column(ForeignKey("abonnement.id", ondelete="CASCADE"))
    depuis: Mapped[Instant]
    jusqu_a: Mapped[Instant | None]
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    nombre: Mapped[int] = mapped_column(SmallInteger)
    debut: Mapped[date]
    fin: Mapped[date]
    quitte: Mapped[bool] = mapped_column(server_default=text("false"))
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    attente_id: Mapped[int | None] = mapped_column(ForeignKey(Attente.id, ondelete="SET NULL"))
    ecrite_le: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())

    __table_args__ = (
        Index(
            "uq_abonnement_version_en_vigueur", "abonnement_id", unique=True, postgresql_where=text("jusqu_a IS NULL")
        ),
        Index("ix_abonnement_version_lecture", "abonnement_id", "depuis"),
        CheckConstraint("nombre BETWEEN 1 AND 2", name="nombre"),
        CheckConstraint("jusqu_a IS NULL OR depuis <= jusqu_a", name="ordre"),
    )


class Pause(Base):
    """No baskets for the pick-up days `du` to `au`, both included; lifted from `levee_le` on."""

    __tablename__ = "pause"

    id: Mapped[Key]
    abonnement_id: Mapped[int] = mapped_column(ForeignKey("abonnement.id", ondelete="CASCADE"), index=True)
    du: Mapped[date]
    au: Mapped[date]
    posee_le: Mapped[Instant]
    levee_le: Mapped[Instant | None]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (CheckConstraint("du <= au", name="ordre"),)


class NatureChoix(StrEnum):
    """What a family wishes for one week."""

    PAS_CETTE_SEMAINE = "pas_cette_semaine"
    AUTRE_MAISON = "autre_maison"
    COMME_D_HABITUDE = "comme_d_habitude"
    SOLIDARITE = "solidarite"


class Choix(Base):
    """A family's wish for one week, made before the cut-off; the database refuses one made after it.

    A wish taken back becomes ``comme_d_habitude``: the row keeps its instant.
    """

    __tablename__ = "choix"

    id: Mapped[Key]
    abonnement_id: Mapped[int] = mapped_column(ForeignKey("abonnement.id", ondelete="CASCADE"))
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"), index=True)
    nature: Mapped[str]
    maison_id: Mapped[int | None] = mapped_column(ForeignKey("maison.id"))
    fait_le: Mapped[Instant]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        UniqueConstraint("abonnement_id", "semaine_id"),
        CheckConstraint(
            "nature IN ('pas_cette_semaine', 'autre_maison', 'comme_d_habitude', 'solidarite')", name="nature"
        ),
        CheckConstraint("(nature = 'autre_maison') = (maison_id IS NOT NULL)", name="maison"),
    )


class EtatPanier(StrEnum):
    A_REMETTRE = "a_remettre"
    REMIS = "remis"
    NON_RETIRE = "non_retire"
    ANNULE = "annule"
    DONNE = "donne"


class Panier(Base):
    """What a subscription receives one week: `nombre` baskets (one or two for a large family), one voucher, one debit.

    Price, band, cost and maison are frozen by the closing. `bon` is the voucher's random id; `numero` is what people
    say aloud at the maison (``12``). Prices and costs are for one basket, in centimes. `a_donner`: its family wished to
    give it that week; it is made and paid like any other.
    """

    __tablename__ = "panier"

    id: Mapped[Key]
    abonnement_id: Mapped[int] = mapped_column(ForeignKey("abonnement.id"))
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"))
    nombre: Mapped[int] = mapped_column(SmallInteger)
    numero: Mapped[int]
    prix: Mapped[int]
    tranche: Mapped[str]
    cout: Mapped[int]
    bon: Mapped[uuid.UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    etat: Mapped[str] = mapped_column(server_default=EtatPanier.A_REMETTRE)
    a_donner: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        UniqueConstraint("abonnement_id", "semaine_id"),
        UniqueConstraint("semaine_id", "maison_id", "numero"),
        CheckConstraint("prix BETWEEN 400 AND 900", name="prix"),
        CheckConstraint("nombre BETWEEN 1 AND 2", name="nombre"),
        CheckConstraint("etat IN ('a_remettre', 'remis', 'non_retire', 'annule', 'donne')", name="etat"),
    )


class Retrait(Base):
    """A basket was handed out, or a hand-out undone (`annule_id`): rows are added, never changed.

    `procuration_id` names who came in the household's place.
    """

    __tablename__ = "retrait"

    id: Mapped[Key]
    panier_id: Mapped[int] = mapped_column(ForeignKey("panier.id"), index=True)
    moyen: Mapped[str]
    par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    le: Mapped[Instant]
    annule_id: Mapped[int | None] = mapped_column(ForeignKey("retrait.id"), unique=True)
    procuration_id: Mapped[int | None] = mapped_column(ForeignKey("procuration.id"))

    __table_args__ = (CheckConstraint("moyen IN ('scan', 'liste', 'annulation')", name="moyen"),)
