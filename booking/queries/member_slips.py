"""The slips of a member: the newest, how much of each machine in some days, the last use of a machine.

The newest ones are prepared, because each /today asks for them with the same filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from booking.kernel.prepared import PreparedStatement
from booking.models import UsageRecord
from booking.queries.slips import SLIP_VIEWS, SlipView

_page = (
    select(UsageRecord.id, UsageRecord.handed_out_at)
    .where(UsageRecord.member_id == bindparam("member_id"))
    .order_by(UsageRecord.handed_out_at.desc(), UsageRecord.id.desc())
    .limit(bindparam("limit", type_=Integer))
    .subquery()
)
_NEWEST = PreparedStatement(
    SLIP_VIEWS.join(_page, _page.c.id == UsageRecord.id).order_by(_page.c.handed_out_at.desc(), _page.c.id.desc())
)


def newest_slips_of_member(session: Session, member_id: int, *, limit: int) -> tuple[SlipView, ...]:
    """Return the slips of a member, the newest first."""
    return tuple(SlipView(*row) for row in _NEWEST.of(session, {"member_id": member_id, "limit": limit}))


@dataclass(frozen=True, slots=True)
class MemberUse:
    """How often and how much a member used a machine, in small units of charge_unit."""

    machine_id: int
    charge_unit: str
    uses: int
    amount: int


@dataclass(frozen=True, slots=True)
class LastUse:
    """A member's last use of a machine."""

    usage_id: int
    service_date: date
    amount: int


def uses_of_member(session: Session, member_id: int, first: date, last: date) -> tuple[MemberUse, ...]:
    """Return what a member used by day of service, first and last day included, in one statement."""
    # The day of service is that of the hand-out by the workshop's clock: a day around it lets the index find the rows.
    around = (
        datetime.combine(first - timedelta(days=1), time(), tzinfo=UTC),
        datetime.combine(last + timedelta(days=2), time(), tzinfo=UTC),
    )
    rows = session.execute(
        select(UsageRecord.machine_id, UsageRecord.charge_unit, func.count(), func.sum(UsageRecord.used_amount))
        .where(
            UsageRecord.member_id == member_id,
            UsageRecord.handed_out_at.between(*around),
            UsageRecord.service_date.between(first, last),
            UsageRecord.used_amount.is_not(None),
        )
        .group_by(UsageRecord.machine_id, UsageRecord.charge_unit)
        .order_by(func.count().desc(), UsageRecord.machine_id)
    )
    return tuple(MemberUse(machine_id, unit, uses, int(amount or 0)) for machine_id, unit, uses, amount in rows)


def last_use(session: Session, member_id: int, machine_id: int, charge_unit: str) -> LastUse | None:
    """Return a member's last use of a machine in a unit that is back; None without one."""
    row = session.execute(
        select(UsageRecord.id, UsageRecord.service_date, UsageRecord.used_amount)
        .where(
            UsageRecord.member_id == member_id,
            UsageRecord.machine_id == machine_id,
            UsageRecord.charge_unit == charge_unit,
            UsageRecord.used_amount.is_not(None),
        )
        .order_by(UsageRecord.handed_out_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else LastUse(row[0], row[1], row[2] or 0)
