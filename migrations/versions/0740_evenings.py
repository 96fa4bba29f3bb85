"""Who is there in the evening: each note a row that stays; one live replacement for a seat."""

import sqlalchemy as sa
from alembic import op

revision = "0740"
down_revision = "0730"
branch_labels = None
depends_on = None

GROWING = ("pointage",)


def upgrade() -> None:
    op.create_table(
        "pointage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("presence", sa.String(), nullable=True),
        sa.Column("motif", sa.String(), nullable=True),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "presence IN ('presente', 'retard', 'absente', 'excusee')", name=op.f("ck_pointage_presence")
        ),
        sa.CheckConstraint("motif IS NULL OR presence IS NOT NULL", name=op.f("ck_pointage_motif")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_pointage_par")),
        sa.ForeignKeyConstraint(["place_id"], ["place_sortie.id"], name=op.f("fk_pointage_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pointage")),
    )
    op.create_index(op.f("ix_pointage_place_id"), "pointage", ["place_id"])
    op.create_index(
        "uq_place_sortie_remplace",
        "place_sortie",
        ["remplace_id"],
        unique=True,
        postgresql_where=sa.text("annulee_le IS NULL"),
    )
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def downgrade() -> None:
    op.drop_index("uq_place_sortie_remplace", "place_sortie")
    op.drop_table("pointage")
