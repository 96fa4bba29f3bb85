"""Baskets given to solidarity, credited at times; what is missing at a maison, seen by the coordination."""

import sqlalchemy as sa
from alembic import op

revision = "0720"
down_revision = "0710"
branch_labels = None
depends_on = None

NATURES = "nature IN ('pas_cette_semaine', 'autre_maison', 'comme_d_habitude'{})"
ETATS = "etat IN ('a_remettre', 'remis', 'non_retire', 'annule'{})"


def upgrade() -> None:
    _replace("choix", "nature", NATURES.format(", 'solidarite'"))
    _replace("panier", "etat", ETATS.format(", 'donne'"))
    op.add_column("panier", sa.Column("a_donner", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("arrivee", sa.Column("vue_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("arrivee", sa.Column("vue_par", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_arrivee_vue_par", "arrivee", "compte", ["vue_par"], ["id"], ondelete="SET NULL")
    op.create_table(
        "don",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("panier_id", sa.BigInteger(), nullable=False),
        sa.Column("a", sa.String(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("annule_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_don"),
        sa.ForeignKeyConstraint(["panier_id"], ["panier.id"], name="fk_don_panier_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_don_par", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["annule_id"], ["don.id"], name="fk_don_annule_id"),
        sa.UniqueConstraint("annule_id", name="uq_don_annule_id"),
        sa.CheckConstraint("(annule_id IS NULL) = (a IS NOT NULL)", name="ck_don_a_qui"),
    )
    op.create_index("ix_don_panier_id", "don", ["panier_id"])
    op.execute("CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON don FOR EACH ROW EXECUTE FUNCTION only_grows()")
    op.execute("CREATE TRIGGER never_emptied BEFORE TRUNCATE ON don FOR EACH STATEMENT EXECUTE FUNCTION only_grows()")
    op.execute(
        "CREATE TRIGGER a_donner_stays_frozen BEFORE UPDATE ON panier FOR EACH ROW"
        " WHEN (OLD.a_donner IS DISTINCT FROM NEW.a_donner) EXECUTE FUNCTION only_grows()"
    )
    op.create_table(
        "avoir_panier",
        sa.Column("panier_id", sa.BigInteger(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("panier_id", name="pk_avoir_panier"),
        sa.ForeignKeyConstraint(["panier_id"], ["panier.id"], name="fk_avoir_panier_panier_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_avoir_panier_par", ondelete="SET NULL"),
    )


def downgrade() -> None:
    """What was given counts as not fetched, as it did before; a wish to give, as no wish."""
    op.execute("DROP TRIGGER a_donner_stays_frozen ON panier")
    op.drop_table("avoir_panier")
    op.drop_table("don")
    op.drop_column("arrivee", "vue_par")
    op.drop_column("arrivee", "vue_le")
    op.drop_column("panier", "a_donner")
    op.execute("UPDATE panier SET etat = 'non_retire' WHERE etat = 'donne'")
    op.execute("ALTER TABLE choix DISABLE TRIGGER choix_before_cutoff")  # it refuses any change to a closed week's wish
    op.execute("UPDATE choix SET nature = 'comme_d_habitude' WHERE nature = 'solidarite'")
    op.execute("ALTER TABLE choix ENABLE TRIGGER choix_before_cutoff")
    _replace("panier", "etat", ETATS.format(""))
    _replace("choix", "nature", NATURES.format(""))


def _replace(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
