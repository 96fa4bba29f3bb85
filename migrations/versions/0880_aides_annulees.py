"""Aid that is undone, and refunds that a bank sends back."""

import sqlalchemy as sa
from alembic import op

revision = "0880"
down_revision = "0870"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("aide", sa.Column("annulee_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("aide", sa.Column("annulee_par", sa.BigInteger(), nullable=True))
    op.add_column("aide", sa.Column("motif_annulation", sa.String(), nullable=True))
    op.create_foreign_key(op.f("fk_aide_annulee_par"), "aide", "compte", ["annulee_par"], ["id"])
    op.create_check_constraint(op.f("ck_aide_annulation"), "aide", "(annulee_le IS NULL) = (motif_annulation IS NULL)")
    op.add_column("remboursement", sa.Column("revenu_le", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_remboursement_revenu"), "remboursement", "revenu_le IS NULL OR etat = 'refuse'")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_remboursement_revenu"), "remboursement")
    op.drop_column("remboursement", "revenu_le")
    op.drop_constraint(op.f("ck_aide_annulation"), "aide")
    op.drop_column("aide", "motif_annulation")
    op.drop_column("aide", "annulee_par")
    op.drop_column("aide", "annulee_le")
