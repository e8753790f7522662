"""Views of fees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from billing.errors.fee_errors import FeeNotFound
from billing.fees.deposits import DEPOSIT, is_set_off
from billing.fees.working import Working, working_of
from billing.models import Entry, Fee
from booking.kernel.views import columns_of
from booking.queries import members_matching

NO_DEPOSIT = "no_deposit"


@dataclass(frozen=True, slots=True)
class FeeView:
    """A fee or its reversal. text: what it is for; of a reversal, why. entry_id: of the ledger."""

    id: int
    kind: str
    member_id: int
    machine_id: int | None
    reservation_id: int | None
    service_from: date
    service_until: date
    text: str
    cents: int
    calculation: dict[str, Any]
    tax_code: str | None
    reverses_id: int | None
    made_at: datetime
    reversed_by_id: int | None
    entry_id: int | None

    @property
    def working(self) -> Working:
        """Return what the cents come from."""
        return working_of(self.calculation)


@dataclass(frozen=True, slots=True)
class FeeFilter:
    """Which fees. member_text: a part of number or name.

    since, until: of the first day of service, so that dues are in one year alone, as they are posted. kind: "" for all,
    NO_DEPOSIT for all but deposits, which are held and no income.
    """

    kind: str = ""
    member_id: int | None = None
    member_text: str = ""
    machine_id: int | None = None
    since: date | None = None
    until: date | None = None


_reversal = aliased(Fee)
_COLUMNS = columns_of(
    FeeView,
    Fee,
    reversed_by_id=select(_reversal.id).where(_reversal.reverses_id == Fee.id).scalar_subquery(),
    entry_id=select(Entry.id).where(Entry.fee_id == Fee.id).scalar_subquery(),
)


def fee(session: Session, fee_id: int) -> FeeView:
    """Return a fee or reversal. Raises FeeNotFound."""
    row = session.execute(select(*_COLUMNS).where(Fee.id == fee_id)).one_or_none()
    if row is None:
        raise FeeNotFound(id=fee_id)
    return FeeView(*row)


def deposit_of(session: Session, reservation_id: int) -> FeeView | None:
    """Return the last deposit of a reservation, also where it went back; None where none was asked."""
    is_deposit = Fee.reservation_id == reservation_id, Fee.kind == DEPOSIT, Fee.reverses_id.is_(None)
    row = session.execute(select(*_COLUMNS).where(*is_deposit).order_by(Fee.number.desc()).limit(1)).one_or_none()
    return None if row is None else FeeView(*row)


def way_back(session: Session, reversal: FeeView) -> str:
    """Return how a deposit went back: given_back or set_off; "" for what a treasurer took back, and no deposit."""
    if reversal.kind != DEPOSIT or reversal.reverses_id is None or reversal.text or reversal.machine_id is None:
        return ""
    return "set_off" if is_set_off(session, reversal.machine_id, reversal.service_from) else "given_back"


def fees_by_ids(session: Session, fee_ids: Collection[int]) -> dict[int, FeeView]:
    """Return id -> fee of some ids, in one statement or none."""
    if not fee_ids:
        return {}
    rows = session.execute(select(*_COLUMNS).where(Fee.id.in_(fee_ids)))
    return {row.id: FeeView(*row) for row in rows}


def fees(session: Session, wanted: FeeFilter, *, limit: int = 25, offset: int = 0) -> tuple[tuple[FeeView, ...], bool]:
    """Return a page of fees and reversals, the newest first, and whether there are more."""
    statement = select(*_COLUMNS).where(*_conditions(wanted)).order_by(Fee.id.desc())
    rows = session.execute(statement.limit(limit + 1).offset(offset)).all()
    return tuple(FeeView(*row) for row in rows[:limit]), len(rows) > limit


def fee_totals(session: Session, wanted: FeeFilter) -> tuple[int, int]:
    """Return how many fees and reversals there are, and their sum in cents."""
    sums = sum_of_fees(wanted).add_columns(func.count())
    cents, count = session.execute(sums).one()
    return count, int(cents or 0)


def sum_of_fees(wanted: FeeFilter) -> Select[Any]:
    """Select the sum of fees and reversals in cents; null without any."""
    return select(func.sum(Fee.cents)).where(*_conditions(wanted))


def _conditions(wanted: FeeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind == NO_DEPOSIT:
        found.append(Fee.kind != DEPOSIT)
    elif wanted.kind:
        found.append(Fee.kind == wanted.kind)
    if wanted.member_id is not None:
        found.append(Fee.member_id == wanted.member_id)
    if wanted.member_text:
        found.append(Fee.member_id.in_(members_matching(wanted.member_text)))
    if wanted.machine_id is not None:
        found.append(Fee.machine_id == wanted.machine_id)
    if wanted.since is not None:
        found.append(Fee.service_from >= wanted.since)
    if wanted.until is not None:
        found.append(Fee.service_from <= wanted.until)
    return found
