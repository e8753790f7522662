"""What the treasurer should check in a preview before posting it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.bearers import Bearers, leavers
from billing.models import Allocation
from billing.pools import is_effective
from billing.preview_models import Preview, PreviewWarning
from booking import queries
from booking.queries import CountedUse

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


def bearer_warnings(session: Session, preview: Preview, bearers: Bearers, users: Set[int]) -> Iterator[PreviewWarning]:
    """Yield leavers, guests, guests_left_out and shares_ended. users: all members with a use in the period."""
    left = leavers(queries.member_names(session, preview.bearer_ids), preview.period_until)
    touched = bearers.left_out_holders | (users if preview.groups_by_period else frozenset())
    found = {
        "leavers": left,
        "guests": preview.bearer_ids & bearers.guests,
        "guests_left_out": touched & bearers.left_out,
        "shares_ended": bearers.ended - bearers.left_out,
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
