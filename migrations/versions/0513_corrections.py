"""Orders have versions; what producers are short of, and each correction of a week, are rows."""

import sqlalchemy as sa
from alembic import op

revision = "0513"
down_revision = "0510"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commande", sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("commande", sa.Column("corrigee_le", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_commande_version"), "commande", "version >= 1 AND (version = 1) = (corrigee_le IS NULL)"
    )
    op.create_table(
        "correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("semaine_id", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.SmallInteger(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("credit", sa.Integer(), nullable=False),
        sa.Column("faite_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("faite_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("credit BETWEEN 0 AND 400", name=op.f("ck_correction_credit")),
        sa.CheckConstraint("numero >= 1 AND motif <> ''", name=op.f("ck_correction_numero")),
        sa.ForeignKeyConstraint(["semaine_id"], ["semaine.id"], name=op.f("fk_correction_semaine_id")),
        sa.ForeignKeyConstraint(
            ["faite_par"], ["compte.id"], name=op.f("fk_correction_faite_par"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("semaine_id", "numero", name=op.f("uq_correction_semaine_id_numero")),
    )
    op.create_table(
        "correction_ligne",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("correction_id", sa.BigInteger(), nullable=False),
        sa.Column("offre_id", sa.BigInteger(), nullable=False),
        sa.Column("avant", sa.Integer(), nullable=False),
        sa.Column("apres", sa.Integer(), nullable=False),
        sa.CheckConstraint("avant >= 0 AND apres >= 0 AND avant <> apres", name=op.f("ck_correction_ligne_quantites")),
        _correction("correction_ligne"),
        sa.ForeignKeyConstraint(["offre_id"], ["offre.id"], name=op.f("fk_correction_ligne_offre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_ligne")),
        sa.UniqueConstraint("correction_id", "offre_id", name=op.f("uq_correction_ligne_correction_id_offre_id")),
    )
    op.create_table(
        "correction_commande",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("correction_id", sa.BigInteger(), nullable=False),
        sa.Column("commande_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("avant", sa.Integer(), nullable=False),
        sa.Column("apres", sa.Integer(), nullable=False),
        _correction("correction_commande"),
        _commande("correction_commande"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_commande")),
        sa.UniqueConstraint("commande_id", "version", name=op.f("uq_correction_commande_commande_id_version")),
        sa.UniqueConstraint(
            "correction_id", "commande_id", name=op.f("uq_correction_commande_correction_id_commande_id")
        ),
    )
    op.create_table(
        "manque",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("commande_id", sa.BigInteger(), nullable=False),
        sa.Column("offre_id", sa.BigInteger(), nullable=False),
        sa.Column("disponible", sa.Integer(), nullable=False),
        sa.Column("dit_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dit_par", sa.BigInteger(), nullable=True),
        sa.Column("correction_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("disponible >= 0", name=op.f("ck_manque_disponible")),
        _commande("manque"),
        sa.ForeignKeyConstraint(["offre_id"], ["offre.id"], name=op.f("fk_manque_offre_id")),
        sa.ForeignKeyConstraint(["dit_par"], ["compte.id"], name=op.f("fk_manque_dit_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name=op.f("fk_manque_correction_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manque")),
    )
    op.create_index(op.f("ix_manque_offre_id"), "manque", ["offre_id"])
    op.create_index(
        "uq_manque_en_attente",
        "manque",
        ["commande_id", "offre_id"],
        unique=True,
        postgresql_where=sa.text("correction_id IS NULL"),
    )


def downgrade() -> None:
    for table in ("manque", "correction_commande", "correction_ligne", "correction"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_commande_version"), "commande")
    op.drop_column("commande", "corrigee_le")
    op.drop_column("commande", "version")


def _correction(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["correction_id"], ["correction.id"], name=op.f(f"fk_{table}_correction_id"), ondelete="CASCADE"
    )


def _commande(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["commande_id"], ["commande.id"], name=op.f(f"fk_{table}_commande_id"), ondelete="CASCADE"
    )
