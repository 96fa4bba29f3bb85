"""Payments that wait too long are taken up again, each with the card of its first try."""

import sqlalchemy as sa
from alembic import op

revision = "0201"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("paiement", sa.Column("carte_id", sa.BigInteger(), nullable=True))
    op.add_column("paiement", sa.Column("relance_le", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_paiement_carte_id"), "paiement", "carte", ["carte_id"], ["id"])
    op.create_index(op.f("ix_paiement_carte_id"), "paiement", ["carte_id"])
    _waiting("etat IN ('prepare', 'inconnu', 'a_authentifier')")
    op.add_column("enregistrement_carte", sa.Column("relance_le", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_enregistrement_carte_ouvert",
        "enregistrement_carte",
        ["demande_le"],
        postgresql_where=sa.text("conclu_le IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_enregistrement_carte_ouvert", "enregistrement_carte")
    op.drop_column("enregistrement_carte", "relance_le")
    _waiting("etat IN ('prepare', 'inconnu')")
    op.drop_column("paiement", "relance_le")
    op.drop_column("paiement", "carte_id")


def _waiting(where: str) -> None:
    op.drop_index("ix_paiement_en_suspens", "paiement")
    op.create_index("ix_paiement_en_suspens", "paiement", ["demande_le"], postgresql_where=sa.text(where))
