"""Baskets grouped by month, refused charges asked for once more, and what the CCAS decides about paying online."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0780"
down_revision = "0770"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "condition_en_ligne",
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("jour_du_mois", sa.SmallInteger(), nullable=False),
        sa.Column("avance_max", sa.Integer(), nullable=False),
        sa.Column("reprises", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("effet_le", name="pk_condition_en_ligne"),
        sa.CheckConstraint("jour_du_mois BETWEEN 1 AND 28", name="ck_condition_en_ligne_jour_du_mois"),
        sa.CheckConstraint("avance_max >= 0", name="ck_condition_en_ligne_avance_max"),
    )
    op.add_column("reglement", sa.Column("rythme", sa.String(), server_default="semaine", nullable=False))
    op.add_column("echeance", sa.Column("a_grouper", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("echeance", sa.Column("groupe_id", sa.BigInteger(), nullable=True))
    op.add_column("paiement", sa.Column("tentative", sa.String(), nullable=True))
    op.add_column("paiement", sa.Column("essais", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("paiement", sa.Column("reprise_le", sa.DateTime(timezone=True), nullable=True))
    _exiger("reglement", "rythme", "rythme IN ('semaine', 'mois')")
    _exiger("paiement", "nature", "nature IN ('prelevement', 'en_ligne', 'avance')")
    op.execute(
        "ALTER TABLE echeance ADD CONSTRAINT fk_echeance_groupe_id FOREIGN KEY (groupe_id)"
        " REFERENCES echeance (id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE reglement VALIDATE CONSTRAINT ck_reglement_rythme")
        op.execute("ALTER TABLE paiement VALIDATE CONSTRAINT ck_paiement_nature")
        op.execute("ALTER TABLE echeance VALIDATE CONSTRAINT fk_echeance_groupe_id")
        _indexer("ix_echeance_groupe_id", "echeance", ["groupe_id"], None)
        _indexer(
            "ix_echeance_a_grouper", "echeance", ["foyer_id"], "a_grouper AND groupe_id IS NULL AND reglee_le IS NULL"
        )
        _indexer("ix_paiement_a_reprendre", "paiement", ["reprise_le"], "reprise_le IS NOT NULL")


def _exiger(table: str, name: str, rule: str) -> None:
    """Another rule under the same name, for new rows at once; the old ones are checked without holding the table."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule}) NOT VALID")


def _indexer(name: str, table: str, columns: list[str], where: str | None) -> None:
    op.create_index(
        name,
        table,
        columns,
        postgresql_where=sa.text(where) if where else None,
        postgresql_concurrently=True,
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_index("ix_paiement_a_reprendre", "paiement")
    for column in ("reprise_le", "essais", "tentative"):
        op.drop_column("paiement", column)
    # A payment ahead is an online payment for the code of before.
    op.execute("UPDATE paiement SET nature = 'en_ligne' WHERE nature = 'avance'")
    _exiger("paiement", "nature", "nature IN ('prelevement', 'en_ligne')")
    op.execute("ALTER TABLE paiement VALIDATE CONSTRAINT ck_paiement_nature")
    # Nor does it know a month's échéance: its weeks are paid at the maison.
    op.execute("UPDATE echeance SET mode = 'maison' WHERE a_grouper AND reglee_le IS NULL")
    op.drop_column("echeance", "groupe_id")
    op.drop_column("echeance", "a_grouper")
    op.drop_constraint("ck_reglement_rythme", "reglement")
    op.drop_column("reglement", "rythme")
    op.drop_table("condition_en_ligne")
