"""A household's card for pick-up, and those who come in its place."""

import sqlalchemy as sa
from alembic import op

revision = "0510"
down_revision = "0501"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carte_retrait",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("faite_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("faite_par", sa.BigInteger(), nullable=True),
        sa.Column("perdue_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("perdue_par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_carte_retrait"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_carte_retrait_foyer_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["faite_par"], ["compte.id"], name="fk_carte_retrait_faite_par", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["perdue_par"], ["compte.id"], name="fk_carte_retrait_perdue_par", ondelete="SET NULL"),
        sa.UniqueConstraint("code", name="uq_carte_retrait_code"),
        sa.CheckConstraint("perdue_le IS NOT NULL OR perdue_par IS NULL", name="ck_carte_retrait_perdue"),
    )
    op.create_index("ix_carte_retrait_foyer_id", "carte_retrait", ["foyer_id"])
    op.create_index(
        "uq_carte_retrait_bonne",
        "carte_retrait",
        ["foyer_id"],
        unique=True,
        postgresql_where=sa.text("perdue_le IS NULL"),
    )
    op.create_table(
        "procuration",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("prenom", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=True),
        sa.Column("donnee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("donnee_par", sa.BigInteger(), nullable=True),
        sa.Column("revoquee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoquee_par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_procuration"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_procuration_foyer_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["donnee_par"], ["compte.id"], name="fk_procuration_donnee_par", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["revoquee_par"], ["compte.id"], name="fk_procuration_revoquee_par", ondelete="SET NULL"
        ),
        sa.CheckConstraint("au IS NULL OR du <= au", name="ck_procuration_ordre"),
        sa.CheckConstraint("revoquee_le IS NULL OR donnee_le <= revoquee_le", name="ck_procuration_revoquee"),
    )
    op.create_index("ix_procuration_foyer_id", "procuration", ["foyer_id"])
    op.add_column("retrait", sa.Column("procuration_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_retrait_procuration_id", "retrait", "procuration", ["procuration_id"], ["id"])


def downgrade() -> None:
    op.drop_column("retrait", "procuration_id")
    op.drop_table("procuration")
    op.drop_table("carte_retrait")
