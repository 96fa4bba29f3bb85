"""Prices of seats with a day of effect."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0900"
down_revision = "0890"
branch_labels = None
depends_on = None


def upgrade() -> None:
    numbers = postgresql.ARRAY(sa.Integer())
    op.create_table(
        "grille_sortie_prix",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("grille_id", sa.BigInteger(), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("seuils", numbers, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("prix", numbers, nullable=False),
        sa.Column("saisi_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saisi_par", sa.BigInteger(), nullable=True),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retire_par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_grille_sortie_prix"),
        sa.ForeignKeyConstraint(["grille_id"], ["grille_sortie.id"], name="fk_grille_sortie_prix_grille_id"),
        sa.ForeignKeyConstraint(
            ["saisi_par"], ["compte.id"], name="fk_grille_sortie_prix_saisi_par", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["retire_par"], ["compte.id"], name="fk_grille_sortie_prix_retire_par", ondelete="SET NULL"
        ),
        sa.CheckConstraint("0 <= ALL (prix) AND 500 >= ALL (prix)", name=op.f("ck_grille_sortie_prix_prix")),
        sa.CheckConstraint(
            "cardinality(prix) >= 1 AND cardinality(seuils) < cardinality(prix)",
            name=op.f("ck_grille_sortie_prix_lignes"),
        ),
        # No price that was ever asked of anybody is changed.
        sa.CheckConstraint(
            "(saisi_le AT TIME ZONE 'Europe/Paris')::date < effet_le", name=op.f("ck_grille_sortie_prix_a_venir")
        ),
        sa.CheckConstraint(
            "(retire_le AT TIME ZONE 'Europe/Paris')::date < effet_le", name=op.f("ck_grille_sortie_prix_retire")
        ),
    )
    op.create_index(
        "uq_grille_sortie_prix",
        "grille_sortie_prix",
        ["grille_id", "effet_le"],
        unique=True,
        postgresql_where=sa.text("retire_le IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("grille_sortie_prix")
