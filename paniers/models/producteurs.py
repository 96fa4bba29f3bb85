"""Tables of what producers offer, what a basket is made of, and what is ordered.

Quantities are grams or pieces, as the product's `unite` says; prices are centimes before tax, for a kilogram or a
piece.
"""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Instant, Key


class Producteur(Base):
    """A farmer under contract. `livraison`: to the depot, or to each maison. `compte_id`: who signs in, if anybody."""

    __tablename__ = "producteur"

    id: Mapped[Key]
    nom: Mapped[str] = mapped_column(unique=True)
    contact: Mapped[str]
    email: Mapped[str]
    telephone: Mapped[str]
    siret: Mapped[str] = mapped_column(unique=True)
    adresse: Mapped[str]
    livraison: Mapped[str]
    livraison_heure: Mapped[str]
    franchise_tva: Mapped[bool]
    compte_id: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"), unique=True)

    __table_args__ = (
        CheckConstraint("livraison IN ('depot', 'maisons')", name="livraison"),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="siret"),
    )


class Produit(Base):
    """A fruit or vegetable. `poids_piece` is a piece's usual weight in grams; `dessin` names its drawing."""

    __tablename__ = "produit"

    id: Mapped[Key]
    nom: Mapped[str] = mapped_column(unique=True)
    dessin: Mapped[str]
    categorie: Mapped[str]
    unite: Mapped[str]
    poids_piece: Mapped[int | None]
    mois: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    prix_indicatif: Mapped[int]
    conservation: Mapped[str]

    __table_args__ = (
        CheckConstraint("unite IN ('gramme', 'piece')", name="unite"),
        CheckConstraint("categorie IN ('legume', 'fruit', 'herbe')", name="categorie"),
        CheckConstraint("(unite = 'piece') = (poids_piece IS NOT NULL)", name="poids_piece"),
    )


class Offre(Base):
    """What a producer can deliver in a week: `quantite` in all, sold by whole lots of `lot`.

    `acceptee_le`: the coordination takes it at that price though it is "hors contrat" (`prix_convenus`).
    """

    __tablename__ = "offre"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    producteur_id: Mapped[int] = mapped_column(ForeignKey("producteur.id"), index=True)
    produit_id: Mapped[int] = mapped_column(ForeignKey("produit.id"))
    variete: Mapped[str]
    quantite: Mapped[int]
    lot: Mapped[int]
    prix: Mapped[int]
    saisie_le: Mapped[Instant]
    saisie_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    acceptee_le: Mapped[Instant | None]
    acceptee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        UniqueConstraint("semaine_id", "producteur_id", "produit_id"),
        CheckConstraint("quantite > 0 AND lot > 0 AND lot <= quantite", name="quantite"),
        CheckConstraint("prix > 0", name="prix"),
    )


class DemandeOffre(Base):
    """A producer was asked what it offers for a week: the first time, then (`rang` 2) on the eve of the deadline."""

    __tablename__ = "demande_offre"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    producteur_id: Mapped[int] = mapped_column(ForeignKey("producteur.id"), index=True)
    rang: Mapped[int] = mapped_column(SmallInteger)
    le: Mapped[Instant]

    __table_args__ = (
        UniqueConstraint("semaine_id", "producteur_id", "rang"),
        CheckConstraint("rang IN (1, 2)", name="rang"),
    )


class Composition(Base):
    """What this week's basket holds. `cout` is one basket's, centimes with tax; fixed when it is published."""

    __tablename__ = "composition"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"), unique=True)
    publiee_le: Mapped[Instant | None]
    publiee_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    cout: Mapped[int | None]
    poids: Mapped[int | None]


class CompositionLigne(Base):
    """So many grams or pieces of an offer in each basket."""

    __tablename__ = "composition_ligne"

    id: Mapped[Key]
    composition_id: Mapped[int] = mapped_column(ForeignKey("composition.id", ondelete="CASCADE"))
    offre_id: Mapped[int] = mapped_column(ForeignKey("offre.id"))
    quantite: Mapped[int]

    __table_args__ = (
        UniqueConstraint("composition_id", "offre_id"),
        CheckConstraint("quantite > 0", name="quantite"),
    )


class EtatCommande(StrEnum):
    EMISE = "emise"
    CONFIRMEE = "confirmee"
    ECART = "ecart"


class Commande(Base):
    """The order of one producer for one week. Amounts are centimes; `message` is what the producer wrote back.

    A correction keeps the number, raises `version` and waits for a new answer: what is here is the last version.
    """

    __tablename__ = "commande"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    producteur_id: Mapped[int] = mapped_column(ForeignKey("producteur.id"), index=True)
    numero: Mapped[str] = mapped_column(unique=True)
    livraison_le: Mapped[date]
    emise_le: Mapped[Instant]
    total_ht: Mapped[int]
    tva: Mapped[int]
    etat: Mapped[str] = mapped_column(server_default=EtatCommande.EMISE)
    repondue_le: Mapped[Instant | None]
    message: Mapped[str | None]
    version: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    corrigee_le: Mapped[Instant | None]
    relancee_le: Mapped[Instant | None]

    __table_args__ = (
        UniqueConstraint("semaine_id", "producteur_id"),
        CheckConstraint("etat IN ('emise', 'confirmee', 'ecart')", name="etat"),
        CheckConstraint("total_ht >= 0 AND tva >= 0", name="montants"),
        CheckConstraint("version >= 1 AND (version = 1) = (corrigee_le IS NULL)", name="version"),
    )


class CommandeLigne(Base):
    """A product for one maison, or (no maison) the surplus that rounds the product up to whole lots."""

    __tablename__ = "commande_ligne"

    id: Mapped[Key]
    commande_id: Mapped[int] = mapped_column(ForeignKey("commande.id", ondelete="CASCADE"))
    offre_id: Mapped[int] = mapped_column(ForeignKey("offre.id"))
    maison_id: Mapped[int | None] = mapped_column(ForeignKey("maison.id"))
    quantite: Mapped[int]

    __table_args__ = (
        UniqueConstraint("commande_id", "offre_id", "maison_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("quantite > 0", name="quantite"),
    )


class Correction(Base):
    """The week's basket was changed after its orders had gone out: the `numero`-th time, by whom, when and why.

    `credit` is what each basket gives back to its household, in centimes.
    """

    __tablename__ = "correction"

    id: Mapped[Key]
    semaine_id: Mapped[int] = mapped_column(ForeignKey("semaine.id"))
    numero: Mapped[int] = mapped_column(SmallInteger)
    motif: Mapped[str]
    credit: Mapped[int]
    faite_le: Mapped[Instant]
    faite_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))

    __table_args__ = (
        UniqueConstraint("semaine_id", "numero"),
        CheckConstraint("credit BETWEEN 0 AND 400", name="credit"),
        CheckConstraint("numero >= 1 AND motif <> ''", name="numero"),
    )


class CorrectionLigne(Base):
    """One offer's quantity in each basket, before and after a correction (0: not in it)."""

    __tablename__ = "correction_ligne"

    id: Mapped[Key]
    correction_id: Mapped[int] = mapped_column(ForeignKey("correction.id", ondelete="CASCADE"))
    offre_id: Mapped[int] = mapped_column(ForeignKey("offre.id"))
    avant: Mapped[int]
    apres: Mapped[int]

    __table_args__ = (
        UniqueConstraint("correction_id", "offre_id"),
        CheckConstraint("avant >= 0 AND apres >= 0 AND avant <> apres", name="quantites"),
    )


class CorrectionCommande(Base):
    """An order that a correction wrote anew: the version it became, its totals with tax before and after, centimes."""

    __tablename__ = "correction_commande"

    id: Mapped[Key]
    correction_id: Mapped[int] = mapped_column(ForeignKey("correction.id", ondelete="CASCADE"))
    commande_id: Mapped[int] = mapped_column(ForeignKey("commande.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(SmallInteger)
    avant: Mapped[int]
    apres: Mapped[int]

    __table_args__ = (
        UniqueConstraint("commande_id", "version"),
        UniqueConstraint("correction_id", "commande_id"),
    )


class Manque(Base):
    """How much of an ordered product its producer can bring after all, as it said itself or (`dit_par`) by telephone.

    It waits for the correction that deals with it; another answer of the producer takes its place.
    """

    __tablename__ = "manque"

    id: Mapped[Key]
    commande_id: Mapped[int] = mapped_column(ForeignKey("commande.id", ondelete="CASCADE"))
    offre_id: Mapped[int] = mapped_column(ForeignKey("offre.id"), index=True)
    disponible: Mapped[int]
    dit_le: Mapped[Instant]
    dit_par: Mapped[int | None] = mapped_column(ForeignKey("compte.id", ondelete="SET NULL"))
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("correction.id", ondelete="SET NULL"))

    __table_args__ = (
        Index(
            "uq_manque_en_attente", "commande_id", "offre_id", unique=True,
            postgresql_where=text("correction_id IS NULL"),
        ),
        CheckConstraint("disponible >= 0", name="disponible"),
    )  # fmt: skip
