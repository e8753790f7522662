"""What a member does with a series: enter it, put back a date that was skipped, cancel what is left of it.

Its dates are reservations: one of them is moved, cancelled and used like any other. Every verb gets the session, the
actor and the time, flushes and never commits: call it inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import SeriesConflicts, SeriesRefused, StaleRevision, Violation
from booking.events import series_events
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.models import ENDED_WITHOUT_USE, Reservation, Series, SeriesDate, Status
from booking.places import occupancies
from booking.quotas import quota_use
from booking.records import groups, schedule_versions
from booking.records.overruling import Overruling, record_overruled
from booking.records.publish import publish, publish_all
from booking.reservations import cancelling, reservation_writer, wishes
from booking.reservations.reservation_writer import EnteredReservation
from booking.reservations.reservations import new_reservation
from booking.reservations.wishes import UID_DOMAIN, Wish
from booking.rules.lacking_variants import Lacking, none_lacking
from booking.series import series_dates, series_plan
from booking.series.series_wishes import PlannedDate, SeriesPlan, SeriesWish
from booking.times import series_times
from booking.times.series_times import Occurrence, SeriesTimes

FIRST_REVISION = 0
_INSERT = PreparedStatement(insert(table_of(Series)))


class OnConflict(StrEnum):
    """What becomes of dates that cannot be reserved: nothing is entered, they are left out, or moved nearby.

    A date without a time nearby is left out too.
    """

    REFUSE = "refuse"
    SKIP = "skip"
    ALTERNATIVE = "alternative"


class NewSeries(NamedTuple):
    """The row of a series that was just stored, without reading it again."""

    id: int
    uid: str
    machine_id: int
    member_id: int
    revision: int = FIRST_REVISION


class EnteredDate(NamedTuple):
    """A date of a series that was entered. reservation: None for one that was left out."""

    occurrence: Occurrence
    reservation: EnteredReservation | None


class SeriesResult(NamedTuple):
    """The series that was entered. machine_id: of the series; of a group, the machine that most of its dates got.

    status: requested, where one of its dates waits for approval. dates: the reservations, in order of time. by_rule:
    all dates of the rule, in its order.
    """

    id: int
    uid: str
    machine_id: int
    times: SeriesTimes
    status: Status
    dates: Sequence[EnteredReservation]
    by_rule: Sequence[EnteredDate]

    @property
    def skipped(self) -> Sequence[date]:
        """The days of the rule that were left out."""
        return [one.occurrence.day for one in self.by_rule if one.reservation is None]


def create(
    session: Session,
    wish: SeriesWish,
    *,
    on_conflict: OnConflict,
    by: Actor,
    now: datetime,
    uid: str | None = None,
    approve: bool = False,
    overruling: Overruling | None = None,
    shown: str | None = None,
) -> SeriesResult:
    """Reserve a machine for all dates of a series, or any of a group for each: at once, or pending approval.

    uid, approve, overruling: as in request_reservation(). At least one date must be left. shown: the fingerprint of the
    plan that the user saw. Raises MachineNotFound, GroupNotFound, GroupRefused (none is lent), MemberNotFound,
    SeriesRefused, SeriesConflicts, SlotTaken; StaleRevision where another plan than was shown would be carried out.
    """
    _lock_machines(session, wish)
    proposes = on_conflict == OnConflict.ALTERNATIVE or shown is not None
    planned = series_plan.plan(session, wish, now=now, overruling=overruling, proposes=proposes)
    chosen = _chosen(planned, wish, on_conflict, shown)
    series = _store(session, wish, planned, uid or wishes.new_uid(), by, now)
    rules = {one.occurrence.day: one.overruled_rules for one in planned.dates}
    approves = approve or any(rules[day] for day in chosen)
    day_of = {_uid_of(series.uid, day): day for day in chosen}
    new = [
        new_reservation(
            chosen[day], planned.terms_of[chosen[day].machine_id], one, now, approve=approves, series_id=series.id
        )
        for one, day in day_of.items()
    ]
    entered, happened = reservation_writer.write(session, new, by=by, now=now)
    on_day = {day_of[one.uid]: one for one in entered}
    series_dates.link_first(session, series.id, [(day, one.id) for day, one in on_day.items()])
    status = Status.REQUESTED if any(one.status == Status.REQUESTED for one in entered) else Status.CONFIRMED
    of_series = series_events.SeriesEntered.of(series, entered, needs_decision=status == Status.REQUESTED)
    publish_all(session, [*happened, of_series], by=by, now=now)
    _record_overruled(session, on_day, rules, overruling, by, now)
    return _result(wish, planned, series, status, on_day)


def put_back(
    session: Session,
    series_id: int,
    day: date,
    *,
    by: Actor,
    now: datetime,
    approve: bool = False,
    revision: int | None = None,
    lacking: Lacking = none_lacking,
) -> EnteredReservation:
    """Reserve a date of a series that was skipped or has ended without use, under the rules of today.

    lacking: as in of_date(). Raises SeriesNotFound, StaleRevision, SeriesRefused (no date, or reserved),
    MachineNotFound, GroupNotFound, GroupRefused, SeriesConflicts, SlotTaken.
    """
    series = series_dates.lock(session, series_id, revision)
    wish, times = series_dates.wish_of(session, series), series_dates.times_of(series)
    _lock_machines(session, wish)
    if day not in [wall.date() for wall in times.rule.starts(times.wall)]:
        raise SeriesRefused([Violation("series_not_a_date", "day", actual=day)])
    if _is_reserved(session, series_id, day):
        raise SeriesRefused([Violation("series_date_held", "day", actual=day)])
    planned = series_plan.of_date(session, wish, series_times.occurrence_on(day, times), lacking, now=now)
    _refuse_conflicts(planned.dates, possible=0)
    asked = wish.wish_for(planned.dates[0].occurrence.span, planned.dates[0].machine_id)
    new = new_reservation(asked, planned.terms_of[asked.machine_id], wishes.new_uid(), now, approve=approve)
    (entered,) = reservation_writer.enter(session, [new], by=by, now=now)
    series_dates.link(session, series, [(day, entered.id)])
    series_dates.save(session, series, now)
    # Once more than the revisions of its dates tell, so that no cached feed takes the former date for unchanged.
    schedule_versions.bump(session, member_ids=[series.member_id], machine_ids={series.machine_id, asked.machine_id})
    return entered


def cancel_rest(
    session: Session,
    series_id: int,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    since: date | None = None,
    workshop_ids: Collection[int] | None = None,
    revision: int | None = None,
) -> Sequence[Reservation]:
    """Cancel the dates of a series that have not begun; since: only those of this day of the rule and later.

    workshop_ids: only those on machines of these workshops. What has begun or is over stays as it is. Each is late or
    in time by itself. Returns them in order of time; nothing is recorded where none is left. Raises SeriesNotFound,
    StaleRevision.
    """
    series = series_dates.lock(session, series_id, revision)
    conditions = [Reservation.status.in_((Status.REQUESTED, Status.CONFIRMED)), Reservation.starts_at > now]
    if since is not None:
        conditions.append(SeriesDate.occurs_on >= since)
    found = series_dates.lock_dates(session, series, *conditions, workshop_ids=workshop_ids)
    if found:
        cancelling.cancel_all(session, found, by=by, now=now, reason=reason, series_id=series_id)
        series_dates.save(session, series, now)
        publish(session, series_events.SeriesCancelled.of(series, found), by=by, now=now)
    return found


def _lock_machines(session: Session, wish: SeriesWish) -> None:
    """Lock a group against changes, then the quotas of the member, then all machines in the order of their ids."""
    if wish.group_id is not None:
        groups.lock_for_request(session, wish.group_id)
    quota_use.lock(session, [wish.member_id])
    ranks: Collection[int] = () if wish.group_id is None else groups.ranks_of(session, wish.group_id)
    occupancies.lock_machines(session, ranks or [wish.machine_id])


def _chosen(planned: SeriesPlan, wish: SeriesWish, on_conflict: OnConflict, shown: str | None) -> Mapping[date, Wish]:
    """Return what is reserved, by day of the rule. Raises SeriesConflicts, StaleRevision."""
    # Another machine of a group, which may differ in price, is shown again, and so are other rules that are overruled.
    is_read = wish.group_id is not None or any(one.is_overruled for one in planned.dates)
    if (on_conflict != OnConflict.REFUSE or is_read) and shown not in (None, planned.fingerprint):
        raise StaleRevision(expected=shown, actual=planned.fingerprint)
    chosen = {one.occurrence.day: wish.wish_for(one.occurrence.span, one.machine_id) for one in planned.accepted}
    if on_conflict == OnConflict.ALTERNATIVE:
        for one in planned.alternatives:
            assert one.alternative is not None
            chosen[one.occurrence.day] = wish.wish_for(one.alternative, one.alternative_on)
    if on_conflict == OnConflict.REFUSE or not chosen:
        _refuse_conflicts(planned.refused, possible=len(chosen))
    return chosen


def _refuse_conflicts(refused: Sequence[PlannedDate], *, possible: int) -> None:
    if any(not one.is_accepted for one in refused):
        raise SeriesConflicts({one.occurrence.day: [*_violations(one)] for one in refused}, possible)


def _violations(one: PlannedDate) -> Iterator[Violation]:
    yield from one.objections
    if one.taken is not None:
        yield Violation("slot_taken", "start", actual=one.occurrence.span.start, span=one.occurrence.span)


def _store(session: Session, wish: SeriesWish, planned: SeriesPlan, uid: str, by: Actor, now: datetime) -> NewSeries:
    columns = {
        "uid": uid,
        "machine_id": planned.terms.machine_id,
        "member_id": wish.member_id,
        "rrule": wish.rule.to_rrule(),
        "zone": planned.terms.policy.hours.zone.key,
        "wall_start": wish.wall.isoformat(timespec="minutes"),
        "length_min": int(wish.length.total_seconds() // 60),
        "passage": wish.passage,
        "places": wish.places,
        "purpose": wish.purpose,
        "may_move_min": wish.may_move_min,
        "second_person": wish.second.name,
        "second_user_id": wish.second.user_id,
        "choices": wish.choices,
        "first_starts_at": planned.dates[0].occurrence.span.start,
        "created_at": now,
        "created_by": by.user_id,
        "changed_at": now,
        "revision": FIRST_REVISION,
    }
    # As the reservations: a flush of the session would cost several times what the database needs.
    series_id = _INSERT.run(session.connection(), columns)
    assert series_id is not None
    if wish.group_id is not None:
        series_dates.set_group(session, series_id, wish.group_id)
    return NewSeries(series_id, uid, planned.terms.machine_id, wish.member_id)


def _result(
    wish: SeriesWish, planned: SeriesPlan, series: NewSeries, status: Status, on_day: Mapping[date, EnteredReservation]
) -> SeriesResult:
    by_rule = [EnteredDate(one.occurrence, on_day.get(one.occurrence.day)) for one in planned.dates]
    times = wish.times(planned.terms.policy.hours.zone)
    return SeriesResult(series.id, series.uid, series.machine_id, times, status, [*on_day.values()], by_rule)


def _uid_of(series_uid: str, day: date) -> str:
    """Return the uid of the first reservation for a day of a series."""
    return f"{series_uid.partition('@')[0]}-{day:%Y%m%d}@{UID_DOMAIN}"


def _is_reserved(session: Session, series_id: int, day: date) -> bool:
    found = select(Reservation.status).join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
    status = session.scalar(found.where(SeriesDate.series_id == series_id, SeriesDate.occurs_on == day))
    return status is not None and status not in ENDED_WITHOUT_USE


def _record_overruled(
    session: Session,
    on_day: Mapping[date, EnteredReservation],
    rules: Mapping[date, Sequence[str]],
    overruling: Overruling | None,
    by: Actor,
    now: datetime,
) -> None:
    for day, one in on_day.items():
        record_overruled(session, one, rules[day], overruling, by=by, now=now)
