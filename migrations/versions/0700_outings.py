"""Group outings: the pass, venues, outings, who goes, the evening; and two accounts of the ledger for them.

No seat is sold twice: whatever would hold one makes the database lock the outing and count, and it refuses one too
many, whether or not the application has taken its lock (ADR 0012). Steps only grow.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0700"
down_revision = "0650"
branch_labels = None
depends_on = None

GROWING = ("sortie_etape", "inscription_etape")
COMPTES = ("foyer", "stripe", "achats", "producteurs", "participation_ccas")

TABLES = (
    "place_sortie",
    "inscription_etape",
    "avis_sortie",
    "sortie_quota",
    "sortie_image",
    "sortie_etape",
    "sortie_accompagnateur",
    "reponse_lieu",
    "pass_culture",
    "inscription",
    "groupe_personne",
    "effectif_envoye",
    "contremarque",
    "billets_recus",
    "sortie",
    "groupe",
    "avis_fiscal",
    "lieu",
    "grille_sortie",
    "grille_pass",
)
"""In the order in which they can go."""

PLACES = """
CREATE FUNCTION places_never_oversold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted bigint; had integer; held integer;
BEGIN
    IF TG_TABLE_NAME = 'sortie' THEN wanted := NEW.id; ELSE wanted := NEW.sortie_id; END IF;
    SELECT places INTO had FROM sortie WHERE id = wanted FOR NO KEY UPDATE;
    SELECT count(*) INTO held FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id
     WHERE p.sortie_id = wanted AND p.annulee_le IS NULL AND i.etat IN ('offerte', 'confirmee')
       AND NOT EXISTS (SELECT FROM place_sortie r WHERE r.remplace_id = p.id AND r.annulee_le IS NULL);
    IF held > had THEN
        RAISE EXCEPTION 'outing % has % seats, and % would be held', wanted, had, held USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER places_never_oversold AFTER INSERT OR UPDATE OF annulee_le, sortie_id, inscription_id, remplace_id
    ON place_sortie FOR EACH ROW EXECUTE FUNCTION places_never_oversold();
CREATE TRIGGER places_never_oversold AFTER UPDATE OF etat ON inscription
    FOR EACH ROW WHEN (NEW.etat IN ('offerte', 'confirmee') AND OLD.etat NOT IN ('offerte', 'confirmee'))
    EXECUTE FUNCTION places_never_oversold();
CREATE TRIGGER places_never_oversold AFTER UPDATE OF places ON sortie
    FOR EACH ROW WHEN (NEW.places < OLD.places) EXECUTE FUNCTION places_never_oversold();
"""


def upgrade() -> None:
    op.create_table(
        "grille_pass",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("reduit", sa.Integer(), nullable=False),
        sa.Column("plein", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= reduit AND reduit <= plein AND plein <= 10000", name=op.f("ck_grille_pass_prix")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grille_pass")),
        sa.UniqueConstraint("effet_le", name=op.f("uq_grille_pass_effet_le")),
    )
    op.create_table(
        "grille_sortie",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("forme", sa.String(), nullable=False),
        sa.Column("seuils", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("prix", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "cardinality(prix) = CASE forme WHEN 'unique' THEN 1 WHEN 'statut' THEN 2 ELSE cardinality(seuils) + 1 END",
            name=op.f("ck_grille_sortie_lignes"),
        ),
        sa.CheckConstraint("forme = 'quotient' OR cardinality(seuils) = 0", name=op.f("ck_grille_sortie_seuils")),
        sa.CheckConstraint("forme IN ('unique', 'statut', 'quotient')", name=op.f("ck_grille_sortie_forme")),
        sa.CheckConstraint("0 <= ALL (prix) AND 500 >= ALL (prix)", name=op.f("ck_grille_sortie_prix")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grille_sortie")),
        sa.UniqueConstraint("nom", name=op.f("uq_grille_sortie_nom")),
    )
    op.create_table(
        "lieu",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("adresse", sa.String(), nullable=False),
        sa.Column("code_postal", sa.String(), nullable=False),
        sa.Column("ville", sa.String(), nullable=False),
        sa.Column("acces", sa.String(), server_default="", nullable=False),
        sa.Column("contact", sa.String(), server_default="", nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("telephone", sa.String(), nullable=True),
        sa.Column("noms_demandes", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("actif", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lieu")),
        sa.UniqueConstraint("nom", name=op.f("uq_lieu_nom")),
    )
    op.create_table(
        "avis_fiscal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("nom_confirme", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("partage_confirme", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("vu_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vu_par", sa.BigInteger(), nullable=True),
        sa.Column("valide_jusqu_au", sa.Date(), nullable=False),
        sa.CheckConstraint("annee BETWEEN 2020 AND 2100", name=op.f("ck_avis_fiscal_annee")),
        sa.CheckConstraint("octet_length(empreinte) = 32", name=op.f("ck_avis_fiscal_empreinte")),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name=op.f("fk_avis_fiscal_foyer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["vu_par"], ["compte.id"], name=op.f("fk_avis_fiscal_vu_par"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avis_fiscal")),
        sa.UniqueConstraint("foyer_id", "empreinte", name=op.f("uq_avis_fiscal_foyer_id_empreinte")),
    )
    op.create_index(op.f("ix_avis_fiscal_empreinte"), "avis_fiscal", ["empreinte"])
    op.create_index(op.f("ix_avis_fiscal_foyer_id"), "avis_fiscal", ["foyer_id"])
    op.create_table(
        "groupe",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("referent", sa.String(), server_default="", nullable=False),
        sa.Column("telephone", sa.String(), nullable=True),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cree_par", sa.BigInteger(), nullable=True),
        sa.Column("clos_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cree_par"], ["compte.id"], name=op.f("fk_groupe_cree_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_groupe_maison_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groupe")),
    )
    op.create_index(op.f("ix_groupe_maison_id"), "groupe", ["maison_id"])
    op.create_index(
        "uq_groupe_nom", "groupe", ["maison_id", "nom"], unique=True, postgresql_where=sa.text("clos_le IS NULL")
    )
    op.create_table(
        "sortie",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("titre", sa.String(), nullable=False),
        sa.Column("genre", sa.String(), nullable=False),
        sa.Column("lieu_id", sa.BigInteger(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("grille_id", sa.BigInteger(), nullable=False),
        sa.Column("etat", sa.String(), server_default="brouillon", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("debut_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duree_minutes", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("places_par_foyer", sa.SmallInteger(), server_default="6", nullable=False),
        sa.Column("invites_par_foyer", sa.SmallInteger(), server_default="2", nullable=False),
        sa.Column("cout_place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("privilege", sa.String(), server_default="", nullable=False),
        sa.Column("texte", sa.String(), server_default="", nullable=False),
        sa.Column("rendez_vous_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rendez_vous_lieu", sa.String(), nullable=False),
        sa.Column("acces", sa.String(), server_default="", nullable=False),
        sa.Column("age_minimum", sa.SmallInteger(), nullable=True),
        sa.Column("autorisation_parentale", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("besoins", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("ouverture_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cloture_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annulable_jusqu_a", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quotas_jusqu_a", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annulation_motif", sa.String(), nullable=True),
        sa.Column("creee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creee_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("annulation_motif IS NULL OR etat = 'annulee'", name=op.f("ck_sortie_annulation")),
        sa.CheckConstraint(
            "besoins <@ ARRAY['fauteuil', 'lsf', 'audiodescription', 'calme']::varchar[]",
            name=op.f("ck_sortie_besoins"),
        ),
        sa.CheckConstraint(
            "etat IN ('brouillon', 'publiee', 'close', 'tenue', 'annulee')", name=op.f("ck_sortie_etat")
        ),
        sa.CheckConstraint(
            "genre IN ('theatre', 'musique', 'danse', 'cirque', 'cinema', 'musee', 'patrimoine', 'atelier')",
            name=op.f("ck_sortie_genre"),
        ),
        sa.CheckConstraint("age_minimum BETWEEN 1 AND 17", name=op.f("ck_sortie_age_minimum")),
        sa.CheckConstraint("cout_place BETWEEN 0 AND 100000", name=op.f("ck_sortie_cout_place")),
        sa.CheckConstraint("duree_minutes BETWEEN 15 AND 1440", name=op.f("ck_sortie_duree")),
        sa.CheckConstraint("invites_par_foyer BETWEEN 0 AND 10", name=op.f("ck_sortie_invites_par_foyer")),
        sa.CheckConstraint(
            "ouverture_le < cloture_le AND cloture_le <= rendez_vous_le", name=op.f("ck_sortie_inscriptions")
        ),
        sa.CheckConstraint("places BETWEEN 1 AND 2000", name=op.f("ck_sortie_places")),
        sa.CheckConstraint("places_par_foyer BETWEEN 1 AND 20", name=op.f("ck_sortie_places_par_foyer")),
        sa.CheckConstraint("quotas_jusqu_a < cloture_le", name=op.f("ck_sortie_quotas")),
        sa.CheckConstraint(
            "rendez_vous_le <= debut_le AND annulable_jusqu_a <= rendez_vous_le", name=op.f("ck_sortie_rendez_vous")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_sortie_version")),
        sa.ForeignKeyConstraint(["creee_par"], ["compte.id"], name=op.f("fk_sortie_creee_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["grille_id"], ["grille_sortie.id"], name=op.f("fk_sortie_grille_id")),
        sa.ForeignKeyConstraint(["lieu_id"], ["lieu.id"], name=op.f("fk_sortie_lieu_id")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_sortie_maison_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sortie")),
    )
    op.create_index("ix_sortie_debut", "sortie", ["debut_le"])
    op.create_index(op.f("ix_sortie_lieu_id"), "sortie", ["lieu_id"])
    op.create_index(op.f("ix_sortie_maison_id"), "sortie", ["maison_id"])
    op.create_table(
        "billets_recus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("nombre <> 0", name=op.f("ck_billets_recus_nombre")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_billets_recus_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_billets_recus_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billets_recus")),
    )
    op.create_index(op.f("ix_billets_recus_sortie_id"), "billets_recus", ["sortie_id"])
    op.create_table(
        "contremarque",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("faite_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("faite_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("nombre >= 0", name=op.f("ck_contremarque_nombre")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_contremarque_version")),
        sa.ForeignKeyConstraint(
            ["faite_par"], ["compte.id"], name=op.f("fk_contremarque_faite_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_contremarque_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contremarque")),
        sa.UniqueConstraint("sortie_id", "version", name=op.f("uq_contremarque_sortie_id_version")),
    )
    op.create_table(
        "effectif_envoye",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("jalon", sa.SmallInteger(), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("jalon IN (1, 7)", name=op.f("ck_effectif_envoye_jalon")),
        sa.CheckConstraint("nombre >= 0", name=op.f("ck_effectif_envoye_nombre")),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_effectif_envoye_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effectif_envoye")),
        sa.UniqueConstraint("sortie_id", "jalon", name=op.f("uq_effectif_envoye_sortie_id_jalon")),
    )
    op.create_table(
        "groupe_personne",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("groupe_id", sa.BigInteger(), nullable=False),
        sa.Column("membre_id", sa.BigInteger(), nullable=True),
        sa.Column("prenom", sa.String(), nullable=True),
        sa.Column("nom", sa.String(), nullable=True),
        sa.CheckConstraint("(membre_id IS NULL) = (prenom IS NOT NULL)", name=op.f("ck_groupe_personne_personne")),
        sa.CheckConstraint("(prenom IS NULL) = (nom IS NULL)", name=op.f("ck_groupe_personne_nom")),
        sa.ForeignKeyConstraint(
            ["groupe_id"], ["groupe.id"], name=op.f("fk_groupe_personne_groupe_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["membre_id"], ["membre.id"], name=op.f("fk_groupe_personne_membre_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groupe_personne")),
    )
    op.create_index(op.f("ix_groupe_personne_groupe_id"), "groupe_personne", ["groupe_id"])
    op.create_index("uq_groupe_personne", "groupe_personne", ["groupe_id", "membre_id"], unique=True)
    op.create_table(
        "inscription",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=True),
        sa.Column("groupe_id", sa.BigInteger(), nullable=True),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("etat", sa.String(), nullable=False),
        sa.Column("depuis", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("offerte_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("depassee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ecriture", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(confirmee_le IS NOT NULL) = (etat IN ('confirmee', 'annulee'))", name=op.f("ck_inscription_confirmee")
        ),
        sa.CheckConstraint(
            "(etat IN ('en_attente', 'offerte', 'confirmee')) = (close_le IS NULL)", name=op.f("ck_inscription_close")
        ),
        sa.CheckConstraint(
            "etat IN ('en_attente', 'offerte', 'confirmee', 'annulee', 'declinee', 'expiree', 'retiree')",
            name=op.f("ck_inscription_etat"),
        ),
        sa.CheckConstraint(
            "etat NOT IN ('offerte', 'declinee', 'expiree') OR offerte_le IS NOT NULL",
            name=op.f("ck_inscription_offerte"),
        ),
        sa.CheckConstraint(
            "(offerte_le IS NULL) = (expire_le IS NULL) AND offerte_le < expire_le", name=op.f("ck_inscription_offre")
        ),
        sa.CheckConstraint("foyer_id IS NOT NULL OR groupe_id IS NOT NULL", name=op.f("ck_inscription_pour_qui")),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name=op.f("fk_inscription_foyer_id")),
        sa.ForeignKeyConstraint(["groupe_id"], ["groupe.id"], name=op.f("fk_inscription_groupe_id")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_inscription_maison_id")),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_inscription_par"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_inscription_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inscription")),
        sa.UniqueConstraint("id", "sortie_id", name=op.f("uq_inscription_id_sortie_id")),
    )
    op.create_index(op.f("ix_inscription_foyer_id"), "inscription", ["foyer_id"])
    op.create_index(op.f("ix_inscription_groupe_id"), "inscription", ["groupe_id"])
    op.create_index("ix_inscription_sortie", "inscription", ["sortie_id", "etat", "depuis", "id"])
    op.create_index(
        "uq_inscription_attente",
        "inscription",
        ["sortie_id", "foyer_id"],
        unique=True,
        postgresql_where=sa.text("etat IN ('en_attente', 'offerte')"),
    )
    op.create_table(
        "pass_culture",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("foyer_id", sa.BigInteger(), nullable=False),
        sa.Column("membre_id", sa.BigInteger(), nullable=True),
        sa.Column("saison", sa.SmallInteger(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("prix", sa.Integer(), nullable=False),
        sa.Column("avis_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("delivre_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivre_par", sa.BigInteger(), nullable=True),
        sa.Column("annule_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annule_par", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("annule_par IS NULL OR annule_le IS NOT NULL", name=op.f("ck_pass_culture_annulation")),
        sa.CheckConstraint("du <= au", name=op.f("ck_pass_culture_dates")),
        sa.CheckConstraint("prix BETWEEN 0 AND 10000", name=op.f("ck_pass_culture_prix")),
        sa.ForeignKeyConstraint(
            ["annule_par"], ["compte.id"], name=op.f("fk_pass_culture_annule_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["avis_id"], ["avis_fiscal.id"], name=op.f("fk_pass_culture_avis_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["delivre_par"], ["compte.id"], name=op.f("fk_pass_culture_delivre_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["foyer_id"], ["foyer.id"], name=op.f("fk_pass_culture_foyer_id")),
        sa.ForeignKeyConstraint(
            ["membre_id"], ["membre.id"], name=op.f("fk_pass_culture_membre_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pass_culture")),
        sa.UniqueConstraint("code", name=op.f("uq_pass_culture_code")),
    )
    op.create_index(op.f("ix_pass_culture_foyer_id"), "pass_culture", ["foyer_id"])
    op.create_index(
        "uq_pass_culture",
        "pass_culture",
        ["membre_id", "saison"],
        unique=True,
        postgresql_where=sa.text("annule_le IS NULL"),
    )
    op.create_table(
        "reponse_lieu",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("places >= 0", name=op.f("ck_reponse_lieu_places")),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_reponse_lieu_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reponse_lieu")),
    )
    op.create_index(op.f("ix_reponse_lieu_sortie_id"), "reponse_lieu", ["sortie_id"])
    op.create_table(
        "sortie_accompagnateur",
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("compte_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compte_id"], ["compte.id"], name=op.f("fk_sortie_accompagnateur_compte_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sortie_id"], ["sortie.id"], name=op.f("fk_sortie_accompagnateur_sortie_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sortie_id", "compte_id", name=op.f("pk_sortie_accompagnateur")),
        sa.UniqueConstraint("compte_id", "sortie_id", name=op.f("uq_sortie_accompagnateur_compte_id_sortie_id")),
    )
    op.create_table(
        "sortie_etape",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("de", sa.String(), nullable=False),
        sa.Column("vers", sa.String(), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_sortie_etape_par")),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_sortie_etape_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sortie_etape")),
    )
    op.create_index(op.f("ix_sortie_etape_sortie_id"), "sortie_etape", ["sortie_id"])
    op.create_table(
        "sortie_image",
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("deposee_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sortie_id"], ["sortie.id"], name=op.f("fk_sortie_image_sortie_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sortie_id", name=op.f("pk_sortie_image")),
    )
    op.create_table(
        "sortie_quota",
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("maison_id", sa.BigInteger(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.CheckConstraint("places > 0", name=op.f("ck_sortie_quota_places")),
        sa.ForeignKeyConstraint(["maison_id"], ["maison.id"], name=op.f("fk_sortie_quota_maison_id")),
        sa.ForeignKeyConstraint(
            ["sortie_id"], ["sortie.id"], name=op.f("fk_sortie_quota_sortie_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sortie_id", "maison_id", name=op.f("pk_sortie_quota")),
    )
    op.create_table(
        "avis_sortie",
        sa.Column("inscription_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.SmallInteger(), nullable=False),
        sa.Column("mot", sa.String(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("note BETWEEN 1 AND 4", name=op.f("ck_avis_sortie_note")),
        sa.ForeignKeyConstraint(["inscription_id"], ["inscription.id"], name=op.f("fk_avis_sortie_inscription_id")),
        sa.PrimaryKeyConstraint("inscription_id", name=op.f("pk_avis_sortie")),
    )
    op.create_index("ix_avis_sortie_le", "avis_sortie", ["le"])
    op.create_table(
        "inscription_etape",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inscription_id", sa.BigInteger(), nullable=False),
        sa.Column("de", sa.String(), nullable=True),
        sa.Column("vers", sa.String(), nullable=False),
        sa.Column("par", sa.BigInteger(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["inscription_id"], ["inscription.id"], name=op.f("fk_inscription_etape_inscription_id")
        ),
        sa.ForeignKeyConstraint(["par"], ["compte.id"], name=op.f("fk_inscription_etape_par")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inscription_etape")),
    )
    op.create_index(op.f("ix_inscription_etape_inscription_id"), "inscription_etape", ["inscription_id"])
    op.create_table(
        "place_sortie",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inscription_id", sa.BigInteger(), nullable=False),
        sa.Column("sortie_id", sa.BigInteger(), nullable=False),
        sa.Column("membre_id", sa.BigInteger(), nullable=True),
        sa.Column("prenom", sa.String(), nullable=False),
        sa.Column("nom", sa.String(), nullable=False),
        sa.Column("invite", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("adulte", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("age", sa.SmallInteger(), nullable=True),
        sa.Column("besoins", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("prix", sa.Integer(), nullable=False),
        sa.Column("annulee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annulee_par", sa.BigInteger(), nullable=True),
        sa.Column("presence", sa.String(), nullable=True),
        sa.Column("presence_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("presence_par", sa.BigInteger(), nullable=True),
        sa.Column("presence_motif", sa.String(), nullable=True),
        sa.Column("autorisation_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("autorisation_par", sa.BigInteger(), nullable=True),
        sa.Column("billet_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("billet_par", sa.BigInteger(), nullable=True),
        sa.Column("remplace_id", sa.BigInteger(), nullable=True),
        sa.Column("demandee_le", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "besoins <@ ARRAY['fauteuil', 'lsf', 'audiodescription', 'calme']::varchar[]",
            name=op.f("ck_place_sortie_besoins"),
        ),
        sa.CheckConstraint(
            "presence IN ('presente', 'retard', 'absente', 'excusee')", name=op.f("ck_place_sortie_presence")
        ),
        sa.CheckConstraint("(presence IS NULL) = (presence_le IS NULL)", name=op.f("ck_place_sortie_presence_le")),
        sa.CheckConstraint("age BETWEEN 0 AND 17", name=op.f("ck_place_sortie_age")),
        sa.CheckConstraint("age IS NULL OR NOT adulte", name=op.f("ck_place_sortie_age_d_un_enfant")),
        sa.CheckConstraint(
            "presence_motif IS NULL OR presence IS NOT NULL", name=op.f("ck_place_sortie_presence_motif")
        ),
        sa.CheckConstraint("prix BETWEEN 0 AND 500", name=op.f("ck_place_sortie_prix")),
        sa.ForeignKeyConstraint(
            ["annulee_par"], ["compte.id"], name=op.f("fk_place_sortie_annulee_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["autorisation_par"], ["compte.id"], name=op.f("fk_place_sortie_autorisation_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["billet_par"], ["compte.id"], name=op.f("fk_place_sortie_billet_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["inscription_id", "sortie_id"],
            ["inscription.id", "inscription.sortie_id"],
            name=op.f("fk_place_sortie_inscription_id_sortie_id"),
        ),
        sa.ForeignKeyConstraint(
            ["membre_id"], ["membre.id"], name=op.f("fk_place_sortie_membre_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["presence_par"], ["compte.id"], name=op.f("fk_place_sortie_presence_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["remplace_id"], ["place_sortie.id"], name=op.f("fk_place_sortie_remplace_id")),
        sa.ForeignKeyConstraint(["sortie_id"], ["sortie.id"], name=op.f("fk_place_sortie_sortie_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_sortie")),
    )
    op.create_index(op.f("ix_place_sortie_inscription_id"), "place_sortie", ["inscription_id"])
    op.create_index(op.f("ix_place_sortie_membre_id"), "place_sortie", ["membre_id"])
    op.create_index(
        "uq_place_sortie_membre",
        "place_sortie",
        ["sortie_id", "membre_id"],
        unique=True,
        postgresql_where=sa.text("annulee_le IS NULL"),
    )
    op.execute(PLACES)
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )
    _comptes(*COMPTES, "billetterie", "adhesions")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION places_never_oversold()")
    _comptes(*COMPTES)


def _comptes(*names: str) -> None:
    """The accounts that a movement may be on from now on. A ledger never loses an entry: what a later step wrote on
    accounts of its own stays when one steps back, and is passed over here."""
    listed = ", ".join(f"'{name}'" for name in names)
    op.execute("ALTER TABLE mouvement DROP CONSTRAINT ck_mouvement_compte")
    op.execute(f"ALTER TABLE mouvement ADD CONSTRAINT ck_mouvement_compte CHECK (compte IN ({listed})) NOT VALID")
