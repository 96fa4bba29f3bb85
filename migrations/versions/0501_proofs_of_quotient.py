"""Proofs of quotients wait sealed until an agent has answered; a refusal has its reason; families are reminded once."""

import sqlalchemy as sa
from alembic import op

revision = "0501"
down_revision = "0460"
branch_labels = None
depends_on = None

MOTIFS = "'illisible', 'ancienne', 'autre_document', 'autre_personne', 'sans_montant', 'remplace'"


def upgrade() -> None:
    op.add_column("justificatif_qf", sa.Column("refus_motif", sa.String(), nullable=True))
    op.add_column("justificatif_qf", sa.Column("rappel_preuve_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("justificatif_qf", sa.Column("rappel_fin_le", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_justificatif_qf_motif_d_un_refus"), "justificatif_qf", "refus_motif IS NULL OR refuse_le IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_justificatif_qf_refus_motif"), "justificatif_qf", f"refus_motif IN ({MOTIFS})")
    op.create_index(
        "ix_justificatif_qf_fin",
        "justificatif_qf",
        ["valide_jusqu_au"],
        postgresql_where=sa.text("valide_jusqu_au IS NOT NULL AND rappel_fin_le IS NULL"),
    )
    op.create_table(
        "piece_qf",
        sa.Column("justificatif_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("page", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("image_scellee", sa.LargeBinary(), nullable=False),
        sa.Column("deposee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deposee_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("page BETWEEN 1 AND 4", name=op.f("ck_piece_qf_page")),
        sa.ForeignKeyConstraint(
            ["deposee_par"], ["compte.id"], name=op.f("fk_piece_qf_deposee_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["justificatif_id"],
            ["justificatif_qf.id"],
            name=op.f("fk_piece_qf_justificatif_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("justificatif_id", "page", name=op.f("pk_piece_qf")),
    )
    op.create_index(op.f("ix_piece_qf_deposee_le"), "piece_qf", ["deposee_le"])


def downgrade() -> None:
    op.drop_table("piece_qf")
    op.drop_index("ix_justificatif_qf_fin", "justificatif_qf")
    op.drop_constraint(op.f("ck_justificatif_qf_refus_motif"), "justificatif_qf")
    op.drop_constraint(op.f("ck_justificatif_qf_motif_d_un_refus"), "justificatif_qf")
    for column in ("rappel_fin_le", "rappel_preuve_le", "refus_motif"):
        op.drop_column("justificatif_qf", column)
