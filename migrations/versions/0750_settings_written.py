"""Who entered or withdrew a grid or a rhythm is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0750"
down_revision = "0740"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reglage_ecrit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("quoi", sa.String(), nullable=False),
        sa.Column("geste", sa.String(), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("contenu", postgresql.JSONB(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quoi IN ('grille', 'calendrier')", name=op.f("ck_reglage_ecrit_quoi")),
        sa.CheckConstraint("geste IN ('saisi', 'retire')", name=op.f("ck_reglage_ecrit_geste")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_reglage_ecrit_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reglage_ecrit")),
    )


def downgrade() -> None:
    op.drop_table("reglage_ecrit")
