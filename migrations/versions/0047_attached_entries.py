"""Which reservations the calendar files of mails hold, so that whoever has one gets the next.

Expand-only. The mails of earlier versions name their event and recipient in their key.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

KEY = re.compile(r"event(\d+):(?:confirmed|moved|cancelled):(\w+)")
BATCH = 500
RESERVATION = "fk_notifications_attached_entry_reservation"  # the usual name would be longer than PostgreSQL allows


def upgrade() -> None:
    entries = op.create_table(
        "notifications_attached_entry",
        sa.Column("mail_id", sa.Integer, sa.ForeignKey("mail_outbox.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "reservation_id", sa.Integer, sa.ForeignKey("booking_reservation.id", name=RESERVATION), primary_key=True
        ),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("recipient", sa.String, nullable=False),
    )
    op.create_index(
        op.f("ix_notifications_attached_entry_reservation_id"), "notifications_attached_entry", ["reservation_id"]
    )
    connection = op.get_bind()
    mails = sa.table("mail_outbox", sa.column("id", sa.Integer), sa.column("key", sa.String))
    found = connection.execute(sa.select(mails.c.id, mails.c.key).where(mails.c.key.like("event%"))).all()
    matches = [(mail_id, match) for mail_id, key in found if (match := KEY.fullmatch(key))]
    for start in range(0, len(matches), BATCH):
        _fill(connection, entries, matches[start : start + BATCH])


def _fill(connection: sa.Connection, entries: sa.Table, matches: list[tuple[int, re.Match[str]]]) -> None:
    events = sa.table("booking_event", sa.column("id", sa.Integer), sa.column("facts", sa.JSON))
    wanted = {int(match[1]) for _mail_id, match in matches}
    rows = connection.execute(sa.select(events.c.id, events.c.facts).where(events.c.id.in_(wanted)))
    facts = {row.id: row.facts for row in rows}
    values = [
        {
            "mail_id": mail_id,
            "reservation_id": facts[int(match[1])]["reservation_id"],
            "revision": facts[int(match[1])]["revision"],
            "recipient": match[2],
        }
        for mail_id, match in matches
        if "reservation_id" in facts.get(int(match[1]), {})
    ]
    if values:
        connection.execute(sa.insert(entries), values)


def downgrade() -> None:
    op.drop_table("notifications_attached_entry")
