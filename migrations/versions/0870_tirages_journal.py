"""The régie's journal on paper: what was asked to be laid out."""

import sqlalchemy as sa
from alembic import op

revision = "0870"
down_revision = "0860"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tirage_journal",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=True),
        sa.Column("demande_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tirage_journal"),
        sa.ForeignKeyConstraint(["maison_id"], ["caisse.maison_id"], name="fk_tirage_journal_maison_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_tirage_journal_par"),
        sa.CheckConstraint("du <= au", name="ck_tirage_journal_periode"),
    )


def downgrade() -> None:
    op.drop_table("tirage_journal")
