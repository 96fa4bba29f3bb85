"""What passes between an outing and its venue: asked, answered, told how many come; what a group voucher says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0830"
down_revision = "0800"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sortie", sa.Column("noms_demandes", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "demande_lieu",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("lieu_id", sa.BigInteger(), nullable=False),
        sa.Column("par_courriel", sa.Boolean(), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name="fk_demande_lieu_sortie_id"),
        sa.ForeignKeyConstraint(["lieu_id"], ["lieu.id"], name="fk_demande_lieu_lieu_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_demande_lieu_par", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_demande_lieu"),
    )
    op.create_index("ix_demande_lieu_sortie_id", "demande_lieu", ["sortie_id"])
    for table in ("effectif_envoye", "contremarque"):
        op.add_column(
            table, sa.Column("detail", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
        )
    op.add_column("reponse_lieu", sa.Column("genre", sa.String(), server_default="confirmee", nullable=False))
    op.add_column("reponse_lieu", sa.Column("empreinte", sa.String(), server_default="", nullable=False))
    op.create_check_constraint(
        op.f("ck_reponse_lieu_genre"), "reponse_lieu", "genre IN ('vue', 'confirmee', 'ecart', 'mot')"
    )
    op.create_check_constraint(op.f("ck_reponse_lieu_mot"), "reponse_lieu", "genre <> 'mot' OR message <> ''")


def downgrade() -> None:
    op.drop_column("reponse_lieu", "empreinte")
    op.drop_constraint(op.f("ck_reponse_lieu_mot"), "reponse_lieu")
    op.drop_column("reponse_lieu", "genre")
    for table in ("contremarque", "effectif_envoye"):
        op.drop_column(table, "detail")
    op.drop_table("demande_lieu")
    op.drop_column("sortie", "noms_demandes")
