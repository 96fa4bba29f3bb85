"""Aid by the CCAS on a household's balance, and the invitation to talk."""

import sqlalchemy as sa
from alembic import op

revision = "0840"
down_revision = "0830"
branch_labels = None
depends_on = None

COMPTES = (
    "'foyer', 'stripe', 'achats', 'producteurs', 'participation_ccas', 'billetterie', 'adhesions',"
    " 'caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse', 'tresor', 'titres'"
)


def upgrade() -> None:
    op.create_table(
        "aide",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("accordee_par", sa.BigInteger(), nullable=True),
        sa.Column("accordee_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_aide"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_aide_foyer_id"),
        sa.ForeignKeyConstraint(["accordee_par"], ["compte.id"], name="fk_aide_accordee_par"),
        sa.CheckConstraint("montant > 0", name="ck_aide_montant"),
    )
    op.create_index("ix_aide_foyer_id", "aide", ["foyer_id"])
    op.add_column("reglement", sa.Column("invite_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("condition_en_ligne", sa.Column("dialogue_des", sa.Integer(), server_default="5000", nullable=False))
    # Entries on accounts of a later step stay when one steps back: 0890 checks them all.
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(
        f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({COMPTES}, 'aides')) NOT VALID"
    )


def downgrade() -> None:
    # A ledger never loses an entry: those of aid stay, and the rule holds for what is written from now on.
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({COMPTES})) NOT VALID")
    op.drop_column("condition_en_ligne", "dialogue_des")
    op.drop_column("reglement", "invite_le")
    op.drop_table("aide")
