"""Tables of households, maisons and accounts.

What decides a price is never overwritten: a justificatif is added, checked or refused, each with its instant, so that
any past cut-off can be read again as it stood.
"""

from datetime import date, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class Maison(Base):
    """A maison des habitants: where baskets are made up and handed out. `jours` are ISO weekdays, Monday 1."""

    __tablename__ = "maison"

    id: Mapped[Key]
    nom: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    adresse: Mapped[str]
    code_postal: Mapped[str]
    ville: Mapped[str]
    telephone: Mapped[str]
    jours: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    retrait_debut: Mapped[time]
    retrait_fin: Mapped[time]
    places: Mapped[int]
    active: Mapped[bool] = mapped_column(server_default=text("true"))

    __table_args__ = (
        CheckConstraint("places >= 0", name="places"),
        CheckConstraint("retrait_debut < retrait_fin", name="creneau"),
        CheckConstraint("code ~ '^[A-Z]{3}$'", name="code"),
    )


class Canal(StrEnum):
    """How a household is reached."""

    EMAIL = "email"
    SMS = "sms"
    PAPIER = "papier"


class Foyer(Base):
    """A household. `nom_plie` is the name folded for a search that forgives accents and case."""

    __tablename__ = "foyer"

    id: Mapped[Key]
    nom: Mapped[str]
    nom_plie: Mapped[str] = mapped_column(index=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), index=True)
    langue: Mapped[str] = mapped_column(server_default="fr")
    canal: Mapped[str]
    email: Mapped[str | None]
    telephone: Mapped[str | None]
    cree_le: Mapped[Instant]

    __table_args__ = (
        CheckConstraint("canal IN ('email', 'sms', 'papier')", name="canal"),
        CheckConstraint("canal <> 'email' OR email IS NOT NULL", name="canal_email"),
        CheckConstraint("canal <> 'sms' OR telephone IS NOT NULL", name="canal_sms"),
    )


class Membre(Base):
    """A person of a household; the first adult is the one whom letters name."""

    __tablename__ = "membre"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    prenom: Mapped[str]
    nom: Mapped[str]
    nom_plie: Mapped[str] = mapped_column(index=True)
    adulte: Mapped[bool]
    referent: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        Index("uq_membre_referent", "foyer_id", unique=True, postgresql_where=text("referent")),
        CheckConstraint("adulte OR NOT referent", name="referent_adulte"),
    )


class Compte(Base):
    """An account: somebody who signs in. Name it by e-mail or by telephone (+33…), at least one of them."""

    __tablename__ = "compte"

    id: Mapped[Key]
    nom: Mapped[str]
    role: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    telephone: Mapped[str | None] = mapped_column(unique=True)
    mot_de_passe: Mapped[str]
    foyer_id: Mapped[int | None] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    actif: Mapped[bool] = mapped_column(server_default=text("true"))
    cree_le: Mapped[Instant]

    __table_args__ = (
        CheckConstraint(
            "role IN ('habitant', 'agent', 'benevole', 'coordination', 'producteur', 'administration', 'regisseur')",
            name="role",
        ),
        CheckConstraint("email IS NOT NULL OR telephone IS NOT NULL", name="identifiant"),
        CheckConstraint("email = lower(email)", name="email_minuscule"),
        CheckConstraint("(role = 'habitant') = (foyer_id IS NOT NULL)", name="foyer_des_habitants"),
    )


class CompteMaison(Base):
    """The maisons at which an agent or a bénévole works."""

    __tablename__ = "compte_maison"

    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), primary_key=True)
    maison_id: Mapped[int] = mapped_column(ForeignKey("maison.id"), primary_key=True)


class Connexion(Base):
    """A signed-in browser. Only a hash of its token is kept; without this row the cookie is dead."""

    __tablename__ = "connexion"

    empreinte: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id", ondelete="CASCADE"), index=True)
    ouverte_le: Mapped[Instant]
    expire_le: Mapped[Instant] = mapped_column(index=True)


class Motif(StrEnum):
    """Why a quotient was refused; `REMPLACE`: the agent wrote down what the proof really says."""

    ILLISIBLE = "illisible"
    ANCIENNE = "ancienne"
    AUTRE_DOCUMENT = "autre_document"
    AUTRE_PERSONNE = "autre_personne"
    SANS_MONTANT = "sans_montant"
    REMPLACE = "remplace"


class Source(StrEnum):
    """Where a quotient familial comes from."""

    DECLARATION = "declaration"
    CAF = "caf"
    MSA = "msa"
    ESTIMATION = "estimation"


class JustificatifQF(Base):
    """One quotient familial of a household, for a month; sealed, as what a household earns is nobody's business.

    `declare_le` is when it was given, `verifie_le` when an agent checked it, `refuse_le` when an agent refused it, and
    `refus_motif` why. The two reminders say when the family was told to show its proof, and to give a newer one.
    """

    __tablename__ = "justificatif_qf"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"))
    valeur_scellee: Mapped[bytes] = mapped_column(LargeBinary)
    mois: Mapped[date]
    source: Mapped[str]
    declare_le: Mapped[Instant]
    declare_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    verifie_le: Mapped[Instant | None]
    verifie_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    refuse_le: Mapped[Instant | None]
    refus_motif: Mapped[str | None]
    valide_jusqu_au: Mapped[date | None]
    rappel_preuve_le: Mapped[Instant | None]
    rappel_fin_le: Mapped[Instant | None]

    __table_args__ = (
        Index("ix_justificatif_qf_foyer", "foyer_id", "declare_le"),
        Index(
            "ix_justificatif_qf_a_verifier",
            "declare_le",
            postgresql_where=text("verifie_le IS NULL AND refuse_le IS NULL"),
        ),
        CheckConstraint("source IN ('declaration', 'caf', 'msa', 'estimation')", name="source"),
        CheckConstraint("extract(day FROM mois) = 1", name="premier_du_mois"),
        Index(
            "ix_justificatif_qf_fin",
            "valide_jusqu_au",
            postgresql_where=text("valide_jusqu_au IS NOT NULL AND rappel_fin_le IS NULL"),
        ),
        CheckConstraint("verifie_le IS NULL OR refuse_le IS NULL", name="un_seul_avis"),
        CheckConstraint("refus_motif IS NULL OR refuse_le IS NOT NULL", name="motif_d_un_refus"),
        CheckConstraint(
            "refus_motif IN ('illisible', 'ancienne', 'autre_document', 'autre_personne', 'sans_montant', 'remplace')",
            name="refus_motif",
        ),
        CheckConstraint("(verifie_le IS NULL) = (valide_jusqu_au IS NULL)", name="validite_si_verifie"),
    )


class PieceQF(Base):
    """One page of the proof that a family has sent for a quotient: a picture that we drew of it, sealed.

    It lives until an agent has answered, and not beyond: no row of an answered quotient is left.
    """

    __tablename__ = "piece_qf"

    justificatif_id: Mapped[int] = mapped_column(
        ForeignKey("justificatif_qf.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    page: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    image_scellee: Mapped[bytes] = mapped_column(LargeBinary)
    deposee_le: Mapped[Instant] = mapped_column(index=True)
    deposee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (CheckConstraint("page BETWEEN 1 AND 4", name="page"),)


class LectureQF(Base):
    """An agent has read a household's quotient familial: who, when, why. Rows are never changed."""

    __tablename__ = "lecture_qf"

    id: Mapped[Key]
    foyer_id: Mapped[int] = mapped_column(ForeignKey("foyer.id", ondelete="CASCADE"), index=True)
    compte_id: Mapped[int] = mapped_column(ForeignKey("compte.id"))
    motif: Mapped[str]
    le: Mapped[Instant] = mapped_column(server_default=func.now())
