"""Producers are asked for their offers, and reminded of an order that waits for their answer, once each."""

import sqlalchemy as sa
from alembic import op

revision = "0613"
down_revision = "0610"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commande", sa.Column("relancee_le", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "demande_offre",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("semaine_id", sa.BigInteger(), nullable=False),
        sa.Column("producteur_id", sa.BigInteger(), nullable=False),
        sa.Column("rang", sa.SmallInteger(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rang IN (1, 2)", name=op.f("ck_demande_offre_rang")),
        sa.ForeignKeyConstraint(["semaine_id"], ["semaine.id"], name=op.f("fk_demande_offre_semaine_id")),
        sa.ForeignKeyConstraint(["producteur_id"], ["producteur.id"], name=op.f("fk_demande_offre_producteur_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demande_offre")),
        sa.UniqueConstraint(
            "semaine_id", "producteur_id", "rang", name=op.f("uq_demande_offre_semaine_id_producteur_id_rang")
        ),
    )
    op.create_index(op.f("ix_demande_offre_producteur_id"), "demande_offre", ["producteur_id"])


def downgrade() -> None:
    op.drop_table("demande_offre")
    op.drop_column("commande", "relancee_le")
