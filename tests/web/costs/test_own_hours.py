"""Opening hours of a machine of its own hold in place of those of its workshop, wherever hours count or are shown."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from booking import availability, queries
from booking.errors.schedule_errors import RequestRefused
from booking.kernel.transaction import write_transaction
from booking.machines.machines import MachineInput, all_own_openings, own_openings
from booking.models import Reservation
from booking.rule_changes import rule_changes
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY
from tests.web.files.test_imports import store
from tests.web.filled_forms import form_with
from tests.web.programs import program_of
from tests.web.reservations.test_new_reservation import wish

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


def test_a_file_gives_a_machine_its_own_hours_keeps_them_empties_them_and_is_taken_back(session, sample_ring, log_in):
    rita = log_in(sample_ring.rita_login)
    evening = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 36, 38), now=MONDAY)
    header = "Kurzname;Name;Standort;Eigene Öffnungszeiten\n"
    new = "baler;Baler;hall;Sa 8-12\n"

    refused = upload(rita, f"{header}combine;Combine;hall;Mo 9-12, Mo 11-17\nbaler;Baler;hall;vormittags\n").text
    assert "own opening hours: Two opening hours of the same day overlap." in refused
    assert "own opening hours: “vormittags” is not understood." in refused
    file = f"{header}combine;Combine;hall;Mo 9:00-12:00 / 13:00-17:00, Di 9-17\n{new}"
    page = upload(rita, file).text
    assert "<ins>Mon 9:00 – 12:00 / 13:00 – 17:00, Tue 9:00 – 17:00</ins>" in page
    assert "1 reservation to come would lie outside the changed rules" in page
    store(rita, "machines", file)
    assert own_openings(session, sample_ring.combine) == ((0, 540, 720), (0, 780, 1020), (1, 540, 1020))
    baler = queries.machine_card(session, "baler").id
    assert own_openings(session, baler) == ((5, 480, 720),)
    assert session.get(Reservation, evening.id).outside_rules_since

    assert (
        "1 cell of the file is empty where something is stored" in upload(rita, f"{header}combine;Combine;hall;\n").text
    )
    for unchanged in (f"{header}combine;Combine;hall;\n", "slug;name;workshop\ncombine;Combine;hall\n"):
        store(rita, "machines", unchanged)
        assert len(own_openings(session, sample_ring.combine)) == 3
    emptied = upload(rita, f"{header}combine;Combine;hall;\n", clears_empty="y").text
    assert "1 stored value would be emptied" in emptied

    back = "/admin/import/machines/take-back"
    assert rita.post(back, data=form_with(rita.get(back).text, "stored_at")).status_code == 303
    session.rollback()
    assert own_openings(session, sample_ring.combine) == ()
    assert all_own_openings(session) == {}


def upload(client, text, **answers):
    return client.post("/admin/import/machines", data={"text": text, **answers})
