"""Changing a series: one date, one and those after it, or all; each moved like any reservation."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from booking import audits
from booking.errors.schedule_errors import MachineNotFound, RecordRefused, SeriesConflicts, SeriesRefused, StaleRevision
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Machine, QuotaUse, Reservation, Series, SeriesDate, Status
from booking.queries import series as series_queries
from booking.quotas import quotas
from booking.quotas.quotas import QuotaInput
from booking.records.overruling import Overruling
from booking.reservations import reservations
from booking.series import series, series_decisions, series_plan
from booking.series.series import OnConflict
from booking.series.series_wishes import SeriesWish
from booking.series_change import carry_out
from booking.series_change.models import Scope, SeriesChange
from booking.times.recurrence import parse
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, machine, reserve
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")
WALL = datetime(2026, 12, 4, 9)  # noqa: DTZ001
DAYS = [WALL.date() + timedelta(weeks=week) for week in range(4)]


@pytest.fixture
def enter(session, sample_ring):
    """enter(rule, length, machine) -> the series of Anna, from Friday 4 December at 9."""

    def make(rule="FREQ=WEEKLY;COUNT=4", length=2, on_conflict=OnConflict.REFUSE, **options) -> series.SeriesResult:
        options = {"machine_id": sample_ring.combine, "may_move_min": 30, **options}
        rule_ = parse(rule, WALL, BERLIN)
        wish = SeriesWish(member_id=sample_ring.anna, rule=rule_, wall=WALL, length=timedelta(hours=length), **options)
        with write_transaction(session):
            return series.create(session, wish, on_conflict=on_conflict, by=SOMEBODY, now=MONDAY)

    return make


@pytest.fixture
def change(session):
    """change(series_id, scope, ...) -> what became of it; other keywords than those of a change go to the verb."""

    def act(series_id: int, scope=Scope.ALL, on_conflict=OnConflict.REFUSE, now=MONDAY, **options):
        names = SeriesChange.__dataclass_fields__.keys() & options.keys()
        wish = SeriesChange(scope, **{name: options.pop(name) for name in names})
        with write_transaction(session):
            return carry_out.change_series(
                session, series_id, wish, on_conflict=on_conflict, by=SOMEBODY, now=now, **options
            )

    return act


def clocks(session, series_id: int) -> list[str]:
    """Return day and time of the held dates of a series by the clock."""
    rows = session.scalars(
        select(Reservation)
        .join(SeriesDate, SeriesDate.reservation_id == Reservation.id)
        .where(SeriesDate.series_id == series_id)
        .order_by(SeriesDate.occurs_on)
    )
    return [f"{to_wall(one.starts_at, BERLIN):%d %H:%M}-{to_wall(one.ends_at, BERLIN):%H:%M}" for one in rows]


def count(session, model) -> int:
    return session.scalar(select(func.count()).select_from(model))


def kinds_since(session, last: int) -> list[str]:
    rows = select(RecordedEvent.type).where(RecordedEvent.id > last).order_by(RecordedEvent.id)
    return list(session.scalars(rows))


def last_event(session) -> int:
    return session.scalar(select(func.max(RecordedEvent.id)))


def test_all_dates_get_another_time_in_the_same_series(session, enter, change):
    made, before = enter(), last_event(session)

    done = change(made.id, starts_at=time(13), length=timedelta(hours=3), purpose="Straw")

    assert done.id == made.id
    assert clocks(session, made.id) == ["04 13:00-16:00", "11 13:00-16:00", "18 13:00-16:00", "25 13:00-16:00"]
    assert {one.purpose for one in session.scalars(select(Reservation))} == {"Straw"}
    assert kinds_since(session, before) == ["purpose_changed", "reservation_moved"] * 4 + ["series_changed"]
    stored = session.get(Series, made.id)
    assert (stored.wall_start, stored.length_min, stored.purpose) == ("2026-12-04T13:00", 180, "Straw")
    last = last_event(session)
    again = change(made.id, starts_at=time(13))
    assert (again.dates, kinds_since(session, last)) == ((), [])


def test_this_and_following_end_one_rule_and_begin_another_series(session, enter, change):
    made = enter()
    ids = [one.id for one in made.dates]

    done = change(made.id, Scope.FOLLOWING, day=DAYS[2], starts_at=time(14))

    assert done.id != made.id
    assert clocks(session, made.id) == ["04 09:00-11:00", "11 09:00-11:00"]
    assert clocks(session, done.id) == ["18 14:00-16:00", "25 14:00-16:00"]
    assert [one.id for one in done.dates] == ids[2:]  # the same reservations, whose calendars follow
    former, following = series_queries.series(session, made.id), series_queries.series(session, done.id)
    assert former.rule.to_rrule() == "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261211"
    assert following.rule.to_rrule() == "FREQ=WEEKLY;BYDAY=FR;COUNT=2"
    assert (following.follows_id, former.follows_id) == (made.id, None)
    assert series_queries.following_series(session, made.id) == (done.id,)
    assert session.get(Series, done.id).may_move_min == 30


def test_editing_all_touches_no_past_date(session, enter, change):
    made = enter()
    during_the_second = made.dates[1].starts_at + timedelta(minutes=30)

    done = change(made.id, starts_at=time(14), now=during_the_second)

    assert clocks(session, made.id) == ["04 09:00-11:00", "11 09:00-11:00"]
    assert clocks(session, done.id) == ["18 14:00-16:00", "25 14:00-16:00"]
    with pytest.raises(SeriesRefused) as refusal:
        change(made.id, starts_at=time(15), now=during_the_second)
    assert [one.rule for one in refusal.value.violations] == ["series_nothing_to_change"]


def test_one_date_stays_in_its_series(session, enter, change):
    made = enter()

    done = change(made.id, Scope.ONE, day=DAYS[1], starts_at=time(7), length=timedelta(hours=1))

    assert done.id == made.id
    assert clocks(session, made.id)[:2] == ["04 09:00-11:00", "11 07:00-08:00"]
    change(made.id, starts_at=time(12))  # what was moved alone keeps its time
    assert clocks(session, made.id)[:3] == ["04 12:00-14:00", "11 07:00-08:00", "18 12:00-14:00"]
    change(made.id, length=timedelta(hours=1), purpose="Hay")
    assert clocks(session, made.id)[:2] == ["04 12:00-13:00", "11 07:00-08:00"]
    assert {one.purpose for one in session.scalars(select(Reservation))} == {"Hay"}


@pytest.mark.parametrize(("hour", "length"), [(11, 20), (7, 20), (9, 23), (5, 24)])
def test_dates_of_one_series_are_not_in_each_others_way(session, enter, change, hour, length):
    made = enter("FREQ=DAILY;COUNT=5", 20)

    change(made.id, starts_at=time(hour), length=timedelta(hours=length))

    assert clocks(session, made.id)[0] == f"04 {hour:02}:00-{(hour + length) % 24:02}:00"


def test_a_date_in_the_way_refuses_all_stays_or_gets_another_time(session, sample_ring, enter, change):
    made = enter()
    third = datetime.combine(DAYS[2], time(13), BERLIN).astimezone(UTC)
    span = TimeSpan(third, third + timedelta(hours=2))
    of_bernd = reserve(session, sample_ring.combine, sample_ring.bernd, span, now=MONDAY).id

    with pytest.raises(SeriesConflicts) as refusal:
        change(made.id, starts_at=time(14))
    assert (refusal.value.facts["possible"], refusal.value.facts["refused"]) == (3, 1)
    assert clocks(session, made.id) == [f"{day:%d} 09:00-11:00" for day in DAYS]

    done = change(made.id, starts_at=time(14), on_conflict=OnConflict.SKIP)
    assert done.unchanged == [DAYS[2]]
    assert clocks(session, made.id)[1:3] == ["11 14:00-16:00", "18 09:00-11:00"]
    change(made.id, Scope.ONE, day=DAYS[2], starts_at=time(14), on_conflict=OnConflict.ALTERNATIVE)
    assert clocks(session, made.id)[2] == "18 15:00-17:00"
    other = session.get(Reservation, of_bernd)  # of another member: as it was, and nobody wrote about it
    assert (TimeSpan(other.starts_at, other.ends_at), other.revision) == (span, 0)
    happened = session.execute(select(RecordedEvent.type, RecordedEvent.facts)).all()
    assert [kind for kind, facts in happened if facts.get("member_id") == sample_ring.bernd] == [
        "reservation_confirmed"
    ]


def test_a_plan_that_was_not_shown_is_not_carried_out(session, sample_ring, enter, change):
    made = enter()
    wish = SeriesChange(Scope.ALL, starts_at=time(14))
    shown = carry_out.preview(session, made.id, wish, now=MONDAY).fingerprint
    with write_transaction(session):
        reservations.cancel(session, made.dates[3].id, by=SOMEBODY, now=MONDAY)

    with pytest.raises(StaleRevision):
        change(made.id, starts_at=time(14), shown=shown)
    with pytest.raises(StaleRevision):
        change(made.id, starts_at=time(14), revision=7)
    shown = carry_out.preview(session, made.id, wish, now=MONDAY).fingerprint
    assert len(change(made.id, starts_at=time(14), shown=shown).dates) == 3


def test_a_change_that_needs_approval_asks_again_and_keeps_the_former_times(session, sample_ring, enter, change):
    made = enter(machine_id=sample_ring.splitter)
    with write_transaction(session):
        series_decisions.decide(session, made.id, is_approved=True, by=SOMEBODY, now=MONDAY)

    done = change(made.id, starts_at=time(10))

    assert {one.status for one in done.dates} == {Status.REQUESTED}
    assert all(one.former_starts_at is not None for one in done.dates)
    facts = session.scalars(select(RecordedEvent.facts).order_by(RecordedEvent.id.desc()).limit(1)).one()
    assert facts["needs_decision"]
    with pytest.raises(SeriesConflicts) as refusal:  # another time waits already
        change(made.id, starts_at=time(11))
    assert {one.rule for one in refusal.value.violations} == {"move_waits"}
    settled = change(made.id, starts_at=time(11), decides_in=None)
    assert {(one.status, one.former_starts_at) for one in settled.dates} == {(Status.CONFIRMED, None)}


def test_another_machine_is_for_who_decides_and_must_not_be_retired(session, sample_ring, enter, change):
    made = enter()

    with pytest.raises(SeriesConflicts) as refusal:
        change(made.id, machine_id=sample_ring.cold_store)
    assert {one.rule for one in refusal.value.violations} == {"not_in_group"}
    done = change(made.id, Scope.FOLLOWING, day=DAYS[1], machine_id=sample_ring.cold_store, decides_in=None)
    assert {one.machine_id for one in done.dates} == {sample_ring.cold_store}
    assert session.get(Series, done.id).machine_id == sample_ring.cold_store
    with write_transaction(session):
        session.get(Machine, sample_ring.combine).retired_at = MONDAY
    with pytest.raises(MachineNotFound):
        change(done.id, machine_id=sample_ring.combine, decides_in=None)
    with pytest.raises(MachineNotFound):
        change(made.id, starts_at=time(8))
    assert len(change(made.id, length=timedelta(hours=1)).dates) == 1  # less is given back, also then


def test_rules_and_quotas_are_those_of_a_move(session, sample_ring, enter, change):
    made = enter()
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)

    with pytest.raises(SeriesConflicts) as refusal:
        change(made.id, length=timedelta(hours=4))
    assert {(one.limit, one.actual) for one in refusal.value.violations} == {(180, 240)}
    assert len(change(made.id, length=timedelta(hours=3)).dates) == 4
    with pytest.raises(SeriesRefused) as overlap:
        change(made.id, length=timedelta(days=8))
    assert [one.rule for one in overlap.value.violations] == ["series_overlaps_itself"]


def test_no_other_time_is_taken_that_would_pass_a_quota(session, sample_ring, enter, change):
    made = enter()
    third = datetime.combine(DAYS[2], time(11), BERLIN).astimezone(UTC)
    reserve(session, sample_ring.combine, sample_ring.bernd, TimeSpan(third, third + timedelta(hours=1)), now=MONDAY)
    with write_transaction(session):
        most = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, most, by=SOMEBODY, now=MONDAY)

    done = change(made.id, length=timedelta(hours=4), on_conflict=OnConflict.ALTERNATIVE)
    assert (done.dates, done.unchanged) == ((), DAYS)
    change(made.id, length=timedelta(hours=3), on_conflict=OnConflict.ALTERNATIVE)
    assert clocks(session, made.id)[2] == "18 06:00-09:00"


def test_who_overrules_a_quota_may_have_other_times_that_pass_it(session, sample_ring, enter, change):
    made = enter()
    third = datetime.combine(DAYS[2], time(11), BERLIN).astimezone(UTC)
    reserve(session, sample_ring.combine, sample_ring.bernd, TimeSpan(third, third + timedelta(hours=1)), now=MONDAY)
    with write_transaction(session):
        most = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, most, by=SOMEBODY, now=MONDAY)
    wish = {"length": timedelta(hours=4), "on_conflict": OnConflict.ALTERNATIVE, "overruling": Overruling("Rain")}

    assert change(made.id, **wish).dates == (), "who may not approve overrules nothing"
    done = change(made.id, **wish, decides_in=None)

    assert (len(done.dates), clocks(session, made.id)[2]) == (4, "18 12:00-16:00")
    overruled = session.scalars(select(RecordedEvent).where(RecordedEvent.type == "rules_overruled")).all()
    assert [one.facts["rules"] for one in overruled] == ["quota_time"] * 4


def test_a_time_that_would_pass_a_quota_is_left_to_the_other_dates(session, sample_ring, enter, change):
    """Only Monday's afternoon is free; of the dates of Sunday and Monday the latter alone may have it."""
    made = enter("FREQ=DAILY;COUNT=6")
    monday = to_wall(made.dates[3].starts_at, BERLIN)
    for first, last in ((-60, -48), (-45, -24), (-22, 0), (2, 4), (7, 24)):
        since, until = ((monday + timedelta(hours=at)).replace(tzinfo=BERLIN).astimezone(UTC) for at in (first, last))
        reserve(session, sample_ring.combine, sample_ring.bernd, TimeSpan(since, until), now=MONDAY)
    with write_transaction(session):
        most = QuotaInput(measure="time", period="week", most=540, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, most, by=SOMEBODY, now=MONDAY)

    done = change(made.id, length=timedelta(hours=3), on_conflict=OnConflict.ALTERNATIVE)

    assert [one.isoformat() for one in done.unchanged] == ["2026-12-06"]
    assert clocks(session, made.id)[2:4] == ["06 09:00-11:00", "07 13:00-16:00"]


def test_who_decides_overrules_rules_with_a_reason_that_the_event_log_keeps(session, sample_ring, enter, change):
    made = enter()
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)
    why = Overruling("Harvest before the rain")

    with pytest.raises(SeriesConflicts):
        change(made.id, length=timedelta(hours=4), overruling=why)  # who may not approve overrules nothing
    changed = change(made.id, length=timedelta(hours=4), overruling=why, decides_in=None)

    assert len(changed.dates) == 4
    kept = session.scalars(select(RecordedEvent).where(RecordedEvent.type == "rules_overruled")).all()
    assert [(one.facts["rules"], one.facts["reason"]) for one in kept] == [("quota_time", why.reason)] * 4


def test_a_reason_overrules_only_the_rules_that_were_shown_with_it(session, sample_ring, enter, change):
    made, why = enter(), Overruling("Harvest before the rain")
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="week", most=180, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)
    options = {"decides_in": None, "overruling": why}
    wished = SeriesChange(Scope.ALL, length=timedelta(hours=3))
    shown = carry_out.preview(session, made.id, wished, now=MONDAY, **options).fingerprint
    wall = WALL.replace(hour=15) + timedelta(days=1)
    rule = parse("FREQ=WEEKLY;COUNT=2", wall, BERLIN)
    another = SeriesWish(sample_ring.cold_store, sample_ring.anna, rule, wall, timedelta(hours=1))
    planned = series_plan.plan(session, another, now=MONDAY, overruling=why).fingerprint
    session.rollback()
    since = made.dates[0].starts_at - timedelta(days=1)
    reserve(session, sample_ring.cold_store, sample_ring.anna, TimeSpan(since, since + timedelta(hours=1)), now=MONDAY)

    with pytest.raises(StaleRevision):
        change(made.id, length=timedelta(hours=3), shown=shown, **options)
    asked = {"on_conflict": OnConflict.REFUSE, "by": SOMEBODY, "now": MONDAY, "overruling": why}
    with pytest.raises(StaleRevision), write_transaction(session):
        series.create(session, another, shown=planned, approve=True, **asked)


def test_a_quota_over_two_machines_leaves_only_the_dates_beyond_it_as_they_are(session, sample_ring, enter, change):
    made = enter("FREQ=DAILY;COUNT=4", 2)
    second = machine(session, sample_ring.hall, "second")
    change(made.id, Scope.ONE, day=WALL.date() + timedelta(days=1), machine_id=second, decides_in=None)
    with write_transaction(session):
        entered = QuotaInput(measure="time", period="month", most=600, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)

    changed = change(made.id, length=timedelta(hours=3), on_conflict=OnConflict.SKIP)

    # 3 + 3 + 2 + 2 hours are ten.
    assert len(changed.dates) == 2
    assert len(changed.unchanged) == 2
    found = session.scalars(select(QuotaUse.seconds)).all()
    assert sum(found) == 10 * 3600


def test_the_doubled_hour_is_asked_once(session, sample_ring, enter, change):
    made = enter("FREQ=WEEKLY;BYDAY=FR,SU;UNTIL=20271101", 1)

    with pytest.raises(SeriesRefused) as refusal:
        change(made.id, starts_at=time(2, 30))
    assert [(one.rule, one.actual) for one in refusal.value.violations] == [("series_doubled_hour", date(2027, 10, 31))]
    change(made.id, starts_at=time(2, 30), passage=1)
    last = session.scalars(select(Reservation).order_by(Reservation.starts_at.desc()).limit(1)).one()
    assert last.starts_at == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


def test_a_machine_is_not_retired_and_a_place_not_taken_away_while_a_series_needs_it(session, sample_ring, enter):
    """A refusal names what stands in the way, and the series stays as it is."""
    shelf = machine(session, sample_ring.hall, "shelf", places=3)
    made = enter(machine_id=shelf, places=2)
    facts = MachineInput(slug="shelf", name="Shelf")

    with pytest.raises(RecordRefused) as refusal, write_transaction(session):
        machines.retire(session, shelf, by=SOMEBODY, now=MONDAY)
    assert [(one.rule, one.actual) for one in refusal.value.violations] == [("still_reserved", 4)]
    with pytest.raises(RecordRefused) as refusal, write_transaction(session):
        machines.change_machine(session, shelf, facts, places=1, by=SOMEBODY, now=MONDAY)
    (short,) = refusal.value.violations
    assert (short.rule, short.limit, short.actual) == ("place_held", 1, 2)
    assert short.span.start == datetime(2026, 12, 4, 8, tzinfo=UTC)

    # With one place fewer the dates fit: they are put together on the two others, and one can be put back.
    with write_transaction(session):
        machines.change_machine(session, shelf, facts, places=2, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        reservations.cancel(session, made.dates[1].id, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        series.put_back(session, made.id, DAYS[1], by=SOMEBODY, now=MONDAY)
    assert len(clocks(session, made.id)) == 4
    assert audits.contradictions(session) == ()

    with write_transaction(session):
        series.cancel_rest(session, made.id, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        machines.retire(session, shelf, by=SOMEBODY, now=MONDAY)


def test_a_date_that_is_put_back_has_the_tolerance_of_its_series_and_needs_a_machine(session, sample_ring, enter):
    made = enter()
    with write_transaction(session):
        reservations.cancel(session, made.dates[1].id, by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        back = series.put_back(session, made.id, DAYS[1], by=SOMEBODY, now=MONDAY)
    assert session.get(Reservation, back.id).may_move_min == 30

    with write_transaction(session):
        reservations.cancel(session, back.id, by=SOMEBODY, now=MONDAY)
        session.get(Machine, sample_ring.combine).retired_at = MONDAY
    with pytest.raises(MachineNotFound), write_transaction(session):
        series.put_back(session, made.id, DAYS[1], by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        assert len(series.cancel_rest(session, made.id, by=SOMEBODY, now=MONDAY)) == 3


def on_another_machine(session, reservation_id: int, machine_id: int) -> None:
    with write_transaction(session):
        reservations.move(
            session, reservation_id, None, machine_id=machine_id, may_decide=True, by=SOMEBODY, now=MONDAY
        )


def test_a_date_on_another_machine_is_judged_by_that_machine(session, sample_ring, enter, change):
    made, afternoon = enter(), datetime.combine(DAYS[1], time(13), BERLIN).astimezone(UTC)
    on_another_machine(session, made.dates[1].id, sample_ring.laser)
    at_one = TimeSpan(afternoon, afternoon + timedelta(hours=2))
    reserve(session, sample_ring.combine, sample_ring.bernd, at_one, now=MONDAY)

    assert len(change(made.id, starts_at=time(13)).dates) == 4
    with pytest.raises(SeriesConflicts) as refusal:  # the laser is in a workshop that closes at 18
        change(made.id, starts_at=time(17))
    assert [one.rule for one in refusal.value.violations] == ["opening_hours"]
    reserve(
        session, sample_ring.laser, sample_ring.anna, TimeSpan(at_one.end, at_one.end + timedelta(hours=1)), now=MONDAY
    )
    assert change(made.id, starts_at=time(15), on_conflict=OnConflict.SKIP).unchanged == [DAYS[1]]


def test_who_decides_in_one_workshop_approves_no_date_in_another(session, sample_ring, enter, change):
    made = enter()
    on_another_machine(session, made.dates[1].id, sample_ring.laser)
    with write_transaction(session):
        session.get(Machine, sample_ring.laser).needs_approval = True

    done = change(made.id, starts_at=time(13), decides_in={sample_ring.hall})

    assert [one.status for one in done.dates] == [Status.CONFIRMED, Status.REQUESTED, *[Status.CONFIRMED] * 2]


def test_a_date_that_was_moved_alone_keeps_what_is_not_changed(session, enter, change):
    made = enter()
    change(made.id, Scope.ONE, day=DAYS[1], starts_at=time(15))
    change(made.id, Scope.ONE, day=DAYS[1], length=timedelta(hours=3))
    assert clocks(session, made.id)[1] == "11 15:00-18:00"

    on_saturday = datetime.combine(DAYS[1] + timedelta(days=1), time(8), BERLIN).astimezone(UTC)
    with write_transaction(session):
        span = TimeSpan(on_saturday, on_saturday + timedelta(hours=1))
        reservations.move(session, made.dates[1].id, span, by=SOMEBODY, now=MONDAY)
    change(made.id, Scope.ONE, day=DAYS[1], starts_at=time(16))
    assert clocks(session, made.id)[1] == "12 16:00-17:00"


@pytest.mark.parametrize(("measure", "period", "most"), [("time", "week", 180), ("open", None, 4)])
def test_what_a_quota_counts_on_both_machines_counts_once(session, sample_ring, enter, change, measure, period, most):
    made = enter()
    with write_transaction(session):
        entered = QuotaInput(measure=measure, period=period, most=most, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, entered, by=SOMEBODY, now=MONDAY)

    assert len(change(made.id, machine_id=sample_ring.cold_store, decides_in=None).dates) == 4
    with pytest.raises(SeriesRefused):
        change(made.id, Scope.FOLLOWING, starts_at=time(15))  # without a day


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.FOLLOWING])
def test_a_series_whose_first_day_was_skipped_stays_one_series(session, sample_ring, enter, change, scope):
    taken = datetime.combine(DAYS[0], time(9), BERLIN).astimezone(UTC)
    reserve(session, sample_ring.combine, sample_ring.bernd, TimeSpan(taken, taken + timedelta(hours=1)), now=MONDAY)
    made = enter(on_conflict=OnConflict.SKIP)

    assert change(made.id, scope, day=DAYS[1], starts_at=time(14)).id == made.id
    assert clocks(session, made.id) == [f"{day:%d} 14:00-16:00" for day in DAYS[1:]]
    with write_transaction(session):
        series.put_back(session, made.id, DAYS[0], by=SOMEBODY, now=MONDAY)
    assert clocks(session, made.id)[0] == "04 14:00-16:00"


def test_a_date_that_waits_for_approval_counts_the_greater_of_both_times_each_week(session, sample_ring, enter, change):
    """Nights 22-2 count 28 hours of a week, as 20-24 do; while those wait, the Sunday before still counts its end."""
    made = enter("FREQ=DAILY;COUNT=11", 4, machine_id=sample_ring.splitter)
    change(made.id, starts_at=time(22))
    with write_transaction(session):
        series_decisions.decide(session, made.id, is_approved=True, by=SOMEBODY, now=MONDAY)
        most = QuotaInput(measure="time", period="week", most=28 * 60, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, most, by=SOMEBODY, now=MONDAY)

    with pytest.raises(SeriesConflicts) as refusal:
        change(made.id, starts_at=time(20))
    assert [(one.rule, one.actual) for one in refusal.value.violations] == [("quota_time", 30 * 60)]
    assert len(change(made.id, starts_at=time(20), decides_in=None).dates) == 11, "nothing waits: 28 hours"


def test_a_date_that_a_quota_keeps_at_its_time_is_in_the_way_of_the_next_one(session, sample_ring, enter, change):
    """Sunday's date must stay until five on Monday, so Monday's cannot begin at four; Wednesday's can."""
    other = machine(session, sample_ring.hall, "other")
    made = enter("FREQ=WEEKLY;BYDAY=FR,SU,MO,WE;UNTIL=20261209", 20)
    before = made.dates[0].starts_at - timedelta(days=3)
    reserve(session, other, sample_ring.anna, TimeSpan(before, before + timedelta(hours=24)), now=MONDAY)
    with write_transaction(session):
        most = QuotaInput(measure="time", period="week", most=60 * 60, workshop_id=sample_ring.hall)
        quotas.enter_quota(session, most, by=SOMEBODY, now=MONDAY)  # 24 + 20 + 15 hours are used, 5 more would be added

    meant = carry_out.preview(session, made.id, SeriesChange(Scope.ALL, starts_at=time(4)), now=MONDAY)
    assert [[one.rule for one in each.violations] for each in meant.dates] == [[], ["quota_time"], [], []]
    assert [one.taken is not None for one in meant.dates] == [False, False, True, False]
    session.rollback()
    done = change(made.id, starts_at=time(4), on_conflict=OnConflict.SKIP, shown=meant.fingerprint)

    assert [f"{one:%a}" for one in done.unchanged] == ["Sun", "Mon"]
    assert clocks(session, made.id)[0::3] == ["04 04:00-00:00", "09 04:00-00:00"]
