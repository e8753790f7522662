"""What the treasurer should check in a preview before posting it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.allocations.bearers import Bearers, leavers
from billing.allocations.counting import Counted
from billing.allocations.preview_models import Preview, PreviewWarning
from billing.models import Allocation
from billing.pools.unallocated import is_effective
from booking import queries
from booking.queries import GUEST_PRICE_CLASS, CountedUse

UNLIKE_FACTOR = 5  # a total that differs from the last one by this factor gets a warning


def slip_warnings(slips: Iterable[CountedUse]) -> Iterator[PreviewWarning]:
    """Yield still_out and disputed, of the slips of the period."""
    still_out = disputed = 0
    for slip in slips:
        still_out += slip.used_amount is None
        disputed += slip.is_disputed
    if still_out:
        yield PreviewWarning("still_out", count=still_out)
    if disputed:
        yield PreviewWarning("disputed", count=disputed)


def bearer_warnings(
    session: Session, preview: Preview, bearers: Bearers, slips: Iterable[CountedUse]
) -> Iterator[PreviewWarning]:
    """Yield leavers, guests, guests_left_out and shares_ended. slips: all of the period."""
    used = {slip.member_id for slip in slips if slip.used_amount and slip.price_class == GUEST_PRICE_CLASS}
    guests = bearers.guest_holders | (used if preview.groups_by_period else set())
    found = {
        "leavers": leavers(queries.member_names(session, preview.bearer_ids), preview.period_until),
        "guests_left_out" if bearers.excludes_guests else "guests": guests,
        "shares_ended": bearers.ended,
    }
    for code, member_ids in found.items():
        if member_ids:
            yield PreviewWarning(code, count=len(member_ids), member_ids=tuple(sorted(member_ids)))


def history_warnings(session: Session, preview: Preview) -> Iterator[PreviewWarning]:
    """Yield late_cost or unlike_last, by the pool's earlier allocations."""
    effective = select(Allocation).where(Allocation.pool_id == preview.pool_id, is_effective())
    overlapping = effective.where(
        Allocation.period_from <= preview.period_until, Allocation.period_until >= preview.period_from
    )
    if session.scalars(overlapping.limit(1)).first() is not None:
        yield PreviewWarning("late_cost")
        return
    last = session.scalar(effective.with_only_columns(Allocation.total_cents).order_by(Allocation.id.desc()).limit(1))
    if last and not abs(last) < abs(preview.total_cents) * UNLIKE_FACTOR < abs(last) * UNLIKE_FACTOR**2:
        yield PreviewWarning("unlike_last", last_cents=last)


def meter_warnings(unread: frozenset[int]) -> Iterator[PreviewWarning]:
    """Warn of members whose meters were not read in the period, so that they count nothing."""
    if unread:
        yield PreviewWarning("meters_unread", len(unread), member_ids=tuple(sorted(unread)))


def counting_warnings(counted: Counted) -> Iterator[PreviewWarning]:
    """Warn of what is not counted: of members who bear nothing, and advances for a period that reaches further."""
    if counted.others:
        yield PreviewWarning("charges_not_counted", len(counted.others), member_ids=counted.others)
    if counted.beyond:
        yield PreviewWarning("advances_beyond", counted.beyond)
