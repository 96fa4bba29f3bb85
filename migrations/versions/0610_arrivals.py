"""What has arrived at each maison, and what is missing there."""

import sqlalchemy as sa
from alembic import op

revision = "0610"
down_revision = "0515"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrivee",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("semaine_id", sa.BigInteger(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_arrivee"),
        sa.ForeignKeyConstraint(["semaine_id"], ["semaine.id"], name="fk_arrivee_semaine_id"),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name="fk_arrivee_maison_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_arrivee_par", ondelete="SET NULL"),
        sa.UniqueConstraint("semaine_id", "maison_id", name="uq_arrivee_semaine_id_maison_id"),
    )
    op.create_index("ix_arrivee_maison_id", "arrivee", ["maison_id"])
    op.create_table(
        "arrivee_manque",
        sa.Column("arrivee_id", sa.BigInteger(), nullable=False),
        sa.Column("offre_id", sa.BigInteger(), nullable=False),
        sa.Column("paniers", sa.Integer(), nullable=False),
        sa.Column("tous", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("arrivee_id", "offre_id", name="pk_arrivee_manque"),
        sa.ForeignKeyConstraint(
            ["arrivee_id"], ["arrivee.id"], name="fk_arrivee_manque_arrivee_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["offre_id"], ["offre.id"], name="fk_arrivee_manque_offre_id"),
        sa.CheckConstraint("paniers > 0", name="ck_arrivee_manque_paniers"),
    )


def downgrade() -> None:
    op.drop_table("arrivee_manque")
    op.drop_table("arrivee")
