"""The list of all charges and reversals by the day on which they were posted."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from billing.models import Charge
from booking.kernel.views import columns_of, converted, in_order
from booking.queries import members_matching, ring_zone
from booking.times.opening_hours import MINUTES_OF_A_DAY, instant_of
from booking.times.wall_clock import local_day

IDS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PostedCharge:
    """A charge, or the reversal of one (reverses_id). charged_amount in small units, negative in a reversal."""

    id: int
    usage_id: int
    member_id: int
    machine_id: int
    created_at: datetime
    service_date: date
    price_class: str
    charge_unit: str
    charged_amount: int
    unit_price: Decimal
    cents: int
    tax_code: str | None
    added_vat_cents: int
    reverses_id: int | None

    def posted_on(self, zone: ZoneInfo) -> date:
        """Return the day of posting by the clock of the ring."""
        return local_day(self.created_at, zone)


@dataclass(frozen=True, slots=True)
class ChargeTotals:
    """The sums of a filter: how many charges and reversals, cents, and charge unit -> amount charged in small units.

    is_complete: False where the filter has more than were summed; the sums are of the newest of them.
    """

    count: int
    cents: int
    charged: Mapping[str, int]
    is_complete: bool = True


class ChargeFilter(TypedDict, total=False):
    """Which charges a list shows; None, or what is left out, filters nothing.

    since, until: days of posting, both included. member_text: part of the member's number or name; member_ids: of
    these members.
    """

    since: date | None
    until: date | None
    machine_id: int | None
    member_id: int | None
    member_text: str
    member_ids: Collection[int]


_POSTED = columns_of(PostedCharge, Charge, unit_price=converted(Charge.calculation["unit_price"].as_string(), Decimal))


# What the list can be sorted by, each the order of an index.
CHARGE_ORDERS: dict[str, tuple[InstrumentedAttribute[Any], ...]] = {
    "posted": (Charge.created_at,),
    "served": (Charge.service_date, Charge.cents),
}


def posted_charges(
    session: Session,
    *,
    sorted_by: str = "posted",
    is_descending: bool = True,
    limit: int,
    offset: int = 0,
    **wanted: Unpack[ChargeFilter],
) -> tuple[PostedCharge, ...]:
    """Return a page of charges and reversals, the last posted first; sorted_by: a name of CHARGE_ORDERS."""
    order = in_order(CHARGE_ORDERS[sorted_by], Charge.id, is_descending=is_descending)
    page = select(*_POSTED).where(*_conditions(session, wanted)).order_by(*order).limit(limit).offset(offset)
    return tuple(PostedCharge(*row) for row in session.execute(page))


def posted_charge_ids(session: Session, **wanted: Unpack[ChargeFilter]) -> array[int]:
    """Return the ids of all charges and reversals of a filter, the first posted first."""
    statement: Select[Any] = select(Charge.id).where(*_conditions(session, wanted))
    in_order = statement.order_by(Charge.created_at, Charge.id).execution_options(yield_per=IDS_AT_ONCE)
    return array("q", session.scalars(in_order))


def charges_by_ids(session: Session, charge_ids: Collection[int]) -> tuple[PostedCharge, ...]:
    """Return charges and reversals by their ids, the first posted first."""
    statement = select(*_POSTED).where(Charge.id.in_(charge_ids)).order_by(Charge.created_at, Charge.id)
    return tuple(PostedCharge(*row) for row in session.execute(statement))


def slips_of_charges(session: Session, charge_ids: Collection[int]) -> dict[int, int]:
    """Return charge id -> id of its slip."""
    rows = session.execute(select(Charge.id, Charge.usage_id).where(Charge.id.in_(charge_ids)))
    return {row.id: row.usage_id for row in rows}


def charge_totals(session: Session, *, at_most: int | None = None, **wanted: Unpack[ChargeFilter]) -> ChargeTotals:
    """Return the sums of the charges and reversals of a filter; at_most: of so many, the newest."""
    if at_most is None:
        return _all_totals(session, wanted)
    # Few rows are summed here: grouping them costs the database three times as much as reading them.
    columns = select(Charge.charge_unit, Charge.cents, Charge.charged_amount).where(*_conditions(session, wanted))
    rows = session.execute(columns.order_by(Charge.created_at.desc(), Charge.id.desc()).limit(at_most + 1)).all()
    charged: dict[str, int] = dict.fromkeys(sorted({row.charge_unit for row in rows}), 0)
    for unit, _cents, amount in rows:
        charged[unit] += amount
    return ChargeTotals(len(rows), sum(row.cents for row in rows), charged, len(rows) <= at_most)


def _all_totals(session: Session, wanted: ChargeFilter) -> ChargeTotals:
    sums = (func.count(), func.sum(Charge.cents), func.sum(Charge.charged_amount))
    found = select(Charge.charge_unit, *sums).where(*_conditions(session, wanted))
    rows = session.execute(found.group_by(Charge.charge_unit).order_by(Charge.charge_unit)).all()
    charged = {unit: int(amount) for unit, _count, _cents, amount in rows}
    return ChargeTotals(sum(row[1] for row in rows), sum(int(row[2]) for row in rows), charged)


def _conditions(session: Session, wanted: ChargeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    zone = ring_zone(session)
    if since := wanted.get("since"):
        found.append(Charge.created_at >= instant_of(since, 0, zone))
    if until := wanted.get("until"):
        found.append(Charge.created_at < instant_of(until, MINUTES_OF_A_DAY, zone))
    if (machine_id := wanted.get("machine_id")) is not None:
        found.append(Charge.machine_id == machine_id)
    if (member_id := wanted.get("member_id")) is not None:
        found.append(Charge.member_id == member_id)
    if (member_ids := wanted.get("member_ids")) is not None:
        found.append(Charge.member_id.in_(member_ids))
    if text := wanted.get("member_text"):
        found.append(Charge.member_id.in_(members_matching(text)))
    return found
