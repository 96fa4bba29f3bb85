"""Contracts with producers and their agreed prices; offers outside of them are accepted by the coordination."""

import sqlalchemy as sa
from alembic import op

revision = "0730"
down_revision = "0720"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contrat",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("producteur_id", sa.BigInteger(), nullable=False),
        sa.Column("numero", sa.String(), nullable=False),
        sa.Column("debut", sa.Date(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.Column("saisi_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saisi_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("debut <= fin", name=op.f("ck_contrat_duree")),
        sa.ForeignKeyConstraint(["producteur_id"], ["producteur.id"], name=op.f("fk_contrat_producteur_id")),
        sa.ForeignKeyConstraint(["saisi_par"], ["compte.id"], name=op.f("fk_contrat_saisi_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contrat")),
        sa.UniqueConstraint("numero", name=op.f("uq_contrat_numero")),
    )
    op.create_index(op.f("ix_contrat_producteur_id"), "contrat", ["producteur_id"])
    op.create_table(
        "prix_convenu",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contrat_id", sa.BigInteger(), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("produit_id", sa.BigInteger(), nullable=False),
        sa.Column("prix", sa.Integer(), nullable=False),
        sa.CheckConstraint("prix > 0", name=op.f("ck_prix_convenu_prix")),
        sa.ForeignKeyConstraint(
            ["contrat_id"], ["contrat.id"], name=op.f("fk_prix_convenu_contrat_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["produit_id"], ["produit.id"], name=op.f("fk_prix_convenu_produit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prix_convenu")),
        sa.UniqueConstraint(
            "contrat_id", "effet_le", "produit_id", name=op.f("uq_prix_convenu_contrat_id_effet_le_produit_id")
        ),
    )
    op.add_column("offre", sa.Column("acceptee_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("offre", sa.Column("acceptee_par", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_offre_acceptee_par"), "offre", "compte", ["acceptee_par"], ["id"], ondelete="SET NULL"
    )
    # What baskets were made with before contracts were kept here, the coordination had taken.
    op.execute(
        "UPDATE offre SET acceptee_le = saisie_le WHERE EXISTS"
        " (SELECT 1 FROM composition_ligne l WHERE l.offre_id = offre.id)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("fk_offre_acceptee_par"), "offre", type_="foreignkey")
    op.drop_column("offre", "acceptee_par")
    op.drop_column("offre", "acceptee_le")
    op.drop_table("prix_convenu")
    op.drop_table("contrat")
