"""The provider's movements, the days laid side by side, what differed; accounts for its fees and its payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0860"
down_revision = "0850"
branch_labels = None
depends_on = None

COMPTES = (
    "'foyer', 'stripe', 'achats', 'producteurs', 'participation_ccas', 'billetterie', 'adhesions',"
    " 'caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse', 'tresor', 'titres', 'aides'"
)


def upgrade() -> None:
    op.create_table(
        "operation_stripe",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("intention", sa.String(), nullable=True),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("frais", sa.Integer(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operation_stripe"),
        sa.CheckConstraint(
            "nature IN ('paiement', 'remboursement', 'litige', 'frais', 'virement', 'autre')",
            name="ck_operation_stripe_nature",
        ),
    )
    op.create_index("ix_operation_stripe_le", "operation_stripe", ["le"])
    op.create_table(
        "rapprochement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("demande_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fait_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("jusqu_a", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rapprochement"),
        sa.UniqueConstraint("jour", name="uq_rapprochement_jour"),
    )
    op.create_table(
        "ecart_rapprochement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("piece", sa.String(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("ailleurs", sa.Integer(), nullable=False),
        sa.Column("grand_livre", sa.Integer(), nullable=False),
        sa.Column("constate_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disparu_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolu_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolu_par", sa.BigInteger(), nullable=True),
        sa.Column("motif", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ecart_rapprochement"),
        sa.ForeignKeyConstraint(["resolu_par"], ["compte.id"], name="fk_ecart_rapprochement_resolu_par"),
        sa.CheckConstraint("ailleurs <> grand_livre", name="ck_ecart_rapprochement_ecart"),
        sa.CheckConstraint(
            "(resolu_le IS NULL) = (resolu_par IS NULL) AND (resolu_le IS NULL) = (motif IS NULL)",
            name="ck_ecart_rapprochement_trace",
        ),
    )
    op.create_index("uq_ecart_rapprochement", "ecart_rapprochement", ["piece", "ailleurs", "grand_livre"], unique=True)
    op.create_index(
        "ix_ecart_rapprochement_ouvert",
        "ecart_rapprochement",
        ["constate_le"],
        postgresql_where=sa.text("disparu_le IS NULL AND resolu_le IS NULL"),
    )
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(
        "ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte"
        f" CHECK (compte IN ({COMPTES}, 'frais_stripe', 'banque')) NOT VALID"
    )
    # Entries on accounts of a later step stay when one steps back: 0890 checks them all.


def downgrade() -> None:
    # A ledger never loses an entry: those of fees and payouts stay, and the rule holds for what is written from now on.
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({COMPTES})) NOT VALID")
    op.drop_table("ecart_rapprochement")
    op.drop_table("rapprochement")
    op.drop_table("operation_stripe")
