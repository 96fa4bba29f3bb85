"""Ended leases are found at once, also behind a flood of what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0301"
down_revision = "0201"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_delivery_lease",
        "outbox_delivery",
        ["queue", "wake_at"],
        postgresql_where=sa.text("state IN ('sent','taken')"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_delivery_lease", "outbox_delivery")
