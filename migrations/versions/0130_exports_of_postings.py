"""Exports of postings: which entries are in which file, the file itself, and what DATEV needs. Expand-only.

The rows of an export are inserted before it, and it closes them, as documents do (0120). An entry is in one file of a
kind, unless an export says that it repeats: its rows are numbered by turns, and only such an export has turns above 1.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0130"
down_revision = "0129"
branch_labels = None
depends_on = None

# Whether the rows before an export are not what it states.
INCOMPLETE = (
    "(SELECT count(*) <> NEW.entries OR coalesce(max(number), 0) <> NEW.entries OR coalesce(sum(CASE WHEN kind <> NEW.kind THEN 1 ELSE 0 END), 0) <> 0 "
    "OR (NOT NEW.is_again AND coalesce(max(turn), 1) > 1) FROM billing_export_entry WHERE export_id = NEW.id)"
)
GUARDS = (
    Guard(
        "billing_export_entry_turn",
        "billing_export_entry",
        ("INSERT",),
        "NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_export_entry WHERE entry_id = NEW.entry_id "
        "AND kind = NEW.kind AND turn = NEW.turn - 1)",
    ),
)
SQLITE_GUARDS = (
    Guard("billing_export_incomplete", "billing_export", ("INSERT",), INCOMPLETE),
    Guard(
        "billing_export_entry_closed",
        "billing_export_entry",
        ("INSERT",),
        "EXISTS (SELECT 1 FROM billing_export WHERE id = NEW.export_id)",
    ),
)
# At the commit. A row that a second transaction adds has a number that is taken, or one that is too high.
CONSTRAINT_TRIGGERS = (
    ("billing_export_incomplete", "billing_export", INCOMPLETE),
    (
        "billing_export_entry_closed",
        "billing_export_entry",
        "NOT EXISTS (SELECT 1 FROM billing_export WHERE id = NEW.export_id AND entries >= NEW.number)",
    ),
)


def upgrade() -> None:
    terms = op.create_table(
        "billing_datev_terms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("adviser", sa.Integer),
        sa.Column("client", sa.Integer),
        sa.Column("has_member_accounts", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("is_locked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("adviser BETWEEN 1001 AND 9999999", name="adviser"),
        sa.CheckConstraint("client BETWEEN 1 AND 99999", name="client"),
    )
    op.bulk_insert(terms, [{"id": 1, "has_member_accounts": True, "is_locked": False, "revision": 0}])
    _create_exports()
    make_append_only("billing_export", ("id",))
    make_append_only(
        "billing_export_entry", ("export_id", "number"), ("export_id", "entry_id"), ("entry_id", "kind", "turn")
    )
    make_append_only("billing_export_file", ("export_id",))
    for guard in (*GUARDS, *(SQLITE_GUARDS if _is_sqlite() else ())):
        create_guard(guard)
    if not _is_sqlite():
        _create_constraint_triggers()


def downgrade() -> None:
    for guard in (*GUARDS, *(SQLITE_GUARDS if _is_sqlite() else ())):
        drop_guard(guard)
    if not _is_sqlite():
        for name, table, _condition in CONSTRAINT_TRIGGERS:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("billing_export_file", "billing_export_entry", "billing_export"):
        drop_append_only(table)
    for table in ("billing_export_file", "billing_export_entry", "billing_export", "billing_datev_terms"):
        op.drop_table(table)


def _create_exports() -> None:
    op.create_table(
        "billing_export",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("cents", sa.BigInteger, nullable=False),
        sa.Column("is_again", sa.Boolean, nullable=False),
        sa.Column("file_name", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
        sa.Column("made_by", sa.Integer),
        sa.CheckConstraint("kind IN ('datev', 'journal')", name="kind"),
        sa.CheckConstraint("first_day <= last_day", name="days"),
        sa.CheckConstraint("id >= 1 AND entries >= 1", name="id"),
    )
    op.create_table(
        "billing_export_entry",
        sa.Column(
            "export_id",
            sa.Integer,
            sa.ForeignKey("billing_export.id", deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entry_id", sa.Integer, sa.ForeignKey("billing_entry.id"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.CheckConstraint("turn >= 1 AND number >= 1", name="turn"),
        sa.Index("ix_billing_export_entry_once", "export_id", "entry_id", unique=True),
        sa.Index("ix_billing_export_entry_entry_id", "entry_id", "kind", "turn", unique=True),
    )
    op.create_table(
        "billing_export_file",
        sa.Column("export_id", sa.Integer, sa.ForeignKey("billing_export.id"), primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def _create_constraint_triggers() -> None:
    for name, table, condition in CONSTRAINT_TRIGGERS:
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
