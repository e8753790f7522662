"""Documents: numbers without gaps, invoices and cancellations with their lines and sums, their files. Expand-only.

Lines and sums of a document are inserted before it, and it closes them, as entries of the ledger do (0109). A number is
the one after the last of its range, which the database counts itself: a hole cannot be committed.
"""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from migrations.append_only import drop_append_only, make_append_only
from migrations.guards import Guard, create_guard, drop_guard

revision = "0120"
down_revision = "0119"
branch_labels = None
depends_on = None

# Whether what was inserted before a document is not what it states.
UNBALANCED = (
    "(SELECT count(*) <> NEW.lines OR coalesce(max(number), 0) <> NEW.lines OR coalesce(sum(net_cents), 0) <> NEW.net_cents "
    "OR coalesce(sum(gross_cents), 0) <> NEW.gross_cents FROM billing_document_line WHERE document_id = NEW.id) "
    "OR (SELECT count(*) <> NEW.vat_groups OR coalesce(max(number), 0) <> NEW.vat_groups "
    "OR coalesce(sum(net_cents), 0) <> NEW.net_cents OR coalesce(sum(vat_cents), 0) <> NEW.vat_cents "
    "FROM billing_document_vat WHERE document_id = NEW.id)"
)
GUARDS = (
    Guard(
        "billing_document_numbered",
        "billing_document",
        ("INSERT",),
        "NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM billing_document "
        "WHERE series = NEW.series AND year = NEW.year)",
    ),
    Guard("billing_number_counts", "billing_number", ("UPDATE",), "NEW.last <> OLD.last + 1"),
    Guard("billing_number_begins", "billing_number", ("INSERT",), "NEW.last <> 0"),
    Guard("billing_number_stays", "billing_number", ("DELETE",), "OLD.last >= 0"),
    Guard(
        "billing_document_line_turn",
        "billing_document_line",
        ("INSERT",),
        "NEW.turn > 1 AND NOT EXISTS (SELECT 1 FROM billing_document_line WHERE entry_id = NEW.entry_id "
        "AND posting_number = NEW.posting_number AND turn = NEW.turn - 1)",
    ),
)
CLOSED = "EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id)"
SQLITE_GUARDS = (
    Guard("billing_document_unbalanced", "billing_document", ("INSERT",), UNBALANCED),
    Guard("billing_document_line_closed", "billing_document_line", ("INSERT",), CLOSED),
    Guard("billing_document_vat_closed", "billing_document_vat", ("INSERT",), CLOSED),
)
COUNTED = {"billing_document_line": "lines", "billing_document_vat": "vat_groups"}
TEXTS = (
    ("small", date(1990, 1, 1), "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG."),
    ("small", date(2025, 1, 1), "Steuerfrei nach § 19 UStG (Kleinunternehmer)."),
    ("flat_rate", date(1990, 1, 1), "Umsatzsteuer nach dem Durchschnittssatz für Landwirte, § 24 UStG."),
    ("exempt", date(1990, 1, 1), "Steuerfrei nach § 4 UStG."),
    ("outside", date(1990, 1, 1), "Nicht steuerbar: kein Leistungsaustausch im Sinne des UStG."),
)


def upgrade() -> None:
    _create_settings()
    _create_document()
    _create_lines()
    _create_files()
    make_append_only("billing_document", ("id",), ("number",), ("series", "year", "sequence"), ("cancels_id",))
    make_append_only("billing_document_line", ("document_id", "number"), ("entry_id", "posting_number", "turn"))
    make_append_only("billing_document_vat", ("document_id", "number"))
    make_append_only("billing_document_file", ("document_id",))
    for guard in (*GUARDS, *(SQLITE_GUARDS if _is_sqlite() else ())):
        create_guard(guard)
    if not _is_sqlite():
        _create_constraint_triggers()


def downgrade() -> None:
    for guard in (*GUARDS, *(SQLITE_GUARDS if _is_sqlite() else ())):
        drop_guard(guard)
    if not _is_sqlite():
        for name, table in (
            ("billing_document_unbalanced", "billing_document"),
            *((f"{table}_closed", table) for table in COUNTED),
        ):
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("billing_document_file", "billing_document_vat", "billing_document_line", "billing_document"):
        drop_append_only(table)
    for table in (
        "billing_document_sending",
        "billing_document_file",
        "billing_document_vat",
        "billing_document_line",
        "billing_document",
        "billing_vat_text",
        "billing_document_terms",
        "billing_number",
    ):
        op.drop_table(table)


def _create_constraint_triggers() -> None:
    _constraint_trigger("billing_document_unbalanced", "billing_document", UNBALANCED)
    for table, counted in COUNTED.items():
        missing = f"NOT EXISTS (SELECT 1 FROM billing_document WHERE id = NEW.document_id AND {counted} >= NEW.number)"
        _constraint_trigger(f"{table}_closed", table, missing)


def _constraint_trigger(name: str, table: str, condition: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{name}' USING ERRCODE = 'restrict_violation'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def _create_settings() -> None:
    op.create_table(
        "billing_number",
        sa.Column("series", sa.String, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.CheckConstraint("last >= 0", name="last"),
    )
    terms = op.create_table(
        "billing_document_terms",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pay_days", sa.Integer, nullable=False),
        sa.Column("intro", sa.String, nullable=False),
        sa.Column("mail_text", sa.String, nullable=False),
        *(sa.Column(f"{topic}_code", sa.String) for topic in ("use", "share", "advance", "other")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("pay_days BETWEEN 0 AND 365", name="pay_days"),
    )
    op.bulk_insert(terms, [{"id": 1, "pay_days": 14, "intro": "", "mail_text": "", "revision": 0}])
    texts = op.create_table(
        "billing_vat_text",
        sa.Column("reason", sa.String, primary_key=True),
        sa.Column("valid_from", sa.Date, primary_key=True),
        sa.Column("text", sa.String, nullable=False),
        sa.CheckConstraint("reason IN ('small', 'flat_rate', 'exempt', 'outside')", name="reason"),
    )
    op.bulk_insert(texts, [{"reason": reason, "valid_from": since, "text": text} for reason, since, text in TEXTS])


def _create_document() -> None:
    op.create_table(
        "billing_document",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("series", sa.String, nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("number", sa.String, nullable=False, unique=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id"), nullable=False),
        *(
            sa.Column(name, sa.Date, nullable=False)
            for name in ("issued_on", "due_on", "service_from", "service_until")
        ),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in ("net", "vat", "gross")),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("vat_groups", sa.Integer, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("seller", "buyer", "texts")),
        sa.Column("cancels_id", sa.Integer, sa.ForeignKey("billing_document.id"), unique=True),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("issued_by", sa.Integer),
        sa.CheckConstraint("kind IN ('invoice', 'cancellation', 'statement')", name="kind"),
        sa.CheckConstraint("(kind = 'cancellation') = (cancels_id IS NOT NULL)", name="cancels"),
        sa.CheckConstraint("net_cents + vat_cents = gross_cents", name="sums"),
        sa.CheckConstraint("lines >= 1 AND vat_groups >= 1", name="lines"),
        sa.CheckConstraint("service_from <= service_until", name="service"),
        sa.CheckConstraint("id >= 1 AND sequence >= 1", name="id"),
        sa.Index("ix_billing_document_series", "series", "year", "sequence", unique=True),
        sa.Index("ix_billing_document_member", "member_id", "id"),
    )


def _create_lines() -> None:
    to_document = "billing_document.id"
    op.create_table(
        "billing_document_line",
        sa.Column(
            "document_id",
            sa.Integer,
            sa.ForeignKey(to_document, deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("entry_id", "posting_number", "turn")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("text", "detail", "quantity", "unit")),
        *(sa.Column(name, sa.Date, nullable=False) for name in ("service_from", "service_until")),
        *_treatment(),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in ("net", "gross")),
        sa.Column("working", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id", "posting_number"], ["billing_posting.entry_id", "billing_posting.number"], name="posting"
        ),
        sa.CheckConstraint("turn >= 1", name="turn"),
        sa.CheckConstraint("category IN ('S', 'E', 'O')", name="category"),
        sa.Index("ix_billing_document_line_entry_id", "entry_id", "posting_number", "turn", unique=True),
    )
    op.create_table(
        "billing_document_vat",
        sa.Column(
            "document_id",
            sa.Integer,
            sa.ForeignKey(to_document, deferrable=True, initially="DEFERRED"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_treatment(),
        *(sa.Column(f"{name}_cents", sa.BigInteger, nullable=False) for name in ("net", "vat")),
    )


def _treatment() -> tuple[sa.Column, ...]:
    return (
        sa.Column("category", sa.String, nullable=False),
        sa.Column("percent", sa.Numeric(5, 2), nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )


def _create_files() -> None:
    op.create_table(
        "billing_document_file",
        sa.Column(
            "document_id", sa.Integer, sa.ForeignKey("billing_document.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("pdf", sa.LargeBinary, nullable=False),
        sa.Column("xml", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("made_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "billing_document_sending",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("billing_document.id"), nullable=False),
        sa.Column("to_address", sa.String, nullable=False),
        sa.Column("queued_at", UtcDateTime, nullable=False),
        sa.Column("queued_by", sa.Integer),
        sa.Index("ix_billing_document_sending_document_id", "document_id"),
    )


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
