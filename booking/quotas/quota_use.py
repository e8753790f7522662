"""The use of quotas: what each reservation counts, and whether a wish would pass one.

What counts is stored with the reservation (`QuotaUse`) whenever it is entered or changed, so that what is cancelled,
shortened, moved, declined or expired is given back exactly. Open reservations are counted as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, literal, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import HOLDING, GroupMachine, Machine, Member, QuotaAccount, QuotaUse, Reservation, Status
from booking.models import Quota as StoredQuota
from booking.records import catalogue, price_classes
from booking.rules.quota_rules import Measure, Quota, applying
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

# What a member had or was held for the member: also the time of a no-show, which nobody else could use.
COUNTED = (*HOLDING, Status.COMPLETED, Status.NO_SHOW)

_use, _account, _reservation = map(table_of, (QuotaUse, QuotaAccount, Reservation))
_ANY_QUOTA = PreparedStatement(select(exists(select(literal(1)).select_from(table_of(StoredQuota))).label("found")))
_needs_two = select(literal(1)).select_from(table_of(Machine)).where(table_of(Machine).c.needs_second_person)
_LOCKS = PreparedStatement(
    select(or_(exists(select(literal(1)).select_from(table_of(StoredQuota))), exists(_needs_two)).label("found"))
)
_COUNTED_COLUMNS = [
    _reservation.c[name]
    for name in (
        "id",
        "machine_id",
        "member_id",
        "status",
        "starts_at",
        "ends_at",
        "places",
        "former_starts_at",
        "former_ends_at",
        "former_places",
    )
]
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

    Only where the ring has quotas, or machines that two persons run, because one person may be named for two machines
    at once; SQLite has one writer anyway. In the order of ids, so that two callers cannot deadlock (docs/locking.md).
    """
    dialect = session.get_bind().dialect.name
    if dialect != "postgresql" or not _LOCKS.all(session.connection(), {})[0].found:
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
    used = used_seconds(session, member_id, own, time[0], excluding=reservation_id)
    for quota in own:
        if quota.measure is Measure.OPEN:
            if not held:
                yield from _check_open(session, member_id, quota, asked_at, reservation_id)
            continue
        yield from _check_time(quota, time, used, held)


def _check_time(
    quota: Quota,
    time: tuple[TimeSpan, int],
    used: Mapping[tuple[int, date], int],
    held: Iterable[tuple[TimeSpan, int]],
) -> Iterator[Violation]:
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
    statement = statement.where(*counts_for(quota))
    if excluding is not None:
        statement = statement.where(_reservation.c.id != excluding)
    return session.scalar(statement) or 0


def counts_for(quota: Quota) -> Iterator[ColumnElement[bool]]:
    """Yield the condition on the machine of a reservation under which a quota counts it."""
    machine_id = _reservation.c.machine_id
    if quota.machine_id is not None:
        yield machine_id == quota.machine_id
    elif quota.group_id is not None:
        yield machine_id.in_(select(GroupMachine.machine_id).where(GroupMachine.group_id == quota.group_id))
    elif quota.workshop_id is not None:
        yield machine_id.in_(select(Machine.id).where(Machine.workshop_id == quota.workshop_id))


def used_seconds(
    session: Session, member_id: int, quotas: Iterable[Quota], span: TimeSpan, *, excluding: int | None = None
) -> Mapping[tuple[int, date], int]:
    """Return how many seconds of a member are counted in the weeks or months of a span, by quota and first day.

    excluding: a reservation that is left out.
    """
    quotas = tuple(quotas)
    found: dict[tuple[int, date], int] = defaultdict(int)
    if stored := [quota for quota in quotas if quota.is_stored]:
        first, last = (local_day(instant, stored[0].zone) for instant in (span.start, span.end))
        statement = _USED.where(
            _use.c.member_id == member_id,
            _use.c.quota_id.in_([quota.id for quota in stored]),
            _use.c.first_day.between(min(quota.first_day(first) for quota in stored), last),
        )
        if excluding is not None:
            statement = statement.where(_use.c.reservation_id != excluding)
        for quota_id, first, seconds in session.execute(statement):
            found[quota_id, first] = int(seconds)
    for quota in quotas:
        if quota.period is not None and not quota.is_stored:
            for reservation in _around(session, member_id, quota, span, excluding):
                for first, seconds in quota.counted_of(reservation.times).items():
                    found[quota.id, first] += seconds
    return found


def _around(
    session: Session, member_id: int, quota: Quota, span: TimeSpan, excluding: int | None
) -> Iterator[CountedReservation]:
    """Yield the reservations of a member that a quota counts in the weeks or months of a span."""
    first = quota.period_from(quota.first_day(local_day(span.start, quota.zone)))
    last = quota.period_from(quota.first_day(local_day(span.end, quota.zone)))
    former = _reservation.c.former_starts_at
    is_around = or_(
        and_(_reservation.c.starts_at < last.end, _reservation.c.ends_at > first.start),
        and_(former < last.end, _reservation.c.former_ends_at > first.start),
    )
    statement = select(*_COUNTED_COLUMNS).where(
        _reservation.c.member_id == member_id, _reservation.c.status.in_(COUNTED), is_around, *counts_for(quota)
    )
    for row in session.execute(statement.where(_reservation.c.id != (excluding or 0))):
        yield counted_of(row)


def counted_since(session: Session, quota: Quota, since: datetime) -> Iterator[CountedReservation]:
    """Yield the reservations of all members that a quota counts and that end after an instant, in the order of ids."""
    ends_later = or_(_reservation.c.ends_at > since, _reservation.c.former_ends_at > since)
    statement = select(*_COUNTED_COLUMNS).where(_reservation.c.status.in_(COUNTED), ends_later, *counts_for(quota))
    for row in session.execute(statement.order_by(_reservation.c.id)):
        yield counted_of(row)


def counted_of(row: Any) -> CountedReservation:
    """Return what quotas need to know of a reservation, stored or in memory."""
    times = [(TimeSpan(row.starts_at, row.ends_at), row.places)]
    if row.former_starts_at is not None:
        times.append((TimeSpan(row.former_starts_at, row.former_ends_at), row.former_places))
    return CountedReservation(row.id, row.machine_id, row.member_id, row.status, tuple(times))


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
    if reservation.status not in COUNTED or not quota.is_stored:
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
