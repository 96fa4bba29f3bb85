"""The régie de recettes: its act, its tills, its receipts without gap; and the role of who answers for them."""

import sqlalchemy as sa
from alembic import op

revision = "0710"
down_revision = "0700"
branch_labels = None
depends_on = None

ROLES = "'habitant', 'agent', 'benevole', 'coordination', 'producteur', 'administration'"
COMPTES = "'foyer', 'stripe', 'achats', 'producteurs', 'participation_ccas', 'billetterie', 'adhesions'"
DE_LA_REGIE = "'caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse', 'tresor', 'titres'"


def upgrade() -> None:
    _exiger("compte", "role", f"role IN ({ROLES}, 'regisseur')")
    _exiger("mouvement", "compte", f"compte IN ({COMPTES}, {DE_LA_REGIE})")
    _exiger(
        "mouvement", "tiers", "compte NOT IN ('caisse', 'cheques', 'cap', 'tpe', 'ecart_caisse') OR tiers IS NOT NULL"
    )
    _acte()
    _caisses()
    _quittances()
    with op.get_context().autocommit_block():
        # Not which accounts there are: entries on those of a later step stay when one steps back (0890 checks them all).
        for table, name in (("compte", "role"), ("mouvement", "tiers")):
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")
        op.create_index(
            "ix_mouvement_tiers",
            "mouvement",
            ["tiers", "compte"],
            postgresql_where=sa.text("tiers IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def _exiger(table: str, name: str, rule: str) -> None:
    """Another rule under the same name, for new rows at once; the old ones are checked without holding the table."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({rule}) NOT VALID")


def _acte() -> None:
    op.create_table(
        "regie",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regie"),
        sa.UniqueConstraint("code", name="uq_regie_code"),
        sa.CheckConstraint("code ~ '^[A-Z]{2,6}$'", name="ck_regie_code"),
    )
    op.create_table(
        "acte_regie",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("regie_id", sa.BigInteger(), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("regisseur", sa.String(), nullable=False),
        sa.Column("suppleant", sa.String(), nullable=False),
        sa.Column("moyens", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("rendu_monnaie", sa.Boolean(), nullable=False),
        sa.Column("especes_max", sa.Integer(), nullable=False),
        sa.Column("versement_jours", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acte_regie"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_acte_regie_regie_id"),
        sa.UniqueConstraint("regie_id", "effet_le", name="uq_acte_regie_regie_id_effet_le"),
        sa.CheckConstraint(
            "moyens <@ ARRAY['especes', 'cheque', 'carte', 'cap', 'en_ligne']", name="ck_acte_regie_moyens"
        ),
        sa.CheckConstraint("especes_max > 0", name="ck_acte_regie_especes_max"),
        sa.CheckConstraint("versement_jours BETWEEN 1 AND 366", name="ck_acte_regie_versement_jours"),
    )


def _caisses() -> None:
    op.create_table(
        "caisse",
        sa.Column("maison_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("regie_id", sa.BigInteger(), nullable=False),
        sa.Column("fonds", sa.Integer(), nullable=False),
        sa.Column("plafond", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("maison_id", name="pk_caisse"),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name="fk_caisse_maison_id"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_caisse_regie_id"),
        sa.CheckConstraint("fonds >= 0", name="ck_caisse_fonds"),
        sa.CheckConstraint("plafond > fonds", name="ck_caisse_plafond"),
    )
    op.create_index("ix_caisse_regie_id", "caisse", ["regie_id"])
    op.create_table(
        "mandataire",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("compte_id", sa.BigInteger(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jusqu_a", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mandataire"),
        sa.ForeignKeyConstraint(["maison_id"], ["caisse.maison_id"], name="fk_mandataire_maison_id"),
        sa.ForeignKeyConstraint(["compte_id"], ["compte.id"], name="fk_mandataire_compte_id", ondelete="CASCADE"),
    )
    op.create_index("ix_mandataire_compte_id", "mandataire", ["compte_id"])
    op.create_index(
        "uq_mandataire",
        "mandataire",
        ["maison_id", "compte_id"],
        unique=True,
        postgresql_where=sa.text("jusqu_a IS NULL"),
    )


def _quittances() -> None:
    op.create_table(
        "compteur_regie",
        sa.Column("regie_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("serie", sa.String(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("dernier", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("regie_id", "serie", "annee", name="pk_compteur_regie"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_compteur_regie_regie_id"),
        sa.CheckConstraint("serie IN ('quittance', 'versement')", name="ck_compteur_regie_serie"),
    )
    op.create_table(
        "quittance",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("regie_id", sa.BigInteger(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("numero", sa.Integer(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("moyen", sa.String(), nullable=False),
        sa.Column("montant", sa.Integer(), nullable=False),
        sa.Column("donne", sa.Integer(), nullable=False),
        sa.Column("rendu", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("derogation", sa.String(), nullable=True),
        sa.Column("annule_id", sa.BigInteger(), nullable=True),
        sa.Column("motif", sa.String(), nullable=True),
        sa.Column("cle", sa.Uuid(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("emise_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_quittance"),
        sa.ForeignKeyConstraint(["regie_id"], ["regie.id"], name="fk_quittance_regie_id"),
        sa.ForeignKeyConstraint(["maison_id"], ["caisse.maison_id"], name="fk_quittance_maison_id"),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name="fk_quittance_foyer_id"),
        sa.ForeignKeyConstraint(["annule_id"], ["quittance.id"], name="fk_quittance_annule_id"),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name="fk_quittance_par"),
        sa.UniqueConstraint("regie_id", "annee", "numero", name="uq_quittance_numero"),
        sa.UniqueConstraint("annule_id", name="uq_quittance_annule_id"),
        sa.UniqueConstraint("cle", name="uq_quittance_cle"),
        sa.CheckConstraint("moyen IN ('especes', 'cheque', 'carte', 'cap')", name="ck_quittance_moyen"),
        sa.CheckConstraint("montant <> 0 AND (annule_id IS NULL) = (montant > 0)", name="ck_quittance_montant"),
        sa.CheckConstraint("(annule_id IS NULL) = (motif IS NULL)", name="ck_quittance_motif"),
        sa.CheckConstraint("donne - rendu = montant AND (rendu = 0 OR moyen = 'especes')", name="ck_quittance_rendu"),
    )
    op.create_index("ix_quittance_foyer_id", "quittance", ["foyer_id"])
    op.create_index("ix_quittance_maison", "quittance", ["maison_id", "jour"])
    op.execute(
        "CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON quittance FOR EACH ROW EXECUTE FUNCTION only_grows()"
    )
    op.execute(
        "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON quittance FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    for table in ("quittance", "compteur_regie", "mandataire", "caisse", "acte_regie", "regie"):
        op.drop_table(table)
    op.drop_index("ix_mouvement_tiers", table_name="mouvement")
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT ck_mouvement_tiers")
    op.execute("UPDATE compte SET role = 'administration' WHERE role = 'regisseur'")
    # A ledger never loses an entry: those of the tills stay, and the rule holds for what is written from now on.
    _exiger("mouvement", "compte", f"compte IN ({COMPTES})")
    _exiger("compte", "role", f"role IN ({ROLES})")
    op.execute("ALTER TABLE compte VALIDATE CONSTRAINT ck_compte_role")
