"""Deposits of the tills at the Treasury, and the cheques and CAP that went with each; they only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0770"
down_revision = "0760"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "versement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("regie_id", sa.BigInteger(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("numero", sa.Integer(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("verse_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("especes", sa.Integer(), nullable=False),
        sa.Column("cheques", sa.Integer(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_versement"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_versement_regie_id"),
        sa.ForeignKeyConstraint(["maison_id"], ["caisse.maison_id"], name="fk_versement_maison_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_versement_par"),
        sa.UniqueConstraint("regie_id", "annee", "numero", name="uq_versement_numero"),
        sa.CheckConstraint(
            "especes >= 0 AND cheques >= 0 AND cap >= 0 AND especes + cheques + cap > 0", name="ck_versement_montants"
        ),
    )
    op.create_index("ix_versement_maison_id", "versement", ["maison_id"])
    op.create_table(
        "versement_piece",
        sa.Column("quittance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("versement_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("quittance_id", name="pk_versement_piece"),
        sa.ForeignKeyConstraint(["quittance_id"], ["quittance.id"], name="fk_versement_piece_quittance_id"),
        sa.ForeignKeyConstraint(["versement_id"], ["versement.id"], name="fk_versement_piece_versement_id"),
    )
    op.create_index("ix_versement_piece_versement_id", "versement_piece", ["versement_id"])
    for table in ("versement", "versement_piece"):
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def downgrade() -> None:
    op.drop_table("versement_piece")
    op.drop_table("versement")
