"""The closings of tills: counted, compared, explained; they only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0760"
down_revision = "0750"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cloture_caisse",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("close_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("comptage", postgresql.JSONB(), nullable=False),
        sa.Column("trouve", sa.Integer(), nullable=False),
        sa.Column("theorique", sa.Integer(), nullable=False),
        sa.Column("ecart", sa.Integer(), nullable=False),
        sa.Column("explication", sa.String(), nullable=True),
        sa.Column("derniere_ecriture", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cloture_caisse"),
        sa.ForeignKeyConstraint(["maison_id"], ["caisse.maison_id"], name="fk_cloture_caisse_maison_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_cloture_caisse_par"),
        sa.UniqueConstraint("maison_id", "jour", name="uq_cloture_caisse_maison_id_jour"),
        sa.CheckConstraint("trouve >= 0 AND ecart = trouve - theorique", name="ck_cloture_caisse_ecart"),
        sa.CheckConstraint("ecart = 0 OR explication IS NOT NULL", name="ck_cloture_caisse_explication"),
    )
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON cloture_caisse FOR EACH ROW EXECUTE FUNCTION only_grows()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON cloture_caisse FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table("cloture_caisse")
