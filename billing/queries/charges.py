"""Charges as members read them, and how many slips have none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Date, bindparam, func, select
from sqlalchemy.orm import Session

from billing.models import Charge, Unpriced
from billing.tariffs import Working


@dataclass(frozen=True, slots=True)
class ChargeView:
    """One row of a member's charges, with its working. is_reversal: it takes an earlier one back."""

    id: int
    usage_id: int
    machine_id: int
    service_date: date
    charge_unit: str
    charged_amount: int
    cents: int
    is_reversal: bool
    working: Working


# Put together once: each member's first page asks it.
_CHARGED_SINCE = select(func.coalesce(func.sum(Charge.cents), 0)).where(
    Charge.member_id == bindparam("member_id"), Charge.service_date >= bindparam("day", type_=Date)
)


def charges_of_member(
    session: Session, member_id: int, *, limit: int = 25, offset: int = 0
) -> tuple[tuple[ChargeView, ...], bool]:
    """A member's charges, the newest first, a page at a time; and whether there are more."""
    rows = session.scalars(
        select(Charge)
        .where(Charge.member_id == member_id)
        .order_by(Charge.service_date.desc(), Charge.usage_id.desc(), Charge.number.desc())
        .limit(limit + 1)
        .offset(offset)
    ).all()
    return tuple(_view(row) for row in rows[:limit]), len(rows) > limit


def charged_since(session: Session, member_id: int, day: date) -> int:
    """What a member's uses from a day on cost, in cents; corrections included."""
    return int(session.scalar(_CHARGED_SINCE, {"member_id": member_id, "day": day}) or 0)


def unpriced_count(session: Session) -> int:
    """How many slips wait for a tariff."""
    return session.scalar(select(func.count()).select_from(Unpriced)) or 0


def _view(row: Charge) -> ChargeView:
    return ChargeView(
        id=row.id,
        usage_id=row.usage_id,
        machine_id=row.machine_id,
        service_date=row.service_date,
        charge_unit=row.working["charge_unit"],
        charged_amount=row.charged_amount,
        cents=row.cents,
        is_reversal=row.reverses_id is not None,
        working=Working.of_facts(row.working),
    )
