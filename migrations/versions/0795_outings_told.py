"""What a change of an outing did away with, so that it can be told; whether the venue may read a family's word.

Outings that were changed before keep no trace of what they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0795"
down_revision = "0790"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sortie_version",
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lieu_id", sa.BigInteger(), nullable=False),
        sa.Column("debut_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duree_minutes", sa.Integer(), nullable=False),
        sa.Column("rendez_vous_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rendez_vous_lieu", sa.String(), nullable=False),
        sa.Column("remplacee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dite_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_sortie_version_version")),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_sortie_version_sortie_id")),
        sa.ForeignKeyConstraint(["lieu_id"], ["lieu.id"], name=op.f("fk_sortie_version_lieu_id")),
        sa.PrimaryKeyConstraint("sortie_id", "version", name=op.f("pk_sortie_version")),
    )
    op.add_column("avis_sortie", sa.Column("partage", sa.Boolean(), server_default=sa.text("false"), nullable=False))


def downgrade() -> None:
    op.drop_column("avis_sortie", "partage")
    op.drop_table("sortie_version")
