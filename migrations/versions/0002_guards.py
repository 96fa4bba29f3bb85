"""What the database itself refuses, and the bell it rings.

The ledger and the logs of steps only grow; an entry's movements, inserted by one statement, sum to zero; a basket's
frozen columns stay; a choice is made before its week's cut-off; a new fact notifies the relay when it is committed.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

GROWING = ("ecriture", "mouvement", "paiement_etape", "semaine_etape", "retrait", "lecture_qf")

FUNCTIONS = """
CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION mouvements_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong bigint;
BEGIN
    SELECT ecriture_id INTO wrong FROM added GROUP BY ecriture_id HAVING sum(montant) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the movements of entry % do not sum to zero', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION panier_stays_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.abonnement_id, OLD.semaine_id, OLD.foyer_id, OLD.maison_id, OLD.nombre, OLD.prix, OLD.tranche, OLD.cout, OLD.bon)
       IS DISTINCT FROM
       (NEW.abonnement_id, NEW.semaine_id, NEW.foyer_id, NEW.maison_id, NEW.nombre, NEW.prix, NEW.tranche, NEW.cout, NEW.bon)
    THEN
        RAISE EXCEPTION 'what the closing froze in a basket stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION choix_before_cutoff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM semaine WHERE id = NEW.semaine_id AND etat = 'ouverte' AND NEW.fait_le < cloture_le;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a choice is made before the cut-off' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION ring_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('outbox', '');
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER mouvements_balance AFTER INSERT ON mouvement REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION mouvements_balance();
CREATE TRIGGER panier_stays_frozen BEFORE UPDATE ON panier FOR EACH ROW EXECUTE FUNCTION panier_stays_frozen();
CREATE TRIGGER choix_before_cutoff BEFORE INSERT OR UPDATE ON choix FOR EACH ROW EXECUTE FUNCTION choix_before_cutoff();
CREATE TRIGGER ring_outbox AFTER INSERT ON outbox_fact FOR EACH STATEMENT EXECUTE FUNCTION ring_outbox();
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for table in GROWING:
        op.execute(
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION only_grows()"
        )
        op.execute(
            f"CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
        )


def downgrade() -> None:
    for table in GROWING:
        op.execute(f"DROP TRIGGER never_emptied ON {table}")
        op.execute(f"DROP TRIGGER only_grows ON {table}")
    for trigger, table in (
        ("ring_outbox", "outbox_fact"),
        ("choix_before_cutoff", "choix"),
        ("panier_stays_frozen", "panier"),
        ("mouvements_balance", "mouvement"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in ("ring_outbox", "choix_before_cutoff", "panier_stays_frozen", "mouvements_balance", "only_grows"):
        op.execute(f"DROP FUNCTION {function}()")
