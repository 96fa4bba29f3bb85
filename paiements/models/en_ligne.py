"""Tables of how households pay: cards and mandates, what falls due, each payment. Amounts are whole centimes."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, CheckConstraint, ForeignKey, Index, SmallInteger, bindparam, func, text
from sqlalchemy.orm import Mapped, mapped_column

import foyers.models  # noqa: F401  (its tables are named in foreign keys)
from kernel.db import Base, Instant, Key
from paiements.regles.etats import EN_ROUTE, Etat

PARMI_EN_ROUTE: BindParameter[list[Etat]] = bindparam("en_route", list(EN_ROUTE), expanding=True)
"""For a statement that says `etat IN :en_route`."""


class Mode(StrEnum):
    """How a household pays what falls due: by its saved card, by SEPA debit, or at its maison."""

    CARTE = "carte"
    SEPA = "sepa"
    MAISON = "maison"


class Rythme(StrEnum):
    """How often what falls due is charged: each week, or all at once on a day of the month."""

    SEMAINE = "semaine"
    MOIS = "mois"


class ConditionEnLigne(Base):
    """What the CCAS has decided about paying online, from `effet_le` on (`conditions.py`); a change is another row."""

    __tablename__ = "condition_en_ligne"

    effet_le: Mapped[date] = mapped_column(primary_key=True)
    jour_du_mois: Mapped[int] = mapped_column(SmallInteger)
    avance_max: Mapped[int]
    preavis_jours: Mapped[int] = mapped_column(SmallInteger, server_default="2")
    preavis_courrier_jours: Mapped[int] = mapped_column(SmallInteger, server_default="14")
    reprise_sepa: Mapped[bool] = mapped_column(server_default="false")
    remboursement: Mapped[bool] = mapped_column(server_default="false")
    dialogue_des: Mapped[int] = mapped_column(server_default="5000")
    reprises: Mapped[dict[str, Any]]

    __table_args__ = (
        CheckConstraint("jour_du_mois BETWEEN 1 AND 28", name="jour_du_mois"),
        CheckConstraint("avance_max >= 0", name="avance_max"),
        CheckConstraint("preavis_jours >= 2 AND preavis_courrier_jours >= preavis_jours", name="preavis"),
    )


class Reglement(Base):
    """How a household pays, how often, who it is at Stripe, and since when it is invited to talk."""

    __tablename__ = "reglement"

    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), primary_key=True)
    mode: Mapped[str] = mapped_column(server_default=Mode.MAISON)
    rythme: Mapped[str] = mapped_column(server_default=Rythme.SEMAINE)
    client_stripe: Mapped[str | None] = mapped_column(unique=True)
    invite_le: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint("mode IN ('carte', 'sepa', 'maison')", name="mode"),
        CheckConstraint("rythme IN ('semaine', 'mois')", name="rythme"),
    )


class Carte(Base):
    """A saved card, as Stripe shows it; the number itself never comes here. One in use per household."""

    __tablename__ = "carte"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"))
    stripe_id: Mapped[str] = mapped_column(unique=True)
    marque: Mapped[str]
    derniers_chiffres: Mapped[str]
    expire_mois: Mapped[int]
    expire_annee: Mapped[int]
    enregistree_le: Mapped[Instant]
    retiree_le: Mapped[Instant | None]

    __table_args__ = (Index("uq_carte_en_usage", "foyer_id", unique=True, postgresql_where=text("retiree_le IS NULL")),)

    @property
    def depuis(self) -> datetime:
        return self.enregistree_le

    def retirer(self, instant: datetime) -> None:
        self.retiree_le = instant


class Mandat(Base):
    """A bank account that may be debited by SEPA, and the mandate's reference; the IBAN itself never comes here.

    One in use per household. `mandat_stripe` is the mandate, `stripe_id` the account that it stands for.
    """

    __tablename__ = "mandat"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"))
    stripe_id: Mapped[str] = mapped_column(unique=True)
    mandat_stripe: Mapped[str]
    reference: Mapped[str]
    derniers_chiffres: Mapped[str]
    signe_le: Mapped[Instant]
    retire_le: Mapped[Instant | None]

    __table_args__ = (Index("uq_mandat_en_usage", "foyer_id", unique=True, postgresql_where=text("retire_le IS NULL")),)

    @property
    def depuis(self) -> datetime:
        return self.signe_le

    def retirer(self, instant: datetime) -> None:
        self.retire_le = instant


class EnregistrementCarte(Base):
    """A household on its way to saving a card, or an account (`moyen`): written before Stripe is called."""

    __tablename__ = "enregistrement_carte"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    cle: Mapped[uuid.UUID] = mapped_column(unique=True)
    session_stripe: Mapped[str | None] = mapped_column(unique=True)
    moyen: Mapped[str] = mapped_column(server_default="carte")
    suite: Mapped[str]
    demande_le: Mapped[Instant]
    relance_le: Mapped[Instant | None]
    conclu_le: Mapped[Instant | None]

    __table_args__ = (
        Index("ix_enregistrement_carte_ouvert", "demande_le", postgresql_where=text("conclu_le IS NULL")),
        CheckConstraint("moyen IN ('carte', 'sepa')", name="moyen"),
    )


class Echeance(Base):
    """What a household owes for one échéance (``2026-W48``): one charge at most is made for it.

    `a_grouper`: it waits for the month's charge. `groupe_id`: the month's échéance that stands for it, and that it
    follows from then on.
    """

    __tablename__ = "echeance"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"))
    cle: Mapped[str]
    libelle: Mapped[str]
    montant: Mapped[int]
    mode: Mapped[str]
    ouverte_le: Mapped[Instant]
    reglee_le: Mapped[Instant | None]
    a_grouper: Mapped[bool] = mapped_column(server_default="false")
    groupe_id: Mapped[int | None] = mapped_column(ForeignKey("echeance.id"), index=True)

    __table_args__ = (
        Index("uq_echeance", "foyer_id", "cle", unique=True),
        Index("ix_echeance_cle", "cle"),
        Index(
            "ix_echeance_a_grouper",
            "foyer_id",
            postgresql_where=text("a_grouper AND groupe_id IS NULL AND reglee_le IS NULL"),
        ),
        CheckConstraint("montant > 0", name="montant"),
        CheckConstraint("mode IN ('carte', 'sepa', 'maison')", name="mode"),
    )


class Paiement(Base):
    """One attempt to take money through Stripe: the row and its key are committed before the call.

    `nature` is ``prelevement`` (off session, saved card; one per échéance), ``en_ligne`` (the family pays by Checkout)
    or ``avance`` (there too, ahead of what will fall due). `etat` moves only as `etats.py` allows, and each move leaves
    a `PaiementEtape`. `carte_id` is fixed at the first try, as the same key must always carry the same request.
    `relance_le`: last found waiting too long. `reprise_le`: when a refused charge is asked for once more, `essais` how
    often it was, `tentative` what Stripe calls the last refused try. `mandat_id`: a SEPA debit; its household was told
    at `preavis_le` that it comes, and it is not asked for before `pas_avant`. `en_trop`: what it brought beyond what
    was due, and stays as an advance.
    """

    __tablename__ = "paiement"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    echeance_id: Mapped[int | None] = mapped_column(ForeignKey("echeance.id"), index=True)
    carte_id: Mapped[int | None] = mapped_column(ForeignKey("carte.id"), index=True)
    mandat_id: Mapped[int | None] = mapped_column(ForeignKey("mandat.id"), index=True)
    nature: Mapped[str]
    montant: Mapped[int]
    cle: Mapped[uuid.UUID] = mapped_column(unique=True)
    etat: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    session_stripe: Mapped[str | None] = mapped_column(unique=True)
    en_trop: Mapped[int] = mapped_column(server_default="0")
    code_refus: Mapped[str | None]
    tentative: Mapped[str | None]
    essais: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reprise_le: Mapped[Instant | None]
    demande_le: Mapped[Instant]
    tente_le: Mapped[Instant | None]
    relance_le: Mapped[Instant | None]
    preavis_le: Mapped[Instant | None]
    pas_avant: Mapped[Instant | None]
    conclu_le: Mapped[Instant | None]

    __table_args__ = (
        Index("uq_paiement_prelevement", "echeance_id", unique=True, postgresql_where=text("nature = 'prelevement'")),
        Index(
            "ix_paiement_en_suspens",
            "demande_le",
            postgresql_where=text("etat IN ('prepare', 'inconnu', 'a_authentifier')"),
        ),
        Index("ix_paiement_en_cours", "demande_le", postgresql_where=text("etat = 'en_cours'")),
        Index("ix_paiement_a_reprendre", "reprise_le", postgresql_where=text("reprise_le IS NOT NULL")),
        CheckConstraint("nature IN ('prelevement', 'en_ligne', 'avance')", name="nature"),
        CheckConstraint("nature <> 'prelevement' OR echeance_id IS NOT NULL", name="prelevement_d_une_echeance"),
        CheckConstraint(
            "etat IN ('prepare', 'inconnu', 'en_cours', 'a_authentifier', 'refuse', 'reussi', 'abandonne')", name="etat"
        ),
        CheckConstraint("montant > 0", name="montant"),
    )


class PaiementEtape(Base):
    """A move of a payment from one state to the next, and what brought it about."""

    __tablename__ = "paiement_etape"

    id: Mapped[Key]
    paiement_id: Mapped[int] = mapped_column(ForeignKey("paiement.id"), index=True)
    de: Mapped[str]
    vers: Mapped[str]
    cause: Mapped[str]
    le: Mapped[Instant] = mapped_column(server_default=func.clock_timestamp())


class Aide(Base):
    """What the CCAS has taken over of a household's debt; `motif` is read by the team alone.

    One that was undone keeps who did it and why.
    """

    __tablename__ = "aide"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id"), index=True)
    montant: Mapped[int]
    motif: Mapped[str]
    accordee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    accordee_le: Mapped[Instant]
    annulee_le: Mapped[Instant | None]
    annulee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id"))
    motif_annulation: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("montant > 0", name="montant"),
        CheckConstraint("(annulee_le IS NULL) = (motif_annulation IS NULL)", name="annulation"),
    )


class EvenementStripe(Base):
    """A signed webhook, kept as received. What it says is read again at Stripe, so order and repeats do not matter."""

    __tablename__ = "evenement_stripe"

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    objet: Mapped[str]
    contenu: Mapped[dict[str, Any]]
    recu_le: Mapped[Instant]
    traite_le: Mapped[Instant | None]
