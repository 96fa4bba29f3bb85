"""A hand-out may be moved, cancelled, or taken in by another maison; maisons have closing days.

A basket may then change maison, but only by a decision that the database has seen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0450"
down_revision = "0301"
branch_labels = None
depends_on = None

STAYS_FROZEN = """
CREATE OR REPLACE FUNCTION panier_stays_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.abonnement_id, OLD.semaine_id, OLD.foyer_id, {maison_old}OLD.nombre, OLD.prix, OLD.tranche, OLD.cout, OLD.bon)
       IS DISTINCT FROM
       (NEW.abonnement_id, NEW.semaine_id, NEW.foyer_id, {maison_new}NEW.nombre, NEW.prix, NEW.tranche, NEW.cout, NEW.bon)
    THEN
        RAISE EXCEPTION 'what the closing froze in a basket stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;{decided}
    RETURN NEW;
END $$;
"""
DECIDED = """
    IF OLD.maison_id <> NEW.maison_id AND NOT EXISTS (
        SELECT 1 FROM panier_decision d JOIN distribution a ON a.id = d.distribution_id
         WHERE d.panier_id = NEW.id AND d.de_maison_id = OLD.maison_id AND a.chez_id = NEW.maison_id)
    THEN
        RAISE EXCEPTION 'a basket goes to another maison by a decision' USING ERRCODE = 'integrity_constraint_violation';
    END IF;"""


def upgrade() -> None:
    op.create_table(
        "distribution",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("semaine_id", sa.BigInteger(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=True),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=True),
        sa.Column("debut", sa.Time(), nullable=True),
        sa.Column("fin", sa.Time(), nullable=True),
        sa.Column("chez_id", sa.BigInteger(), nullable=True),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("etat_semaine", sa.String(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jusqu_a", sa.DateTime(timezone=True), nullable=True),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "nature IN ('deplacee', 'annulee', 'accueillie', 'retablie')", name=op.f("ck_distribution_nature")
        ),
        sa.CheckConstraint("(nature = 'deplacee') = (jour IS NOT NULL)", name=op.f("ck_distribution_jour")),
        sa.CheckConstraint(
            "(debut IS NULL) = (fin IS NULL) AND (debut IS NULL OR jour IS NOT NULL)",
            name=op.f("ck_distribution_heures"),
        ),
        sa.CheckConstraint("debut < fin", name=op.f("ck_distribution_duree")),
        sa.CheckConstraint(
            "(nature = 'accueillie') = (chez_id IS NOT NULL) AND (chez_id IS NULL OR chez_id <> maison_id)",
            name=op.f("ck_distribution_chez"),
        ),
        sa.CheckConstraint("nature <> 'accueillie' OR maison_id IS NOT NULL", name=op.f("ck_distribution_accueillie")),
        sa.CheckConstraint("jusqu_a IS NULL OR depuis <= jusqu_a", name=op.f("ck_distribution_ordre")),
        sa.ForeignKeyConstraint(["semaine_id"], ["semaine.id"], name=op.f("fk_distribution_semaine_id")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_distribution_maison_id")),
        sa.ForeignKeyConstraint(["chez_id"], ["maison.id"], name=op.f("fk_distribution_chez_id")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_distribution_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_distribution")),
    )
    op.create_index(
        "uq_distribution_en_vigueur",
        "distribution",
        ["semaine_id", "maison_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("jusqu_a IS NULL"),
    )
    op.create_index("ix_distribution_semaine", "distribution", ["semaine_id"])
    op.create_table(
        "panier_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("panier_id", sa.BigInteger(), nullable=False),
        sa.Column("distribution_id", sa.BigInteger(), nullable=False),
        sa.Column("de_maison_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["panier_id"], ["panier.id"], name=op.f("fk_panier_decision_panier_id")),
        sa.ForeignKeyConstraint(
            ["distribution_id"], ["distribution.id"], name=op.f("fk_panier_decision_distribution_id")
        ),
        sa.ForeignKeyConstraint(["de_maison_id"], ["maison.id"], name=op.f("fk_panier_decision_de_maison_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panier_decision")),
        sa.UniqueConstraint("distribution_id", "panier_id", name=op.f("uq_panier_decision_distribution_id_panier_id")),
    )
    op.create_index(op.f("ix_panier_decision_panier_id"), "panier_decision", ["panier_id"])
    op.create_table(
        "fermeture",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=True),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("motif", sa.String(), nullable=False),
        sa.Column("posee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posee_par", sa.BigInteger(), nullable=True),
        sa.Column("levee_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("du <= au", name=op.f("ck_fermeture_ordre")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_fermeture_maison_id")),
        sa.ForeignKeyConstraint(["posee_par"], ["compte.id"], name=op.f("fk_fermeture_posee_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fermeture")),
    )
    op.create_index(op.f("ix_fermeture_maison_id"), "fermeture", ["maison_id"])
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON panier_decision "
        "FOR EACH ROW EXECUTE FUNCTION only_grows()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON panier_decision "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )
    op.execute(STAYS_FROZEN.format(maison_old="", maison_new="", decided=DECIDED))


def downgrade() -> None:
    op.execute(STAYS_FROZEN.format(maison_old="OLD.maison_id, ", maison_new="NEW.maison_id, ", decided=""))
    op.drop_table("fermeture")
    op.drop_table("panier_decision")
    op.drop_table("distribution")
