"""What venues invoice, an account for it, and the cost of each booked seat, frozen as its price is."""

import sqlalchemy as sa
from alembic import op

revision = "0890"
down_revision = "0880"
branch_labels = None
depends_on = None

COMPTES = (
    "'foyer', 'stripe', 'achats', 'producteurs', 'participation_ccas', 'billetterie', 'adhesions',"
    " 'caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse', 'tresor', 'titres', 'aides', 'frais_stripe', 'banque'"
)

# Each entry of an inscription was booked at one cost for all its seats; who came instead of somebody costs nothing.
COUTS = """
    UPDATE place_sortie p SET cout = CASE WHEN p.remplace_id IS NOT NULL THEN 0 ELSE r.cout / r.nombre END
      FROM (SELECT i.id, greatest(count(DISTINCT q.id), 1) AS nombre,
                   coalesce((SELECT -sum(m.montant) FROM ecriture e
                       JOIN mouvement m ON m.ecriture_id = e.id AND m.compte = 'billetterie'
                      WHERE e.cle = 'sortie:' || i.id || CASE WHEN i.ecriture > 1 THEN ':' || i.ecriture ELSE '' END
                        AND NOT EXISTS (SELECT FROM ecriture c WHERE c.contrepasse_id = e.id)), 0) AS cout
              FROM inscription i
              JOIN place_sortie q ON q.inscription_id = i.id AND q.annulee_le IS NULL AND q.remplace_id IS NULL
             WHERE i.etat = 'confirmee' GROUP BY i.id) r
     WHERE p.inscription_id = r.id AND p.annulee_le IS NULL
"""


def upgrade() -> None:
    op.create_table(
        "facture_lieu",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("lieu_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("datee_du", sa.Date(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("saisie_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saisie_par", sa.BigInteger(), nullable=True),
        sa.Column("reprise_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reprise_par", sa.BigInteger(), nullable=True),
        sa.Column("reprise_motif", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_facture_lieu"),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name="fk_facture_lieu_sortie_id"),
        sa.ForeignKeyConstraint(["lieu_id"], ["lieu.id"], name="fk_facture_lieu_lieu_id"),
        sa.ForeignKeyConstraint(["saisie_par"], ["compte.id"], name="fk_facture_lieu_saisie_par", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["reprise_par"], ["compte.id"], name="fk_facture_lieu_reprise_par", ondelete="SET NULL"
        ),
        sa.CheckConstraint("montant BETWEEN 1 AND 10000000", name=op.f("ck_facture_lieu_montant")),
        sa.CheckConstraint("reference <> ''", name=op.f("ck_facture_lieu_reference")),
        sa.CheckConstraint("(reprise_le IS NULL) = (reprise_motif IS NULL)", name=op.f("ck_facture_lieu_reprise")),
        sa.CheckConstraint("reprise_par IS NULL OR reprise_le IS NOT NULL", name=op.f("ck_facture_lieu_reprise_par")),
    )
    op.create_index("ix_facture_lieu_sortie_id", "facture_lieu", ["sortie_id"])
    op.create_index(
        "uq_facture_lieu_reference",
        "facture_lieu",
        ["sortie_id", "reference"],
        unique=True,
        postgresql_where=sa.text("reprise_le IS NULL"),
    )
    op.add_column("place_sortie", sa.Column("cout", sa.Integer(), nullable=True))
    op.execute(COUTS)
    op.create_check_constraint(op.f("ck_place_sortie_cout"), "place_sortie", "cout BETWEEN 0 AND 100000")
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(
        f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({COMPTES}, 'lieux')) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE mouvement VALIDATE CONSTRAINT ck_mouvement_compte")


def downgrade() -> None:
    # A ledger never loses an entry: those of venues stay, and the rule holds for what is written from now on.
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT IF EXISTS ck_mouvement_compte")
    op.execute(f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({COMPTES})) NOT VALID")
    op.drop_constraint(op.f("ck_place_sortie_cout"), "place_sortie")
    op.drop_column("place_sortie", "cout")
    op.drop_table("facture_lieu")
