"""Opening hours of a machine of its own hold in place of those of its workshop, wherever hours count or are shown."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from booking import availability, queries, rule_changes
from booking.errors import RequestRefused
from booking.kernel.transaction import write_transaction
from booking.machines import MachineInput, own_openings
from booking.timespan import TimeSpan
from booking.wall_clock import local_day
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with
from tests.web.programs import program_of
from tests.web.test_new_reservation import wish

EDIT = "/machines/combine/edit"


def edited(text, **changes):
    """Return the form of a page with some fields changed."""
    return form_with(text, "monday") | changes


def test_a_machine_follows_its_own_hours_on_its_page_the_plan_free_time_and_in_refusals(session, sample_ring, log_in):
    wanda, anna = log_in(sample_ring.wanda_login), log_in(sample_ring.anna_login)
    evening = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 36, 38), now=MONDAY)
    filled = edited(wanda.get(EDIT).text, monday="9:00-12:00, 13:00-17:00", tuesday="9:00-17:00")
    shown = wanda.post(EDIT, data=filled)
    assert shown.status_code == 409
    assert f"/reservations/{evening.id}" in shown.text
    fingerprint = shown.text.split('name="confirmed" value="')[1].split('"')[0]
    stored = wanda.post(EDIT, data=edited(shown.text, confirmed=fingerprint), follow_redirects=True)
    assert "Mon 9:00 – 12:00 / 13:00 – 17:00, Tue 9:00 – 17:00, unlike the workshop" in stored.text
    assert own_openings(session, sample_ring.combine) == ((0, 540, 720), (0, 780, 1020), (1, 540, 1020))

    refused = anna.post("/reservations/new", data=wish(time="17:00"))
    assert "Part of the time is outside the opening hours." in refused.text
    assert "9:00–17:00" in refused.text
    with pytest.raises(RequestRefused) as refusal:
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 52), now=MONDAY)
    assert [each.rule for each in refusal.value.violations] == ["opening_hours"]
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 52), now=MONDAY)

    week = TimeSpan(MONDAY, MONDAY + timedelta(days=7))
    board = {row.machine.id: row.open_spans for row in queries.board(session, week, now=MONDAY).rows}
    assert [span.seconds // 3600 for span in board[sample_ring.combine]] == [3, 4, 8]
    free = availability.free_spans(session, sample_ring.combine, week, now=MONDAY)
    assert {local_day(one.start, ZoneInfo("Europe/Berlin")).weekday() for one in free} <= {0, 1}
    session.rollback()

    wrong = wanda.post(EDIT, data=edited(wanda.get(EDIT).text, monday="9:00-12:00, 11:00-17:00", sunday="late"))
    assert wrong.status_code == 422
    assert "“late” is not understood." in wrong.text
    overlap = wanda.post(EDIT, data=edited(wanda.get(EDIT).text, monday="9:00-12:00, 11:00-17:00"))
    assert "Monday: Two opening hours of the same day overlap." in overlap.text
    again = wanda.post(EDIT, data=edited(wanda.get(EDIT).text, monday="", tuesday=""), follow_redirects=True)
    assert "unlike the workshop" not in again.text


def test_programs_read_the_own_hours_of_a_machine(app, session, sample_ring):
    data = MachineInput(slug="combine", name="Combine", charge_unit="ha")
    with write_transaction(session):
        rule_changes.change_machine(
            session, sample_ring.combine, data, places=1, by=SOMEBODY, now=MONDAY, openings=[(0, 540, 720)]
        )
    program = program_of(app, session, sample_ring.anna_login, now=MONDAY)

    hours_of = {one["slug"]: one["own_hours"] for one in program.get("/machines").json["items"]}
    assert hours_of["combine"] == [{"weekday": 0, "opens_minute": 540, "closes_minute": 720}]
    assert hours_of["splitter"] == []
    assert program.get(f"/machines/{sample_ring.combine}").json["own_hours"] == hours_of["combine"]


def test_an_import_of_machines_leaves_own_hours_as_they_are(session, sample_ring):
    data = MachineInput(slug="combine", name="Combine", charge_unit="ha")
    with write_transaction(session):
        rule_changes.change_machine(
            session, sample_ring.combine, data, places=1, by=SOMEBODY, now=MONDAY, openings=[(0, 540, 720)]
        )
        rule_changes.change_machine(session, sample_ring.combine, data, places=1, by=SOMEBODY, now=MONDAY)
    assert own_openings(session, sample_ring.combine) == ((0, 540, 720),)
