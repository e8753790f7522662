"""Dated shares of cost pools: a cost is divided by the shares of its own day of service."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing import pools
from billing.limits import SHARES_MAX, require_between, require_day
from billing.models import Share
from booking import queries
from booking.errors import MemberNotFound
from booking.events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor


def set_shares(
    session: Session, pool_id: int, member_id: int, shares: int, valid_from: date, *, by: Actor, now: datetime
) -> Share:
    """Set how many shares of a pool a member holds from a day on; 0 ends the holding.

    Posted allocations are not affected. Call inside write_transaction().
    Raises PoolNotFound, MemberNotFound, WrongAmount, WrongPeriod.
    """
    pools.locked_pool(session, pool_id)
    require_between("shares", shares, 0, SHARES_MAX)
    require_day(valid_from)
    if not queries.member_names(session, [member_id]):
        raise MemberNotFound(id=member_id)
    row = session.scalars(
        select(Share).where(Share.pool_id == pool_id, Share.member_id == member_id, Share.valid_from == valid_from)
    ).one_or_none()
    if row is None:
        row = Share(pool_id=pool_id, member_id=member_id, valid_from=valid_from, shares=shares)
        session.add(row)
    row.shares = shares
    session.flush()
    events.record(session, RecordChanged(table="share", record_id=row.id), by=by, at=now)
    return row


def holders_on(session: Session, pool_id: int, day: date) -> dict[int, int]:
    """Return member id -> shares held on a day, of the members who hold any, ordered by id."""
    rows = session.execute(
        select(Share.member_id, Share.shares)
        .where(Share.pool_id == pool_id, Share.valid_from <= day)
        .order_by(Share.member_id, Share.valid_from)
    )
    # Later rows of a member overwrite earlier ones.
    held = {row.member_id: row.shares for row in rows}
    return {member_id: shares for member_id, shares in held.items() if shares > 0}
