"""A week remembers that the coordination was told of its doubtful day."""

import sqlalchemy as sa
from alembic import op

revision = "0650"
down_revision = "0620"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("semaine", sa.Column("doute_dit_le", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("semaine", "doute_dit_le")
