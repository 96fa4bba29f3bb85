"""Spreadsheets that are being taken over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0620"
down_revision = "0613"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "importation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("deposee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("nom_fichier", sa.String(), nullable=False),
        sa.Column("contenu", sa.LargeBinary(), nullable=True),
        sa.Column("etat", sa.String(), server_default="a_essayer", nullable=False),
        sa.Column("essai", sa.Integer(), server_default="1", nullable=False),
        sa.Column("choix", postgresql.JSONB(), nullable=True),
        sa.Column("decisions", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("pour_toutes", sa.String(), nullable=True),
        sa.Column("rapport", sa.LargeBinary(), nullable=True),
        sa.Column("refus", sa.String(), nullable=True),
        sa.Column("bilan", postgresql.JSONB(), nullable=True),
        sa.Column("finie_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "etat IN ('a_essayer', 'essayee', 'confirmee', 'faite', 'illisible', 'abandonnee')",
            name=op.f("ck_importation_etat"),
        ),
        sa.CheckConstraint(
            "(etat IN ('faite', 'illisible', 'abandonnee')) = (finie_le IS NOT NULL)", name=op.f("ck_importation_finie")
        ),
        sa.CheckConstraint("finie_le IS NULL OR contenu IS NULL", name=op.f("ck_importation_fichier_oublie")),
        sa.CheckConstraint("finie_le IS NOT NULL OR contenu IS NOT NULL", name=op.f("ck_importation_fichier_garde")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_importation_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_importation")),
    )
    op.create_index(
        "ix_importation_gardee",
        "importation",
        ["deposee_le"],
        postgresql_where=sa.text("contenu IS NOT NULL OR rapport IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("importation")
