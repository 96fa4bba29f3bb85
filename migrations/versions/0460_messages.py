"""Each message to a household is written once, by its channel; letters, calls and preferences."""

import sqlalchemy as sa
from alembic import op

revision = "0460"
down_revision = "0450"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail", sa.Column("unsubscribe", sa.String(), nullable=True))
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("cle", sa.String(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("modele", sa.String(), nullable=False),
        sa.Column("sorte", sa.String(), nullable=False),
        sa.Column("voie", sa.String(), nullable=False),
        sa.Column("ecrit_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utile_jusqu_au", sa.Date(), nullable=True),
        sa.CheckConstraint("sorte IN ('service', 'avant_cloture', 'retrait')", name=op.f("ck_message_sorte")),
        sa.CheckConstraint("voie IN ('courriel', 'lettre', 'appel', 'aucune')", name=op.f("ck_message_voie")),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name=op.f("fk_message_foyer_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("cle", name=op.f("uq_message_cle")),
    )
    op.create_index(op.f("ix_message_foyer_id"), "message", ["foyer_id"])
    op.create_table(
        "liasse",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("nature", sa.String(), nullable=False),
        sa.Column("demandee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("demandee_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("nature IN ('lettres', 'appels')", name=op.f("ck_liasse_nature")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_liasse_maison_id")),
        sa.ForeignKeyConstraint(
            ["demandee_par"], ["compte.id"], name=op.f("fk_liasse_demandee_par"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liasse")),
    )
    op.create_index(op.f("ix_liasse_maison_id"), "liasse", ["maison_id"])
    op.create_table(
        "lettre",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("texte", sa.String(), nullable=False),
        sa.Column("liasse_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_lettre_message_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["liasse_id"], ["liasse.id"], name=op.f("fk_lettre_liasse_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_lettre")),
    )
    op.create_index(op.f("ix_lettre_liasse_id"), "lettre", ["liasse_id"])
    op.create_index("ix_lettre_a_imprimer", "lettre", ["message_id"], postgresql_where=sa.text("liasse_id IS NULL"))
    op.create_table(
        "appel",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("objet", sa.String(), nullable=False),
        sa.Column("texte", sa.String(), nullable=False),
        sa.Column("fait_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_appel_message_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_appel")),
    )
    op.create_index("ix_appel_a_faire", "appel", ["message_id"], postgresql_where=sa.text("fait_le IS NULL"))
    op.create_table(
        "appel_essai",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appel_id", sa.BigInteger(), nullable=False),
        sa.Column("resultat", sa.String(), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "resultat IN ('appele', 'pas_de_reponse', 'a_rappeler')", name=op.f("ck_appel_essai_resultat")
        ),
        sa.ForeignKeyConstraint(
            ["appel_id"], ["appel.message_id"], name=op.f("fk_appel_essai_appel_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_appel_essai_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appel_essai")),
    )
    op.create_index(op.f("ix_appel_essai_appel_id"), "appel_essai", ["appel_id"])
    op.create_table(
        "preference_message",
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("sorte", sa.String(), nullable=False),
        sa.Column("recoit", sa.Boolean(), nullable=False),
        sa.Column("changee_le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sorte IN ('avant_cloture', 'retrait')", name=op.f("ck_preference_message_sorte")),
        sa.ForeignKeyConstraint(
            ["foyer_id"], ["foyer.id"], name=op.f("fk_preference_message_foyer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("foyer_id", "sorte", name=op.f("pk_preference_message")),
    )


def downgrade() -> None:
    for table in ("preference_message", "appel_essai", "appel", "lettre", "liasse", "message"):
        op.drop_table(table)
    op.drop_column("mail", "unsubscribe")
