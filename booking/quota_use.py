"""The use of quotas: what each reservation counts, and whether a wish would pass one.

What counts is stored with the reservation (`QuotaUse`) whenever it is entered or changed, so that what is cancelled,
shortened, moved, declined or expired is given back exactly. Open reservations are counted as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, func, insert, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from booking import catalogue, price_classes
from booking.errors import Violation
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import HOLDING, Machine, Member, QuotaAccount, QuotaUse, Reservation, Status
from booking.models import Quota as StoredQuota
from booking.quota_rules import Measure, Quota, applying
from booking.timespan import TimeSpan
from booking.wall_clock import local_day

# What a member had or was held for the member: also the time of a no-show, which nobody else could use.
COUNTED = (*HOLDING, Status.COMPLETED, Status.NO_SHOW)

_use, _account, _reservation = map(table_of, (QuotaUse, QuotaAccount, Reservation))
_ANY_QUOTA = PreparedStatement(select(exists(select(literal(1)).select_from(table_of(StoredQuota))).label("found")))
_USED = select(_use.c.quota_id, _use.c.first_day, func.sum(_use.c.seconds).label("seconds")).group_by(
    _use.c.quota_id, _use.c.first_day
)


@dataclass(frozen=True, slots=True)
class CountedReservation:
    """What quotas need to know of a reservation. times: what it is for and, while a move waits, what is confirmed."""

    id: int
    machine_id: int
    member_id: int
    status: str
    times: tuple[tuple[TimeSpan, int], ...]


def lock(session: Session, member_ids: Iterable[int]) -> None:
    """Make other requests of these members wait until the commit. Call before the machines are locked.

    Only where the ring has quotas; SQLite has one writer anyway. In the order of ids, so that two callers cannot
    deadlock (docs/locking.md).
    """
    dialect = session.get_bind().dialect.name
    if dialect != "postgresql" or not _has_quotas(session):
        return
    ordered = sorted(set(member_ids))
    known = select(Member.id).where(Member.id.in_(ordered)).order_by(Member.id)
    opened = postgresql.insert(_account).from_select(["member_id"], known)
    session.execute(opened.on_conflict_do_nothing())
    for member_id in ordered:
        session.execute(select(_account.c.member_id).where(_account.c.member_id == member_id).with_for_update())


def check(
    session: Session,
    member_id: int,
    time: tuple[TimeSpan, int],
    quotas: Collection[Quota],
    *,
    asked_at: datetime,
    reservation_id: int | None = None,
    held: Iterable[tuple[TimeSpan, int]] = (),
) -> Iterator[Violation]:
    """Yield every quota that a wish would pass, once for each week or month.

    limit: the most; actual: what it would be; added: what the wish adds; all in minutes, or numbers of open
    reservations. span: the week or month. reservation_id: of the wish, which is not counted twice. held: what it has
    already; where no more is counted than for that, nothing is judged.
    """
    if not quotas:
        return
    held = tuple(held)
    day = local_day(time[0].start, next(iter(quotas)).zone)
    own = applying(quotas, member_id, price_classes.price_class_on(session, member_id, day))
    used = _used(session, member_id, own, reservation_id)
    for quota in own:
        if quota.measure is Measure.OPEN:
            if not held:
                yield from _check_open(session, member_id, quota, asked_at, reservation_id)
            continue
        before = quota.counted_of(held)
        for first, seconds in quota.counted_of([time]).items():
            total = used.get((quota.id, first), 0) + seconds
            if total > quota.most * 60 and seconds > before.get(first, 0):
                yield Violation(
                    quota.code,
                    "end",
                    limit=quota.most,
                    actual=-(-total // 60),
                    span=quota.period_from(first),
                    added=-(-seconds // 60),
                )


def _check_open(
    session: Session, member_id: int, quota: Quota, asked_at: datetime, reservation_id: int | None
) -> Iterator[Violation]:
    found = open_count(session, member_id, quota, asked_at, excluding=reservation_id) + 1
    if found > quota.most:
        yield Violation(quota.code, "member", limit=quota.most, actual=found, added=1)


def open_count(session: Session, member_id: int, quota: Quota, now: datetime, *, excluding: int | None = None) -> int:
    """Return how many reservations of a member are open where a quota counts."""
    statement = select(func.count()).where(
        _reservation.c.member_id == member_id, _reservation.c.status.in_(HOLDING), _reservation.c.ends_at > now
    )
    if quota.machine_id is not None:
        statement = statement.where(_reservation.c.machine_id == quota.machine_id)
    elif quota.workshop_id is not None:
        of_workshop = select(Machine.id).where(Machine.workshop_id == quota.workshop_id)
        statement = statement.where(_reservation.c.machine_id.in_(of_workshop))
    if excluding is not None:
        statement = statement.where(_reservation.c.id != excluding)
    return session.scalar(statement) or 0


def used_seconds(session: Session, member_id: int, quotas: Iterable[Quota]) -> Mapping[tuple[int, date], int]:
    """Return how many seconds of a member are counted, by quota and first day of the week or month."""
    return _used(session, member_id, quotas, None)


def _used(
    session: Session, member_id: int, quotas: Iterable[Quota], excluding: int | None
) -> Mapping[tuple[int, date], int]:
    ids = [quota.id for quota in quotas if quota.measure is not Measure.OPEN]
    if not ids:
        return {}
    statement = _USED.where(_use.c.member_id == member_id, _use.c.quota_id.in_(ids))
    if excluding is not None:
        statement = statement.where(_use.c.reservation_id != excluding)
    return {(quota_id, first): int(seconds) for quota_id, first, seconds in session.execute(statement)}


def count(session: Session, reservations: Collection[CountedReservation], *, are_new: bool = False) -> None:
    """Store what reservations count now, in place of what they counted before. are_new: they counted nothing."""
    if not reservations or not _has_quotas(session):
        return
    if not are_new:
        session.execute(delete(_use).where(_use.c.reservation_id.in_([one.id for one in reservations])))
    quotas = {
        machine_id: catalogue.lending_terms(session, machine_id).policy.quotas
        for machine_id in sorted({one.machine_id for one in reservations})
    }
    rows = [row for one in reservations for quota in quotas[one.machine_id] for row in rows_of(one, quota)]
    if rows:
        session.execute(insert(_use), rows)


def rows_of(reservation: CountedReservation, quota: Quota) -> Iterator[dict[str, Any]]:
    """Yield what a reservation counts of a quota, as rows of QuotaUse."""
    if reservation.status not in COUNTED:
        return
    for first, seconds in quota.counted_of(reservation.times).items():
        yield {
            "reservation_id": reservation.id,
            "quota_id": quota.id,
            "first_day": first,
            "member_id": reservation.member_id,
            "seconds": seconds,
        }


def _has_quotas(session: Session) -> bool:
    return bool(_ANY_QUOTA.all(session.connection(), {})[0].found)
