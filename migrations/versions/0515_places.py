"""The waiting list, the notices of a term, how many places a maison had when, and who acts in a household's name.

The database writes down each change of a maison's places itself, whoever makes it: with it one can tell a maison that
was made smaller around those it serves from one that was oversold.
"""

import sqlalchemy as sa
from alembic import op

revision = "0515"
down_revision = "0513"
branch_labels = None
depends_on = None

OUVERTE = sa.text("etat IN ('en_attente', 'offerte')")

PLACES = """
CREATE FUNCTION note_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR OLD.places <> NEW.places THEN
        INSERT INTO maison_places (maison_id, places, depuis) VALUES (NEW.id, NEW.places, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_places AFTER INSERT OR UPDATE OF places ON maison FOR EACH ROW EXECUTE FUNCTION note_places();
INSERT INTO maison_places (maison_id, places, depuis) SELECT id, places, clock_timestamp() FROM maison ORDER BY id;
"""


def upgrade() -> None:
    _attente()
    op.create_table(
        "maison_places",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["maison_id"], ["maison.id"], name=op.f("fk_maison_places_maison_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maison_places")),
    )
    op.create_index("ix_maison_places_lecture", "maison_places", ["maison_id", "id"])
    op.create_table(
        "avis_terme",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("abonnement_id", sa.BigInteger(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.Column("semaines", sa.SmallInteger(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("semaines IN (1, 3)", name=op.f("ck_avis_terme_semaines")),
        sa.ForeignKeyConstraint(
            ["abonnement_id"], ["abonnement.id"], name=op.f("fk_avis_terme_abonnement_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avis_terme")),
        sa.UniqueConstraint("abonnement_id", "fin", "semaines", name=op.f("uq_avis_terme_abonnement_id_fin_semaines")),
    )
    op.add_column(
        "abonnement_version", sa.Column("quitte", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("abonnement_version", sa.Column("attente_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "abonnement_version",
        sa.Column("ecrite_le", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    )
    op.create_foreign_key(
        op.f("fk_abonnement_version_attente_id"),
        "abonnement_version",
        "attente",
        ["attente_id"],
        ["id"],
        ondelete="SET NULL",
    )
    for table in ("abonnement_version", "pause", "choix"):
        op.add_column(table, sa.Column("par", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_par"), table, "compte", ["par"], ["id"], ondelete="SET NULL")
    op.execute(PLACES)


def _attente() -> None:
    op.create_table(
        "attente",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("nombre", sa.SmallInteger(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("etat", sa.String(), server_default="en_attente", nullable=False),
        sa.Column("offerte_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tenue_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("nombre BETWEEN 1 AND 2", name=op.f("ck_attente_nombre")),
        sa.CheckConstraint(
            "etat IN ('en_attente', 'offerte', 'acceptee', 'declinee', 'expiree', 'retiree')",
            name=op.f("ck_attente_etat"),
        ),
        sa.CheckConstraint(
            "(offerte_le IS NULL) = (expire_le IS NULL) AND (offerte_le IS NULL) = (tenue_le IS NULL)",
            name=op.f("ck_attente_offre"),
        ),
        sa.CheckConstraint("offerte_le < expire_le", name=op.f("ck_attente_delai")),
        sa.CheckConstraint(
            "CASE etat WHEN 'en_attente' THEN offerte_le IS NULL WHEN 'retiree' THEN offerte_le IS NULL"
            " WHEN 'acceptee' THEN true ELSE offerte_le IS NOT NULL END",
            name=op.f("ck_attente_offerte"),
        ),
        sa.CheckConstraint("(etat IN ('en_attente', 'offerte')) = (close_le IS NULL)", name=op.f("ck_attente_close")),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name=op.f("fk_attente_foyer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_attente_maison_id")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_attente_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["close_par"], ["compte.id"], name=op.f("fk_attente_close_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attente")),
    )
    op.create_index(op.f("ix_attente_foyer_id"), "attente", ["foyer_id"])
    op.create_index("uq_attente_ouverte", "attente", ["foyer_id"], unique=True, postgresql_where=OUVERTE)
    op.create_index("ix_attente_rang", "attente", ["maison_id", "depuis", "id"], postgresql_where=OUVERTE)


def downgrade() -> None:
    op.execute("DROP TRIGGER note_places ON maison")
    op.execute("DROP FUNCTION note_places()")
    for table in ("choix", "pause", "abonnement_version"):
        op.drop_column(table, "par")
    for column in ("ecrite_le", "attente_id", "quitte"):
        op.drop_column("abonnement_version", column)
    op.drop_table("avis_terme")
    op.drop_table("maison_places")
    op.drop_table("attente")
