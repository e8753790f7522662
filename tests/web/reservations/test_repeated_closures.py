"""Closures that repeat, without typing a rule: the form, what is in the way, the API, lifting all that is left."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from booking import audits, queries
from booking.closures import closure_series
from booking.kernel.transaction import write_transaction
from booking.models import ClosureSeries, Replanned
from booking.times.recurrence import parse
from booking.times.series_times import SeriesTimes
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with
from tests.web.programs import program_of
from tests.web.workshop.test_workshop import CLOSURE

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = {"repeats": "WEEKLY", "interval": "1", "ends": "count", "times": "3"}


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


def test_a_machine_is_closed_again_and_again_and_all_is_lifted_with_one_button(wanda, session):
    page = wanda.get("/workshop/closures/new?machine=combine").text
    assert 'name="repeats"' in page
    sent = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)

    assert sent.status_code == 303, sent.text
    found = queries.closures(session, now=MONDAY)
    assert [(one.starts_at - found[0].starts_at).days for one in found] == [0, 7, 14]
    change = wanda.get(f"/workshop/closures/{found[1].id}/change").text
    assert "It repeats: 3 closures are on or to come." in change
    assert 'name="repeats"' not in change
    action = change.split('/lift"')[0].rsplit('action="', 1)[1] + "/lift"
    assert "/closures/series/" in action
    assert wanda.post(action, data=form_with(change, "csrf_token")).status_code == 303
    session.expire_all()
    assert queries.closures(session, now=MONDAY) == ()


def test_what_is_in_the_way_of_any_of_them_is_shown_before(wanda, session, sample_ring):
    day = hours(MONDAY, 24 + 7 * 24 + 3, 24 + 7 * 24 + 5)  # in the second closure
    taken = reserve(session, sample_ring.combine, sample_ring.anna, day, now=MONDAY)
    refused = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)

    assert refused.status_code == 409
    assert "There are reservations in that time" in refused.text
    assert queries.closures(session, now=MONDAY) == ()
    sent = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | {"around_reservations": "y"})
    second = queries.closures(session, now=MONDAY)[1]
    assert (sent.status_code, sent.location) == (303, f"/workshop/closures/{second.id}/plan")
    plan = wanda.get(sent.location).text
    assert "Plan for Combine" in plan
    resolved = wanda.post(sent.location, data=form_with(plan, "digest"))
    assert (resolved.status_code, resolved.location) == (303, sent.location)
    session.expire_all()
    assert session.get(Replanned, taken.id) is not None  # another time is proposed, and held
    again = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | {"around_reservations": "y"})  # a second click
    assert (again.status_code, again.location) == (303, sent.location)
    other = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | {"around_reservations": "y", "times": "2"})
    assert other.status_code == 303
    assert len(queries.closures(session, now=MONDAY)) == 5


def test_all_dates_are_changed_together_and_what_is_in_the_way_of_any_is_shown_before(wanda, app, session, sample_ring):
    wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)
    before = queries.closures(session, now=MONDAY)
    path, day = f"/workshop/closures/{before[0].id}/change", timedelta(days=2)
    third = before[2].starts_at + day
    taken = reserve(
        session, sample_ring.combine, sample_ring.anna, TimeSpan(third, third + timedelta(hours=1)), now=MONDAY
    )
    changed = form_with(wanda.get(path).text, "reason") | {"all_dates": "y", "reason": "Inspection"}
    changed |= {name: f"{date.fromisoformat(changed[name]) + day}" for name in ("date", "end_date")}
    refused = wanda.post(path, data=changed)
    assert refused.status_code == 409
    assert f"/reservations/{taken.id}" in refused.text
    session.expire_all()
    assert queries.closures(session, now=MONDAY) == before
    sent = wanda.post(path, data=form_with(refused.text, "reason") | {"around_reservations": "y"})
    assert (sent.status_code, sent.location) == (303, f"/workshop/closures/{before[2].id}/plan")
    session.expire_all()
    after = queries.closures(session, now=MONDAY)
    assert [(one.starts_at, one.ends_at) for one in after] == [
        (one.starts_at + day, one.ends_at + day) for one in before
    ]
    assert {one.reason for one in after} == {"Inspection"}
    api = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    body = {"starts_at": before[1].starts_at.isoformat(), "ends_at": before[1].ends_at.isoformat(), "all_dates": True}
    stale = api.patch(f"/closures/{after[1].id}", body, If_Match='"0"')
    assert stale.status_code == 412, stale.json
    assert api.patch(f"/closures/{after[1].id}", body).status_code == 200
    session.expire_all()
    assert [one.starts_at for one in queries.closures(session, now=MONDAY)] == [one.starts_at for one in before]


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": "201"},
        {"times": "0"},
        {"times": ""},
        {"ends": "until", "ends_on": "2026-01-01"},
        {"interval": "0"},
        {"repeats": "HOURLY"},
        {"repeats": "DAILY", "end_date": "2026-11-26"},  # would overlap itself
    ],
)
def test_a_rule_that_cannot_be_is_refused_at_its_field(wanda, session, wrong):
    refused = wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY | wrong)
    assert refused.status_code == 422
    assert 'class="fault"' in refused.text
    assert queries.closures(session, now=MONDAY) == ()


def test_programs_close_by_a_rule(app, session, sample_ring):
    api = program_of(app, session, sample_ring.wanda_login, now=MONDAY)
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-11-24T08:00:00+01:00",
        "ends_at": "2026-11-24T10:00:00+01:00",
        "reason": "service",
    }
    for rule, code in (
        ("FREQ=HOURLY;COUNT=3", "series_frequency"),
        ("FREQ=WEEKLY", "series_endless"),
        ("FREQ=DAILY;COUNT=10000", "series_too_long"),
        ("nonsense", "series_malformed"),
        ("FREQ=DAILY;BYHOUR=8;COUNT=2", "series_part"),
    ):
        refused = api.post("/closure-series", body | {"rrule": rule})
        (found,) = refused.json["violations"]
        assert (refused.status_code, found["rule"], found["field"]) == (422, code, "rrule")
        assert found["message"]
    assert queries.closures(session, now=MONDAY) == ()
    made = api.post("/closure-series", body | {"rrule": "FREQ=MONTHLY;COUNT=3"})
    assert made.status_code == 201, made.json
    assert [one["starts_at"][:10] for one in made.json["closures"]] == ["2026-11-24", "2026-12-24", "2027-01-24"]
    assert api.post("/closure-series", body | {"rrule": "FREQ=DAILY;COUNT=2"}).json["code"] == "slot_taken"
    around = body | {"rrule": "FREQ=WEEKLY;COUNT=2", "around_reservations": True}
    assert api.post("/closure-series", around).json == api.post("/closure-series", around).json
    path = f"/closure-series/{made.json['id']}"
    assert api.get(path).json == made.json
    assert {one["revision"] for one in api.post(f"{path}/lift").json["closures"]} == {1}
    assert {one["revision"] for one in api.post(f"{path}/lift").json["closures"]} == {1}  # nothing is left to lift


@pytest.mark.of_sqlite
@pytest.mark.parametrize("around", [False, True])
def test_many_closures_are_entered_moved_and_lifted_in_as_many_statements_as_a_few(session, sample_ring, around):
    sent = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    def count(verb, *arguments, **more):
        session.expire_all()
        sent.clear()
        with write_transaction(session):
            found = verb(session, *arguments, by=SOMEBODY, now=MONDAY, **more)
        return found, len(sent)

    def statements(machine_id, number):
        """Return how many statements each verb takes, on a machine with a reservation between its closures."""
        wall = datetime.combine(MONDAY.date() + timedelta(days=1), time(6))
        rule = parse(f"FREQ=DAILY;COUNT={number}", wall, BERLIN)
        reserve(session, machine_id, sample_ring.anna, hours(MONDAY, 30, 32), now=MONDAY)
        daily = SeriesTimes(rule, BERLIN, wall, timedelta(hours=2))
        close = count(closure_series.close_repeatedly, machine_id, daily, "Oil", around_reservations=around)
        first = next(one for one in queries.closures(session, now=MONDAY) if one.machine_id == machine_id)
        later = TimeSpan(first.span.start + timedelta(hours=1), first.span.end + timedelta(hours=1))
        change = count(closure_series.change_all, first.id, later, "Belt", BERLIN)
        lift = count(closure_series.lift_all, close[0])
        assert (change[0], lift[0]) == (number, number)
        return [close[1], change[1], lift[1]]

    event.listen(session.get_bind(), "before_cursor_execute", note)
    try:
        few = statements(sample_ring.combine, 3)
        assert statements(sample_ring.splitter, 90) == few
        assert audits.overlapping_pairs(session) == audits.contradictions(session) == ()
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", note)


@pytest.mark.postgresql
def test_all_closures_of_a_rule_are_locked_before_their_machine(wanda, session):
    """Whoever plans for one of them locks it and then the machine; the other order would be a deadlock."""
    wanda.post("/workshop/closures/new", data=CLOSURE | WEEKLY)
    series_id = session.scalar(select(ClosureSeries.id))
    locks = []

    def note(_connection, _cursor, statement, *_rest):
        if "FOR UPDATE" in statement and "booking_blocking" in statement:
            locks.append("closures" if "booking_closure_date" in statement else "closure")
        elif "pg_advisory_xact_lock(" in statement:
            locks.append("machine")

    event.listen(session.get_bind(), "before_cursor_execute", note)
    with write_transaction(session):
        assert closure_series.lift_all(session, series_id, by=SOMEBODY, now=MONDAY) == 3
    assert locks[0] == "closures"
    assert "machine" in locks
