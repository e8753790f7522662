"""Dated shares of cost pools: a cost is divided by the shares of its own day of service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.money_errors import MembershipEnded
from billing.limits import SHARES_MAX, require_between, require_day
from billing.models import Share
from billing.pools import pools
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class Holding:
    """The shares of a pool that a member holds. left_on: the last day of the membership, if it ended.

    outlasts_membership: the treasurer entered that the shares are held on after that day.
    """

    member_id: int
    shares: int
    left_on: date | None
    outlasts_membership: bool

    def counts_on(self, day: date) -> bool:
        """Return whether the shares count on a day: they end with the membership unless entered otherwise."""
        return self.outlasts_membership or self.left_on is None or day <= self.left_on


def set_shares(
    session: Session,
    pool_id: int,
    member_id: int,
    shares: int,
    valid_from: date,
    *,
    by: Actor,
    now: datetime,
    outlasts_membership: bool = False,
) -> Share:
    """Set how many shares of a pool a member holds from a day on; 0 ends the holding.

    outlasts_membership: the shares count after the last day of the membership too; else they end with it.
    Posted allocations are not affected. Call inside write_transaction().
    Raises PoolNotFound, MemberNotFound, WrongAmount, WrongPeriod, MembershipEnded.
    """
    pools.locked_pool(session, pool_id)
    require_between("shares", shares, 0, SHARES_MAX)
    require_day("valid_from", valid_from)
    _require_member(session, member_id, valid_from, may_have_left=outlasts_membership or shares == 0)
    row = session.scalars(
        select(Share).where(Share.pool_id == pool_id, Share.member_id == member_id, Share.valid_from == valid_from)
    ).one_or_none()
    if row is None:
        row = Share(pool_id=pool_id, member_id=member_id, valid_from=valid_from)
        session.add(row)
    row.shares, row.outlasts_membership = shares, outlasts_membership
    session.flush()
    events.record(session, RecordChanged(table="share", record_id=row.id), by=by, at=now)
    return row


def delete_shares(
    session: Session, pool_id: int, member_id: int, valid_from: date, *, by: Actor, now: datetime
) -> None:
    """Delete what was entered for a member from a day on, as if it had never been. Call inside write_transaction()."""
    pools.locked_pool(session, pool_id)
    row = session.scalars(
        select(Share).where(Share.pool_id == pool_id, Share.member_id == member_id, Share.valid_from == valid_from)
    ).one()
    session.delete(row)
    session.flush()
    events.record(session, RecordChanged(table="share", record_id=row.id, key=str(member_id)), by=by, at=now)


def lock_pool(session: Session, pool_id: int) -> None:
    """Let nobody else enter shares or costs of a pool until the transaction ends. Raises PoolNotFound."""
    pools.locked_pool(session, pool_id)


def entries_of(session: Session, pool_id: int) -> dict[tuple[int, date], Share]:
    """Return all entries of shares of a pool by member id and first day."""
    rows = session.scalars(select(Share).where(Share.pool_id == pool_id))
    return {(row.member_id, row.valid_from): row for row in rows}


def holdings_on(session: Session, pool_id: int, day: date) -> tuple[Holding, ...]:
    """Return what members hold of a pool on a day by what was entered, by member id; nobody with 0 shares.

    Includes the holdings that no longer count because the membership has ended: see Holding.counts_on.
    """
    rows = session.execute(
        select(Share.member_id, Share.shares, Share.outlasts_membership)
        .where(Share.pool_id == pool_id, Share.valid_from <= day)
        .order_by(Share.member_id, Share.valid_from)
    )
    # Later rows of a member overwrite earlier ones.
    entered = {member_id: (shares, outlasts) for member_id, shares, outlasts in rows}
    left_on = {name.id: name.left_on for name in queries.member_names(session, entered)}
    return tuple(
        Holding(member_id, shares, left_on[member_id], outlasts)
        for member_id, (shares, outlasts) in entered.items()
        if shares > 0
    )


def holders_on(session: Session, pool_id: int, day: date) -> dict[int, int]:
    """Return member id -> shares that count on a day, of the members who hold any, ordered by id."""
    return {one.member_id: one.shares for one in holdings_on(session, pool_id, day) if one.counts_on(day)}


def _require_member(session: Session, member_id: int, valid_from: date, *, may_have_left: bool) -> None:
    names = queries.member_names(session, [member_id])
    if not names:
        raise MemberNotFound(id=member_id)
    left_on = names[0].left_on
    if left_on is not None and left_on < valid_from and not may_have_left:
        raise MembershipEnded(left_on=left_on)
