"""Verbs on quotas: enter, change, delete. What reservations count of a quota is worked out again with each change.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, Violation
from booking.events.reservation_events import RecordChanged
from booking.kernel import events, revisions
from booking.kernel.events import Actor
from booking.kernel.orm import Base, table_of
from booking.models import (
    GroupMachine,
    Machine,
    MachineGroup,
    Member,
    PriceClass,
    QuotaUse,
    Ring,
    Workshop,
)
from booking.models import Quota as StoredQuota
from booking.models.quota import MOST_MAX
from booking.places import occupancies
from booking.quotas import quota_use
from booking.quotas.quota_records import check_only_one
from booking.records import price_classes, records
from booking.rules.quota_rules import ALL_WEEKDAYS, Measure, Period, PrimeTime, Quota, first_day_of
from booking.times.opening_hours import MINUTES_OF_A_DAY
from booking.times.wall_clock import USUAL_ZONE

_REFERENCES: dict[str, type[Base]] = {
    "member_id": Member,
    "price_class": PriceClass,
    "workshop_id": Workshop,
    "machine_id": Machine,
    "group_id": MachineGroup,
}
_quota, _use = table_of(StoredQuota), table_of(QuotaUse)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaInput:
    """What is entered of a quota; see quota_rules.Quota. weekdays: bits, Monday is 1; minutes of the day."""

    measure: str
    most: int
    period: str | None = None
    workshop_id: int | None = None
    machine_id: int | None = None
    group_id: int | None = None
    member_id: int | None = None
    price_class: str | None = None
    weekdays: int | None = None
    from_minute: int | None = None
    until_minute: int | None = None

    @classmethod
    def of(cls, rule: Quota) -> QuotaInput:
        """Return what was entered of a quota."""
        prime = rule.prime
        return cls(
            measure=rule.measure.value,
            most=rule.most,
            period=None if rule.period is None else rule.period.value,
            workshop_id=rule.workshop_id,
            machine_id=rule.machine_id,
            group_id=rule.group_id,
            member_id=rule.member_id,
            price_class=rule.price_class,
            weekdays=None if prime is None else prime.weekdays,
            from_minute=None if prime is None else prime.from_minute,
            until_minute=None if prime is None else prime.until_minute,
        )


def enter_quota(session: Session, data: QuotaInput, *, by: Actor, now: datetime) -> int:
    """Store a quota and return its id. It counts from the present week or month on. Raises RecordRefused."""
    _lock_machines(session, data)
    records.refuse(check_quota(session, data) + check_only_one(session, records.values_of(data)))
    (new_id,) = records.new_ids(session, _quota)
    stored = StoredQuota(id=new_id, counted_from=_counted_from(session, data, now), **records.values_of(data))
    session.add(stored)
    session.flush()
    records.note(session, "quota", stored.id, "entered", by, now)
    recount(session, stored.id)
    return stored.id


def change_quota(
    session: Session,
    quota_id: int,
    data: QuotaInput,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change a quota; reservations already made stay. Raises NotFound, StaleRevision, RecordRefused."""
    _lock_machines(session, data, *_quotas(session, quota_id))
    stored = revisions.locked(session, StoredQuota, quota_id, missing=NotFound, revision=revision)
    records.refuse(check_quota(session, data) + check_only_one(session, records.values_of(data), quota_id))
    if not records.changed_fields(stored, records.values_of(data)):
        return
    changed = records.write(stored, records.values_of(data))
    stored.counted_from = min(stored.counted_from, _counted_from(session, data, now))
    stored.revision += 1
    session.flush()
    records.note(session, "quota", quota_id, ",".join(changed), by, now)
    recount(session, quota_id)


def delete_quota(session: Session, quota_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Delete a quota: from now on nothing is refused because of it. Raises NotFound, StaleRevision."""
    _lock_machines(session, *_quotas(session, quota_id))
    revisions.locked(session, StoredQuota, quota_id, missing=NotFound, revision=revision)
    session.execute(delete(_use).where(_use.c.quota_id == quota_id))
    session.execute(delete(_quota).where(_quota.c.id == quota_id))
    session.expire_all()
    records.note_deleted_ids(session, _quota, [quota_id])
    deleted = RecordChanged(table="quota", record_id=quota_id, what="deleted", key=str(quota_id))
    events.record(session, deleted, by=by, at=now)


def ring_zone(session: Session) -> str:
    return session.scalar(select(Ring.timezone).where(Ring.id == 1)) or USUAL_ZONE


def check_quota(session: Session, data: QuotaInput) -> list[Violation]:
    """Return what is wrong.

    quota_zero (most), at_most, unknown_measure, missing (period, weekdays, member, ...), opening_backwards.
    """
    violations: list[Violation] = []
    if data.most < 1:
        violations.append(Violation("quota_zero", "most", limit=1, actual=data.most))
    elif data.most > MOST_MAX:
        violations.append(Violation("at_most", "most", limit=MOST_MAX, actual=data.most))
    return violations + _check_shape(data) + list(_check_references(session, data))


def _check_shape(data: QuotaInput) -> list[Violation]:
    """Return what is wrong with measure, period and prime time, which belong together."""
    if data.measure not in set(Measure):
        return [Violation("missing", "measure")]
    is_open, is_prime = data.measure == Measure.OPEN, data.measure == Measure.PRIME_TIME
    found: list[Violation] = []
    if is_open == (data.period in set(Period)):
        found.append(Violation("missing" if not is_open else "not_here", "period"))
    prime = (data.weekdays, data.from_minute, data.until_minute)
    if not is_prime:
        return found + ([Violation("not_here", "weekdays")] if any(one is not None for one in prime) else [])
    if not data.weekdays or not 1 <= data.weekdays <= ALL_WEEKDAYS:
        found.append(Violation("missing", "weekdays"))
    since, until = data.from_minute, data.until_minute
    if since is None or until is None or not 0 <= since < until <= MINUTES_OF_A_DAY:
        found.append(Violation("opening_backwards", "until_minute"))
    return found


def _check_references(session: Session, data: QuotaInput) -> Iterator[Violation]:
    """Yield one_group for a member and a price class at once, and missing for what there is not in the workshop."""
    if data.member_id is not None and data.price_class is not None:
        yield Violation("one_group", "member_id")
    if data.machine_id is not None and data.group_id is not None:
        yield Violation("not_here", "group_id")
    for field, model in _REFERENCES.items():
        key = getattr(data, field)
        if key is None:
            continue
        found = session.get(model, key)
        is_elsewhere = isinstance(found, (Machine, MachineGroup)) and found.workshop_id != data.workshop_id
        if found is None or is_elsewhere:
            yield Violation("missing", field)


def recount(session: Session, quota_id: int) -> None:
    """Work out again what all reservations count of a quota. The machines for which it counts are locked."""
    session.execute(delete(_use).where(_use.c.quota_id == quota_id))
    rows = [row for one in _quotas(session, quota_id) for row in counted_rows(session, one)]
    for start in range(0, len(rows), 500):
        session.execute(insert(_use), rows[start : start + 500])


def recount_all(session: Session) -> None:
    """Work out again what all quotas count, after a change of the clock by which their weeks and hours go."""
    occupancies.lock_machines(session, session.scalars(select(Machine.id)))
    for quota in all_quotas(session):
        recount(session, quota.id)


def counted_rows(session: Session, quota: Quota) -> Iterator[dict[str, Any]]:
    """Yield what every reservation counts of a quota, as rows of QuotaUse, worked out from the reservations alone."""
    if not quota.is_stored:
        return
    since = quota.period_from(quota.counted_from).start
    for one in quota_use.counted_since(session, quota, since):
        yield from quota_use.rows_of(one, quota)


def all_quotas(session: Session) -> Sequence[Quota]:
    """Return every quota of the ring, in the order of ids."""
    return tuple(_quotas(session))


def one_quota(session: Session, quota_id: int) -> Quota:
    """Return one quota. Raises NotFound."""
    for found in _quotas(session, quota_id):
        return found
    raise NotFound(id=quota_id)


def _quotas(session: Session, quota_id: int | None = None) -> Iterator[Quota]:
    of_ring = ring_zone(session)
    statement = select(StoredQuota, Workshop.timezone).outerjoin(Workshop, Workshop.id == StoredQuota.workshop_id)
    if quota_id is not None:
        statement = statement.where(StoredQuota.id == quota_id)
    for stored, zone in session.execute(statement.order_by(StoredQuota.id)):
        yield quota_of(stored, ZoneInfo(of_ring), ZoneInfo(zone or of_ring))


def quota_of(stored: Any, ring_zone: ZoneInfo, workshop_zone: ZoneInfo) -> Quota:
    """Return a stored or entered quota as its rule."""
    prime = None
    if stored.weekdays is not None:
        prime = PrimeTime(stored.weekdays, stored.from_minute, stored.until_minute, workshop_zone)
    return Quota(
        id=getattr(stored, "id", 0),
        measure=Measure(stored.measure),
        period=None if stored.period is None else Period(stored.period),
        most=stored.most,
        workshop_id=stored.workshop_id,
        machine_id=stored.machine_id,
        group_id=stored.group_id,
        member_id=stored.member_id,
        price_class=stored.price_class,
        prime=prime,
        zone=ring_zone,
        counted_from=getattr(stored, "counted_from", date.min),
    )


def _machines_of(quota: Quota | QuotaInput) -> list[Any]:
    if quota.machine_id is not None:
        return [Machine.id == quota.machine_id]
    if quota.group_id is not None:
        return [Machine.id.in_(select(GroupMachine.machine_id).where(GroupMachine.group_id == quota.group_id))]
    return [] if quota.workshop_id is None else [Machine.workshop_id == quota.workshop_id]


def _lock_machines(session: Session, *quotas: Quota | QuotaInput) -> None:
    """Lock the machines for which quotas count: no reservation is entered between a change and the recount.

    Before the row of the quota, to which what a reservation counts refers (docs/locking.md).
    """
    scopes = [select(Machine.id).where(*_machines_of(one)) for one in quotas]
    occupancies.lock_machines(session, {machine_id for scope in scopes for machine_id in session.scalars(scope)})


def _counted_from(session: Session, data: QuotaInput, now: datetime) -> date:
    return first_day_of(data.period, price_classes.ring_today(session, now))
