"""The database refuses to issue a statement of days that are still to come. Expand-only."""

from __future__ import annotations

from migrations.guards import Guard, create_guard, drop_guard

revision = "0145"
down_revision = "0144"
branch_labels = None
depends_on = None

GUARD = Guard(
    "billing_statement_to_come",
    "billing_document",
    ("INSERT",),
    "NEW.kind = 'statement' AND NEW.service_until > NEW.issued_on",
)


def upgrade() -> None:
    create_guard(GUARD)


def downgrade() -> None:
    drop_guard(GUARD)
