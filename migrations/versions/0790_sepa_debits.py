"""SEPA debits: mandates, the notice before each debit, and a bank that answers within a fortnight."""

import sqlalchemy as sa
from alembic import op

revision = "0790"
down_revision = "0780"
branch_labels = None
depends_on = None

ETATS = "'prepare', 'inconnu', 'a_authentifier', 'refuse', 'reussi', 'abandonne'"


def upgrade() -> None:
    op.create_table(
        "mandat",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("stripe_id", sa.String(), nullable=False),
        sa.Column("mandat_stripe", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("derniers_chiffres", sa.String(), nullable=False),
        sa.Column("signe_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mandat"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_mandat_foyer_id", ondelete="CASCADE"),
        sa.UniqueConstraint("stripe_id", name="uq_mandat_stripe_id"),
    )
    op.create_index(
        "uq_mandat_en_usage", "mandat", ["foyer_id"], unique=True, postgresql_where=sa.text("retire_le IS NULL")
    )
    for name, kind, default in (
        ("preavis_jours", sa.SmallInteger(), "2"),
        ("preavis_courrier_jours", sa.SmallInteger(), "14"),
        ("reprise_sepa", sa.Boolean(), "false"),
    ):
        op.add_column("condition_en_ligne", sa.Column(name, kind, server_default=default, nullable=False))
    _exiger("condition_en_ligne", "preavis", "preavis_jours >= 2 AND preavis_courrier_jours >= preavis_jours")
    op.add_column("enregistrement_carte", sa.Column("moyen", sa.String(), server_default="carte", nullable=False))
    _exiger("enregistrement_carte", "moyen", "moyen IN ('carte', 'sepa')")
    op.add_column("paiement", sa.Column("mandat_id", sa.BigInteger(), nullable=True))
    op.add_column("paiement", sa.Column("preavis_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("paiement", sa.Column("pas_avant", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE paiement ADD CONSTRAINT fk_paiement_mandat_id FOREIGN KEY (mandat_id)"
        " REFERENCES mandat (id) NOT VALID"
    )
    _exiger("paiement", "etat", f"etat IN ({ETATS}, 'en_cours')")
    for table in ("reglement", "echeance"):
        _exiger(table, "mode", "mode IN ('carte', 'sepa', 'maison')")
    with op.get_context().autocommit_block():
        for table, name in (
            ("condition_en_ligne", "ck_condition_en_ligne_preavis"),
            ("enregistrement_carte", "ck_enregistrement_carte_moyen"),
            ("paiement", "fk_paiement_mandat_id"),
            ("paiement", "ck_paiement_etat"),
            ("reglement", "ck_reglement_mode"),
            ("echeance", "ck_echeance_mode"),
        ):
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        _indexer("ix_paiement_mandat_id", "mandat_id", None)
        _indexer("ix_paiement_en_cours", "demande_le", "etat = 'en_cours'")


def _exiger(table: str, name: str, rule: str) -> None:
    """Another rule under the same name, for new rows at once; the old ones are checked without holding the table."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule}) NOT VALID")


def _indexer(name: str, column: str, where: str | None) -> None:
    op.create_index(
        name,
        "paiement",
        [column],
        postgresql_where=sa.text(where) if where else None,
        postgresql_concurrently=True,
        if_not_exists=True,
    )


def downgrade() -> None:
    # The code of before knows cards and maisons only; what a bank has not answered yet is read again at Stripe.
    for table in ("reglement", "echeance"):
        op.execute(
            sa.update(sa.table(table, sa.column("mode"))).where(sa.column("mode") == "sepa").values(mode="maison")
        )
        _exiger(table, "mode", "mode IN ('carte', 'maison')")
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_mode")
    op.execute(
        "INSERT INTO paiement_etape (paiement_id, de, vers, cause)"
        " SELECT id, 'en_cours', 'abandonne', 'retour en arriere' FROM paiement WHERE etat = 'en_cours'"
    )
    op.execute("UPDATE paiement SET etat = 'abandonne', conclu_le = now() WHERE etat = 'en_cours'")
    op.drop_index("ix_paiement_en_cours", "paiement")
    for column in ("pas_avant", "preavis_le", "mandat_id"):
        op.drop_column("paiement", column)
    _exiger("paiement", "etat", f"etat IN ({ETATS})")
    op.execute("ALTER TABLE paiement VALIDATE CONSTRAINT ck_paiement_etat")
    op.drop_column("enregistrement_carte", "moyen")
    op.drop_constraint("ck_condition_en_ligne_preavis", "condition_en_ligne")
    for column in ("reprise_sepa", "preavis_courrier_jours", "preavis_jours"):
        op.drop_column("condition_en_ligne", column)
    op.drop_table("mandat")
