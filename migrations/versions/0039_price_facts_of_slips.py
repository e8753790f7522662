"""Usage slips keep what their price depends on: day of service and price class; and until when one may object.

Former price classes of members are dated rows. Slips that exist get the class of their newest charge, else the
member's present one; the day of their charge, else the day on which the use began by the clock of the workshop.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from booking.kernel.orm import UtcDateTime
from booking.times.wall_clock import local_day
from migrations.guards import Guard, create_guard, drop_guard

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BATCH = 1_000
HAS_PRICE_FACTS = Guard(
    "booking_usage_price_facts",
    "booking_usage",
    ("INSERT", "UPDATE"),
    "NEW.service_date IS NULL OR NEW.price_class IS NULL "
    "OR NOT EXISTS (SELECT 1 FROM booking_price_class WHERE code = NEW.price_class)",
)


def upgrade() -> None:
    op.create_table(
        "booking_former_price_class",
        sa.Column("member_id", sa.Integer, sa.ForeignKey("booking_member.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("held_until", sa.Date, primary_key=True),
        sa.Column("price_class", sa.String, sa.ForeignKey("booking_price_class.code"), nullable=False),
    )
    # SQLite adds neither a foreign key with a name nor NOT NULL without a default: the guard does the work of both.
    op.add_column("booking_usage", sa.Column("price_class", sa.String))
    op.add_column("booking_usage", sa.Column("service_date", sa.Date))
    op.add_column("booking_usage", sa.Column("objection_until", UtcDateTime))
    op.create_index(op.f("ix_booking_usage_machine_day"), "booking_usage", ["machine_id", "service_date"])
    op.create_index(op.f("ix_booking_usage_service_date"), "booking_usage", ["service_date"])
    _fill()
    create_guard(HAS_PRICE_FACTS)


def _fill() -> None:
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE booking_usage SET price_class = coalesce("
            "(SELECT price_class FROM billing_charge WHERE usage_id = booking_usage.id ORDER BY number DESC LIMIT 1), "
            "(SELECT price_class FROM booking_member WHERE id = booking_usage.member_id))"
        )
    )
    usage = sa.table(
        "booking_usage",
        sa.column("id", sa.Integer),
        sa.column("machine_id", sa.Integer),
        sa.column("handed_out_at", UtcDateTime),
        sa.column("handed_back_at", UtcDateTime),
        sa.column("service_date", sa.Date),
        sa.column("objection_until", UtcDateTime),
    )
    fill = (
        sa.update(usage)
        .where(usage.c.id == sa.bindparam("slip_id"))
        .values(service_date=sa.bindparam("day"), objection_until=sa.bindparam("until"))
    )
    days = sa.text("SELECT objection_days FROM booking_ring WHERE id = 1")
    objection = timedelta(days=connection.scalar(days) or 0)
    zones = _zones_of_machines(connection)
    charged = _charged_days(connection)
    columns = (usage.c.id, usage.c.machine_id, usage.c.handed_out_at, usage.c.handed_back_at)
    after = 0
    while rows := connection.execute(
        sa.select(*columns).where(usage.c.id > after).order_by(usage.c.id).limit(BATCH)
    ).all():
        after = rows[-1].id
        connection.execute(fill, [_filled(row, zones, charged, objection) for row in rows])


def _filled(
    row: sa.Row, zones: dict[int, ZoneInfo], charged: dict[int, date], objection: timedelta
) -> dict[str, int | date | datetime | None]:
    day = charged.get(row.id) or local_day(row.handed_out_at, zones[row.machine_id])
    until = None if row.handed_back_at is None else row.handed_back_at + objection
    return {"slip_id": row.id, "day": day, "until": until}


def _zones_of_machines(connection: sa.Connection) -> dict[int, ZoneInfo]:
    rows = connection.execute(
        sa.text("SELECT m.id, w.timezone FROM booking_machine m JOIN booking_workshop w ON w.id = m.workshop_id")
    )
    return {machine_id: ZoneInfo(zone) for machine_id, zone in rows}


def _charged_days(connection: sa.Connection) -> dict[int, date]:
    charge = sa.table(
        "billing_charge", sa.column("usage_id", sa.Integer), sa.column("number"), sa.column("service_date", sa.Date)
    )
    rows = connection.execute(sa.select(charge.c.usage_id, charge.c.service_date).order_by(charge.c.number))
    return {row.usage_id: row.service_date for row in rows}


def downgrade() -> None:
    drop_guard(HAS_PRICE_FACTS)
    op.drop_index(op.f("ix_booking_usage_service_date"), "booking_usage")
    op.drop_index(op.f("ix_booking_usage_machine_day"), "booking_usage")
    for column in ("objection_until", "service_date", "price_class"):
        op.drop_column("booking_usage", column)
    op.drop_table("booking_former_price_class")
