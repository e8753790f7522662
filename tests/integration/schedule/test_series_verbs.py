"""A series: all of its dates at once, each a reservation of its own, in one transaction."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from booking.errors.schedule_errors import MachineNotFound, RecordRefused, SeriesConflicts, SeriesRefused, WrongStatus
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Hold, Machine, Occupancy, Reservation, Ring, Series, SeriesDate, Status
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records import ring
from booking.records.overruling import Overruling
from booking.reservations import decisions, reservations
from booking.series import series, series_decisions, series_plan
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, reserve, schedule_version
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")
START = to_wall(MONDAY, BERLIN).replace(hour=9, minute=0) + timedelta(days=7)


def wish_of(sample_ring, rrule="FREQ=WEEKLY;COUNT=4", **changes):
    rule = parse(rrule, START, BERLIN)
    values = {"machine_id": sample_ring.combine, "member_id": sample_ring.anna, **changes}
    return SeriesWish(rule=rule, wall=START, length=timedelta(hours=2), **values)


def enter(session, wish, on_conflict=OnConflict.REFUSE, *, now=MONDAY, **options):
    with write_transaction(session):
        return series.create(session, wish, on_conflict=on_conflict, by=SOMEBODY, now=now, **options)


def spans_of(session, sample_ring, wish):
    return [one.occurrence.span for one in series_plan.plan(session, wish, now=MONDAY).dates]


def events_of(session):
    return session.execute(select(RecordedEvent.type, RecordedEvent.facts).order_by(RecordedEvent.id)).all()


def test_the_rest_of_a_series_is_cancelled_in_as_many_statements_however_long_it_is(session, sample_ring):
    """A thousand dates would hold the write lock for seconds, one after the other."""
    counts = []
    for dates in (3, 40):
        made = enter(session, wish_of(sample_ring, rrule=f"FREQ=DAILY;COUNT={dates}"))
        session.rollback()
        session.expunge_all()
        seen = []

        def note(*args, seen=seen):
            seen.append(args[2])

        event.listen(db.engine, "before_cursor_execute", note)
        with write_transaction(session):
            cancelled = series.cancel_rest(session, made.id, by=SOMEBODY, now=MONDAY, reason="rain")
        event.remove(db.engine, "before_cursor_execute", note)
        assert [(one.status, one.reason, one.is_late_cancel) for one in cancelled] == [
            ("cancelled", "rain", False)
        ] * dates
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert [kind for kind, _facts in events_of(session)][-41:] == ["reservation_cancelled"] * 40 + ["series_cancelled"]
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 0


def test_a_series_is_entered_with_one_event_beside_one_for_each_date(session, sample_ring):
    version = schedule_version(session, machine_id=sample_ring.combine)

    made = enter(session, wish_of(sample_ring))

    stored = session.scalars(select(Reservation).order_by(Reservation.starts_at)).all()
    assert [one.id for one in stored] == [one.id for one in made.dates]
    assert {to_wall(one.starts_at, BERLIN).time() for one in stored} == {START.time()}
    happened = events_of(session)
    assert [kind for kind, _facts in happened] == ["reservation_confirmed"] * 4 + ["series_entered"]
    assert {facts["series_id"] for _kind, facts in happened} == {made.id}
    assert happened[-1].facts["reservation_ids"] == [one.id for one in stored]
    assert schedule_version(session, machine_id=sample_ring.combine) > version
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 4
    kept = session.get(Series, made.id)
    assert (kept.rrule, kept.zone, kept.wall_start) == ("FREQ=WEEKLY;BYDAY=MO;COUNT=4", BERLIN.key, "2026-11-30T09:00")
    assert (kept.length_min, kept.machine_id, kept.member_id) == (120, sample_ring.combine, sample_ring.anna)


def test_one_conflict_refuses_all_leaves_one_out_or_moves_it(session, sample_ring):
    wish = wish_of(sample_ring)
    second = spans_of(session, sample_ring, wish)[1]
    reserve(session, sample_ring.combine, sample_ring.bernd, second, now=MONDAY)

    with pytest.raises(SeriesConflicts) as refusal:
        enter(session, wish)
    assert (refusal.value.facts["possible"], refusal.value.facts["refused"]) == (3, 1)
    assert [(one.rule, one.actual) for one in refusal.value.violations] == [("slot_taken", second.start)]
    assert session.scalar(select(func.count()).select_from(Series)) == 0
    assert session.scalar(select(func.count()).select_from(Hold)) == 1

    skipped = enter(session, wish, OnConflict.SKIP)
    assert skipped.skipped == [START.date() + timedelta(days=7)]
    assert len(skipped.dates) == 3
    with write_transaction(session):
        series.cancel_rest(session, skipped.id, by=SOMEBODY, now=MONDAY)

    moved = enter(session, wish, OnConflict.ALTERNATIVE)
    assert moved.skipped == []
    assert moved.dates[1].starts_at in (second.end, second.start - timedelta(hours=2))
    days = session.execute(select(SeriesDate.occurs_on).where(SeriesDate.series_id == moved.id)).scalars()
    assert sorted(days) == [START.date() + timedelta(days=7 * week) for week in range(4)]


def test_rules_are_judged_date_by_date_and_overruled_with_a_reason(session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).horizon_days = 20
    wish = wish_of(sample_ring)

    with pytest.raises(SeriesConflicts) as refusal:
        enter(session, wish)
    assert {one.rule for one in refusal.value.violations} == {"horizon"}
    assert len(enter(session, wish, OnConflict.SKIP).dates) == 2

    overruled = enter(session, wish_of(sample_ring, machine_id=sample_ring.splitter, rrule="FREQ=DAILY;COUNT=2"))
    assert overruled.status == Status.REQUESTED
    far = wish_of(
        sample_ring, "FREQ=WEEKLY;INTERVAL=60;COUNT=2", machine_id=sample_ring.splitter, member_id=sample_ring.bernd
    )
    with pytest.raises(SeriesConflicts):
        enter(session, far)
    with write_transaction(session):
        series.cancel_rest(session, overruled.id, by=SOMEBODY, now=MONDAY)
    assert enter(session, far, overruling=Overruling("agreed")).status == Status.CONFIRMED
    assert [kind for kind, _facts in events_of(session)][-1] == "rules_overruled"


def test_managers_enter_as_many_dates_as_the_ring_allows_and_members_two_hundred(session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).horizon_days = 400

    def wish(may_decide):
        dates_max = ring.series_dates_max(session, may_decide=may_decide)
        return wish_of(sample_ring, "FREQ=DAILY;COUNT=201", dates_max=dates_max)

    def allow(dates):
        with write_transaction(session):
            ring.set_series_dates(session, dates, by=SOMEBODY, now=MONDAY)

    for may_decide, allowed in ((True, 200), (False, 300)):
        allow(allowed)
        for ask in (series_plan.plan, partial(series.create, on_conflict=OnConflict.REFUSE, by=SOMEBODY)):
            with pytest.raises(SeriesRefused) as refusal, write_transaction(session):
                ask(session, wish(may_decide), now=MONDAY)
            (one,) = refusal.value.violations
            assert (one.rule, one.field, one.limit, one.actual) == ("series_too_long", "rrule", 200, 201)

    made = enter(session, wish(True))
    assert len(made.dates) == 201
    allow(200)  # what there is stays, and is read, put back and changed
    with write_transaction(session):
        series.cancel_rest(session, made.id, by=SOMEBODY, now=MONDAY, since=made.by_rule[-1].occurrence.day)
    with write_transaction(session):
        series.put_back(session, made.id, made.by_rule[-1].occurrence.day, by=SOMEBODY, now=MONDAY)
    later = SeriesChange(Scope.ALL, starts_at=START.replace(hour=12).time())
    assert len(carry_out.preview(session, made.id, later, now=MONDAY).dates) == 201
    changed = [facts["what"] for kind, facts in events_of(session) if kind == "record_changed"]
    assert changed == ["series_dates_managers"] * 2
    for wrong in (199, 1001):
        with pytest.raises(RecordRefused) as refused:
            allow(wrong)
        assert refused.value.violations[0].field == "series_dates_managers"
        with pytest.raises(IntegrityError, match="series_dates_managers"), write_transaction(session):
            session.execute(update(Ring).values(series_dates_managers=wrong))


def test_nothing_is_entered_where_no_date_is_left(session, sample_ring):
    with pytest.raises(SeriesConflicts) as refusal:
        enter(session, wish_of(sample_ring, machine_id=sample_ring.laser, member_id=sample_ring.bernd), OnConflict.SKIP)
    assert {one.rule for one in refusal.value.violations} == {"induction"}

    wish = wish_of(sample_ring, "FREQ=WEEKLY;COUNT=2")
    for span in spans_of(session, sample_ring, wish):
        reserve(session, sample_ring.combine, sample_ring.bernd, span, now=MONDAY)
    shown = series_plan.plan(session, wish, now=MONDAY)
    assert len(shown.alternatives) == 2, "other times were shown, and are not wanted"
    with pytest.raises(SeriesConflicts):
        enter(session, wish, OnConflict.SKIP, shown=shown.fingerprint)
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).retired_at = MONDAY
    with pytest.raises(MachineNotFound):
        enter(session, wish_of(sample_ring))
    assert session.scalar(select(func.count()).select_from(Series)) == 0


def test_many_places_are_counted_over_the_dates_of_the_series_itself(session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.cold_store).cleaning_min = 24 * 60
    wish = wish_of(sample_ring, "FREQ=DAILY;COUNT=3", machine_id=sample_ring.cold_store, places=16)

    assert [one.is_accepted for one in series_plan.plan(session, wish, now=MONDAY).dates] == [True, False, True]


def test_a_skipped_date_is_put_back_once(session, sample_ring):
    wish = wish_of(sample_ring)
    second = spans_of(session, sample_ring, wish)[1]
    other = reserve(session, sample_ring.combine, sample_ring.bernd, second, now=MONDAY)
    made = enter(session, wish, OnConflict.SKIP)
    day = made.skipped[0]

    with pytest.raises(SeriesConflicts), write_transaction(session):
        series.put_back(session, made.id, day, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, other.id, by=SOMEBODY, now=MONDAY)
    for _again in range(2):  # also after it was cancelled
        with write_transaction(session):
            put_back = series.put_back(session, made.id, day, by=SOMEBODY, now=MONDAY)
        assert put_back.starts_at == second.start
        with pytest.raises(SeriesRefused) as refusal, write_transaction(session):
            series.put_back(session, made.id, day, by=SOMEBODY, now=MONDAY)
        assert refusal.value.violations[0].rule == "series_date_held"
        with write_transaction(session):
            reservations.cancel(session, put_back.id, by=SOMEBODY, now=MONDAY)
    with pytest.raises(SeriesRefused) as refusal, write_transaction(session):
        series.put_back(session, made.id, date(2026, 1, 1), by=SOMEBODY, now=MONDAY)
    assert refusal.value.violations[0].rule == "series_not_a_date"


def test_cancelling_the_rest_leaves_what_has_begun(session, sample_ring):
    made = enter(session, wish_of(sample_ring))
    later = made.dates[1].starts_at + timedelta(minutes=10)

    with write_transaction(session):
        cancelled = series.cancel_rest(session, made.id, by=SOMEBODY, now=later, reason="rain")

    assert [one.id for one in cancelled] == [one.id for one in made.dates[2:]]
    assert {one.reason for one in cancelled} == {"rain"}
    statuses = session.scalars(select(Reservation.status).order_by(Reservation.starts_at)).all()
    assert statuses == ["confirmed", "confirmed", "cancelled", "cancelled"]
    last_type, last_facts = events_of(session)[-1]
    assert (last_type, last_facts["reservation_ids"]) == ("series_cancelled", [one.id for one in cancelled])
    with write_transaction(session):
        assert not series.cancel_rest(session, made.id, by=SOMEBODY, now=later)


@pytest.mark.parametrize(("is_approved", "status"), [(True, "confirmed"), (False, "rejected")])
def test_a_series_is_decided_at_once(session, sample_ring, is_approved, status):
    made = enter(session, wish_of(sample_ring, machine_id=sample_ring.splitter))

    with write_transaction(session):
        series_decisions.decide(session, made.id, is_approved=is_approved, by=SOMEBODY, now=MONDAY, reason="no")

    assert set(session.scalars(select(Reservation.status))) == {status}
    assert events_of(session)[-1].facts["was_approved"] is is_approved


def test_a_series_is_decided_occurrence_by_occurrence(session, sample_ring):
    made = enter(session, wish_of(sample_ring, machine_id=sample_ring.splitter))
    first, second, *rest = [one.id for one in made.dates]
    with write_transaction(session):
        decisions.approve(session, first, by=SOMEBODY, now=MONDAY)
        decisions.reject(session, second, "Needed elsewhere", by=SOMEBODY, now=MONDAY)

    def statuses():
        return [session.get(Reservation, one, populate_existing=True).status for one in (first, second, *rest)]

    assert statuses() == [Status.CONFIRMED, Status.REJECTED, Status.REQUESTED, Status.REQUESTED]
    with write_transaction(session):
        decided = series_decisions.decide(session, made.id, is_approved=True, by=SOMEBODY, now=MONDAY)
    assert [one.id for one in decided] == rest
    assert statuses() == [Status.CONFIRMED, Status.REJECTED, Status.CONFIRMED, Status.CONFIRMED]


def test_another_time_for_a_confirmed_date_is_not_decided_with_the_series(session, sample_ring):
    made = enter(session, wish_of(sample_ring, machine_id=sample_ring.splitter), approve=True)
    first = made.dates[0]
    later = TimeSpan(first.starts_at + timedelta(hours=4), first.ends_at + timedelta(hours=4))
    with write_transaction(session):
        moved = reservations.move(session, first.id, later, by=SOMEBODY, now=MONDAY)
    assert moved.status == Status.REQUESTED

    with pytest.raises(WrongStatus), write_transaction(session):
        series_decisions.decide(session, made.id, is_approved=False, by=SOMEBODY, now=MONDAY, reason="no")
    assert session.get(Reservation, first.id).former_starts_at == first.starts_at


def test_the_database_refuses_a_date_twice_and_a_reservation_in_two_places(session, sample_ring):
    made = enter(session, wish_of(sample_ring))
    first, second = (session.get(SeriesDate, (made.id, START.date() + timedelta(days=days))) for days in (0, 7))

    for values in (
        {"series_id": made.id, "occurs_on": first.occurs_on, "reservation_id": 1},
        {"series_id": made.id, "occurs_on": date(2027, 1, 1), "reservation_id": second.reservation_id},
    ):
        with pytest.raises(IntegrityError), write_transaction(session):
            session.execute(insert(SeriesDate).values(**values))


def test_quotas_count_the_dates_one_after_the_other(session, sample_ring):
    daily = {"rrule": "FREQ=DAILY;COUNT=7", "machine_id": sample_ring.combine}
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=5 * 60, workshop_id=sample_ring.hall)
        quota_id = quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)
    planned = series_plan.plan(session, wish_of(sample_ring, **daily), now=MONDAY)
    assert [one.is_accepted for one in planned.dates] == [True, True, False, False, False, False, False]
    assert {each.rule for one in planned.refused for each in one.violations} == {"quota_time"}
    assert all(one.alternative is None for one in planned.refused)
    assert len(enter(session, wish_of(sample_ring, **daily), OnConflict.SKIP).dates) == 2
    assert quota_id


def test_who_overrules_a_rule_for_a_date_overrules_it_for_its_other_time(session, sample_ring):
    wish = wish_of(sample_ring)
    last = spans_of(session, sample_ring, wish)[3]
    reserve(session, sample_ring.combine, sample_ring.bernd, last, now=MONDAY)
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).horizon_days = 15

    alone = series_plan.plan(session, wish, now=MONDAY)
    assert [bool(one.alternative) for one in alone.dates[2:]] == [False, False]
    made = enter(session, wish, OnConflict.ALTERNATIVE, overruling=Overruling("agreed"))

    assert (len(made.dates), made.skipped) == (4, [])
    assert made.dates[3].starts_at in (last.end, last.start - timedelta(hours=2))
    overruled = [facts for kind, facts in events_of(session) if kind == "rules_overruled"]
    assert [(one["reservation_id"], one["rules"], one["reason"]) for one in overruled] == [
        (one.id, "horizon", "agreed") for one in made.dates[2:]
    ]


def test_who_overrules_a_quota_gets_other_times_that_pass_it(session, sample_ring):
    wish = wish_of(sample_ring)
    second = spans_of(session, sample_ring, wish)[1]
    reserve(session, sample_ring.combine, sample_ring.bernd, second, now=MONDAY)
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=60, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)

    alone = series_plan.plan(session, wish, now=MONDAY)
    assert not any(one.is_accepted or one.alternative for one in alone.dates)
    made = enter(session, wish, OnConflict.ALTERNATIVE, overruling=Overruling("agreed"))

    assert (len(made.dates), made.skipped) == (4, [])
    overruled = [facts for kind, facts in events_of(session) if kind == "rules_overruled"]
    assert [(one["reservation_id"], one["rules"]) for one in overruled] == [
        (one.id, "quota_time") for one in made.dates
    ]


def test_a_date_that_a_quota_refuses_is_not_in_the_way_of_the_next_one(session, sample_ring):
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).cleaning_min = 24 * 60
        entered = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)
    # From Monday to Monday: the quota allows one date a week, so Sunday's does not need the day of cleaning after it.
    planned = series_plan.plan(session, wish_of(sample_ring, "FREQ=DAILY;COUNT=8"), now=MONDAY)

    assert [one.is_accepted for one in planned.dates] == [True, *[False] * 6, True]
