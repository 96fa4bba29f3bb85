"""Money that goes back: refunds, payments that a bank takes back, and what was paid beyond what was due."""

import sqlalchemy as sa
from alembic import op

revision = "0800"
down_revision = "0795"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paiement", sa.Column("en_trop", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "condition_en_ligne", sa.Column("remboursement", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_table(
        "remboursement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("paiement_id", sa.BigInteger(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("cle", sa.Uuid(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=True),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("demande_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("relance_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conclu_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_remboursement"),
        sa.ForeignKeyConstraint(["paiement_id"], ["paiement.id"], name="fk_remboursement_paiement_id"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_remboursement_foyer_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_remboursement_par"),
        sa.UniqueConstraint("cle", name="uq_remboursement_cle"),
        sa.UniqueConstraint("stripe_id", name="uq_remboursement_stripe_id"),
        sa.CheckConstraint("montant > 0", name="ck_remboursement_montant"),
        sa.CheckConstraint("etat IN ('prepare', 'inconnu', 'fait', 'refuse')", name="ck_remboursement_etat"),
    )
    op.create_table(
        "litige",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("paiement_id", sa.BigInteger(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("ouvert_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclu_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_litige"),
        sa.ForeignKeyConstraint(["paiement_id"], ["paiement.id"], name="fk_litige_paiement_id"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_litige_foyer_id"),
        sa.UniqueConstraint("stripe_id", name="uq_litige_stripe_id"),
        sa.CheckConstraint("montant > 0", name="ck_litige_montant"),
        sa.CheckConstraint("etat IN ('ouvert', 'perdu', 'gagne')", name="ck_litige_etat"),
    )
    for table in ("remboursement", "litige"):
        for column in ("paiement_id", "foyer_id"):
            op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(
        "ix_remboursement_ouvert",
        "remboursement",
        ["demande_le"],
        postgresql_where=sa.text("etat IN ('prepare', 'inconnu')"),
    )


def downgrade() -> None:
    op.drop_table("litige")
    op.drop_table("remboursement")
    op.drop_column("condition_en_ligne", "remboursement")
    op.drop_column("paiement", "en_trop")
