"""Seats are counted in one pass however young the table, and once for a whole group; four checks by their own names.

While nobody has counted a table for the planner, it takes it for empty. The index of replaced seats held every seat
(most replace nobody), and a seat looked for in it was compared with each of them: a thousand seats, a million times.
"""

import sqlalchemy as sa
from alembic import op

revision = "0910"
down_revision = "0900"
branch_labels = None
depends_on = None

# `seats`: the rows of the statement, where it has told them; else the row itself.
COUNTED = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wanted bigint; had integer; held integer;
BEGIN
    {each}
    SELECT places INTO had FROM sortie WHERE id = wanted FOR NO KEY UPDATE;
    SELECT count(*) INTO held FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id
     WHERE p.sortie_id = wanted AND p.annulee_le IS NULL AND i.etat IN ('offerte', 'confirmee')
       AND {not_replaced};
    IF held > had THEN
        RAISE EXCEPTION 'outing % has % seats, and % would be held', wanted, had, held USING ERRCODE = 'check_violation';
    END IF;
    {done}
    RETURN NULL;
END $$
"""
ONE_ROW = "IF TG_TABLE_NAME = 'sortie' THEN wanted := NEW.id; ELSE wanted := NEW.sortie_id; END IF;"
EACH_OUTING = "FOR wanted IN SELECT DISTINCT sortie_id FROM seats ORDER BY sortie_id LOOP"
NOT_REPLACED = "p.id NOT IN (SELECT remplace_id FROM place_sortie WHERE remplace_id IS NOT NULL AND annulee_le IS NULL)"
FORMERLY = "NOT EXISTS (SELECT FROM place_sortie r WHERE r.remplace_id = p.id AND r.annulee_le IS NULL)"

TRIGGER = "CREATE TRIGGER places_never_oversold AFTER {when} ON place_sortie"
CHANGED = "UPDATE OF annulee_le, sortie_id, inscription_id, remplace_id"

NAMES = {
    "operation_stripe": ["nature"],
    "ecart_rapprochement": ["ecart", "trace"],
    "tirage_journal": ["periode"],
}


def upgrade() -> None:
    _index("annulee_le IS NULL AND remplace_id IS NOT NULL")
    op.execute(COUNTED.format(name="places_never_oversold", each=ONE_ROW, not_replaced=NOT_REPLACED, done=""))
    op.execute(
        COUNTED.format(name="seats_never_oversold", each=EACH_OUTING, not_replaced=NOT_REPLACED, done="END LOOP;")
    )
    op.execute("DROP TRIGGER places_never_oversold ON place_sortie")
    op.execute(f"{TRIGGER.format(when=CHANGED)} FOR EACH ROW EXECUTE FUNCTION places_never_oversold()")
    op.execute(
        "CREATE TRIGGER seats_never_oversold AFTER INSERT ON place_sortie"
        " REFERENCING NEW TABLE AS seats FOR EACH STATEMENT EXECUTE FUNCTION seats_never_oversold()"
    )
    for table, names in NAMES.items():
        for name in names:
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT ck_{table}_ck_{table}_{name} TO ck_{table}_{name}")


def downgrade() -> None:
    for table, names in NAMES.items():
        for name in names:
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT ck_{table}_{name} TO ck_{table}_ck_{table}_{name}")
    op.execute("DROP TRIGGER seats_never_oversold ON place_sortie")
    op.execute("DROP FUNCTION seats_never_oversold()")
    op.execute("DROP TRIGGER places_never_oversold ON place_sortie")
    op.execute(f"{TRIGGER.format(when='INSERT OR ' + CHANGED)} FOR EACH ROW EXECUTE FUNCTION places_never_oversold()")
    op.execute(COUNTED.format(name="places_never_oversold", each=ONE_ROW, not_replaced=FORMERLY, done=""))
    _index("annulee_le IS NULL")


def _index(where: str) -> None:
    op.drop_index("uq_place_sortie_remplace", "place_sortie")
    op.create_index(
        "uq_place_sortie_remplace", "place_sortie", ["remplace_id"], unique=True, postgresql_where=sa.text(where)
    )
