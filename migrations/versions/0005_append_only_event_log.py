"""Triggers that make events and their seals append-only.

The function that all append-only tables share on PostgreSQL is created here, once.
"""

from __future__ import annotations

from migrations.append_only import create_refusal_function, drop_append_only, drop_refusal_function, make_append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Table, then its primary key and every unique key.
APPEND_ONLY = (
    ("booking_event", ("id",)),
    ("booking_seal", ("id",), ("previous_digest",)),
    ("booking_sealed_event", ("event_id",)),
)


def upgrade() -> None:
    create_refusal_function()
    for table, *keys in APPEND_ONLY:
        make_append_only(table, *keys)


def downgrade() -> None:
    for table, *_ in reversed(APPEND_ONLY):
        drop_append_only(table)
    drop_refusal_function()
