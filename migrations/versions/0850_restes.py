"""Long-unpaid balances handed to the Treasury: from when on and from which sum is data of the act."""

import sqlalchemy as sa
from alembic import op

revision = "0850"
down_revision = "0840"
branch_labels = None
depends_on = None

# Migration 0710 named it twice over.
AVANT = "ck_compteur_regie_ck_compteur_regie_serie"
SERIES = "'quittance', 'versement'"


def upgrade() -> None:
    op.create_table(
        "etat_restes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("regie_id", sa.BigInteger(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("numero", sa.Integer(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("arrete_au", sa.Date(), nullable=False),
        sa.Column("arrete_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("prise_en_charge_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_etat_restes"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_etat_restes_regie_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_etat_restes_par"),
        sa.UniqueConstraint("regie_id", "annee", "numero", name="uq_etat_restes_numero"),
        sa.CheckConstraint("arrete_au < jour", name="ck_etat_restes_arrete_au"),
    )
    op.create_table(
        "reste",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("etat_id", sa.BigInteger(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("depuis", sa.Date(), nullable=False),
        sa.Column("repris_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("repris_par", sa.BigInteger(), nullable=True),
        sa.Column("motif", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reste"),
        sa.ForeignKeyConstraint(["etat_id"], ["etat_restes.id"], name="fk_reste_etat_id"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_reste_foyer_id"),
        sa.ForeignKeyConstraint(["repris_par"], ["compte.id"], name="fk_reste_repris_par"),
        sa.UniqueConstraint("etat_id", "foyer_id", name="uq_reste_etat_id_foyer_id"),
        sa.CheckConstraint("montant > 0", name="ck_reste_montant"),
        sa.CheckConstraint("(repris_le IS NULL) = (motif IS NULL)", name="ck_reste_motif"),
    )
    op.create_index("ix_reste_foyer_id", "reste", ["foyer_id"])
    op.add_column(
        "acte_regie", sa.Column("titres_apres_jours", sa.SmallInteger(), server_default="180", nullable=False)
    )
    op.add_column("acte_regie", sa.Column("titres_des", sa.Integer(), server_default="1500", nullable=False))
    op.execute(f"ALTER TABLE compteur_regie DROP CONSTRAINT IF EXISTS {AVANT}")
    op.execute(
        f"ALTER TABLE compteur_regie ADD CONSTRAINT ck_compteur_regie_serie CHECK (serie IN ({SERIES}, 'restes'))"
        " NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE compteur_regie VALIDATE CONSTRAINT ck_compteur_regie_serie")


def downgrade() -> None:
    # A ledger never loses an entry: those of what was handed over stay, and the numbers that were given.
    op.execute("ALTER TABLE compteur_regie DROP CONSTRAINT IF EXISTS ck_compteur_regie_serie")
    op.execute(f"ALTER TABLE compteur_regie ADD CONSTRAINT {AVANT} CHECK (serie IN ({SERIES})) NOT VALID")
    op.drop_column("acte_regie", "titres_des")
    op.drop_column("acte_regie", "titres_apres_jours")
    op.drop_table("reste")
    op.drop_table("etat_restes")
