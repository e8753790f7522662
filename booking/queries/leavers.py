"""Members who leave: who they are, and what of their use is still open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import Member, Reservation, Status, UsageRecord
from booking.queries.names import MemberName
from booking.queries.slips import IS_DISPUTED


@dataclass(frozen=True, slots=True)
class OpenUse:
    """Counts of what is open: reservations to come, machines that are out, slips with an unanswered objection."""

    reservations: int = 0
    out: int = 0
    disputed: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether there is anything."""
        return bool(self.reservations or self.out or self.disputed)


def members_leaving(session: Session, since: date, others: Select[int]) -> tuple[MemberName, ...]:
    """Return the members whose last day is entered and is not before a day, the latest first.

    others: a statement that selects the ids of those who are wanted too where their last day is before it.
    """
    is_wanted = (Member.left_on >= since) | (Member.left_on < since) & Member.id.in_(others)
    statement = select(*columns_of(MemberName, Member)).where(is_wanted)
    return tuple(MemberName(*row) for row in session.execute(statement.order_by(Member.left_on.desc(), Member.number)))


Counts = Select[int, int]  # member id, number


def slip_counts(session: Session, member_ids: Collection[int], usage_ids: Select[int]) -> dict[int, int]:
    """Return member id -> how many of some slips are the member's. usage_ids: a statement that selects their ids."""
    wanted = UsageRecord.member_id.in_(member_ids), UsageRecord.id.in_(usage_ids)
    statement = select(UsageRecord.member_id, func.count()).where(*wanted).group_by(UsageRecord.member_id)
    return _counted(session, statement)


def open_use(session: Session, member_ids: Collection[int], *, now: datetime) -> dict[int, OpenUse]:
    """Return member id -> what is open of the use, for all of the ids."""
    coming = (
        select(Reservation.member_id, func.count())
        .where(
            Reservation.member_id.in_(member_ids),
            Reservation.status.in_([Status.REQUESTED, Status.CONFIRMED]),
            Reservation.ends_at > now,
        )
        .group_by(Reservation.member_id)
    )
    slips = select(UsageRecord.member_id, func.count()).where(UsageRecord.member_id.in_(member_ids))
    out = slips.where(UsageRecord.used_amount.is_(None)).group_by(UsageRecord.member_id)
    disputed = slips.where(IS_DISPUTED).group_by(UsageRecord.member_id)
    counts = [_counted(session, statement) for statement in (coming, out, disputed)]
    return {member_id: OpenUse(*(found.get(member_id, 0) for found in counts)) for member_id in member_ids}


def _counted(session: Session, statement: Counts) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(statement)}
