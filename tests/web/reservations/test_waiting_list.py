"""The waiting list: the way from a refusal to it, the pages, and the calls for programs."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.extensions import db
from booking.kernel.transaction import write_transaction
from booking.models import WaitingEntry
from booking.queries.waiting import waiting_list
from tests.builders import hours, reserve
from tests.conftest import MONDAY
from tests.web.filled_forms import form_with

WISHED = hours(MONDAY + timedelta(days=1), 1, 3)
FORM = {"machine": "combine", "date": "2026-11-24", "time": "09:00", "until": "length", "hours": "2", "places": "1"}


@pytest.fixture
def taken(session, sample_ring):
    """Bernd has the combine on Tuesday from 9 to 11."""
    return reserve(session, sample_ring.combine, sample_ring.bernd, WISHED, now=MONDAY)


def link_in(page):
    found = re.search(r'href="(/waiting-list/join[^"]*)"', page)
    return html.unescape(found[1]) if found else None


def test_a_refused_wish_leads_to_the_waiting_list(log_in, sample_ring, session, taken):
    anna = log_in(sample_ring.anna_login)

    refused = anna.post("/reservations/new", data=FORM)
    assert refused.status_code == 409
    page = anna.get(link_in(refused.text))
    assert "Tue 24 November, 9:00 to 11:00" in page.text

    joined = anna.post("/waiting-list/join", data=form_with(page.text, "kind"), follow_redirects=True)
    assert "On the waiting list: Combine, Tue 24 November, 9:00 to 11:00. You are first." in html.unescape(joined.text)
    anna.post("/waiting-list/join", data=form_with(page.text, "kind"))  # a second click
    session.rollback()
    (entry,) = waiting_list(session, now=MONDAY)

    left = anna.post(f"/waiting-list/{entry.id}/leave", follow_redirects=True)
    assert "You are no longer on the waiting list" in left.text
    assert "You wait for nothing" in left.text
    assert anna.post(f"/waiting-list/{entry.id}/leave").status_code == 303


def test_one_waits_for_any_morning_and_is_told_what_is_wrong(log_in, sample_ring, session, taken):
    anna = log_in(sample_ring.anna_login)
    page = anna.get("/waiting-list/join?machine=combine")
    sent = form_with(page.text, "kind") | {"hours": "4", "first_day": "2026-11-24", "last_day": "2026-11-24"}

    free = anna.post("/waiting-list/join", data=sent | {"part": "afternoon"})
    assert free.status_code == 409
    assert "You need not wait: this is free." in free.text
    assert "/reservations/new?machine=combine&amp;start=2026-11-24T11:00Z&amp;minutes=240" in free.text

    joined = anna.post("/waiting-list/join", data=sent | {"part": "morning"}, follow_redirects=True)
    assert "4 h on Tue 24 November, in the morning, 6:00 to 12:00" in html.unescape(joined.text)
    for wrong, sentence in (
        ({"last_day": "2026-11-23"}, "The last day is before the first one."),
        ({"hours": "0", "minutes": "0"}, "Enter a length above zero."),
        ({"first_day": ""}, "Please choose a day."),
        ({"last_day": "2027-11-23"}, "within 62 days at most"),
        ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, "outside the range"),
        ({"hours": "400"}, "does not fit there"),
        ({"places": "0"}, "between 1 and"),
    ):
        answer = anna.post("/waiting-list/join", data=sent | {"part": "morning"} | wrong)
        assert (answer.status_code, sentence in html.unescape(answer.text)) == (422, True), (wrong, sentence)
    assert anna.get("/waiting-list/join?machine=group:99").status_code == 404
    assert anna.get("/waiting-list/join?machine=combine&member=2").status_code == 404


def test_managers_see_who_waits_and_join_for_a_member(log_in, sample_ring, session, taken):
    wanda = log_in(sample_ring.wanda_login)
    refused = wanda.post("/reservations/new", data=FORM | {"member": str(sample_ring.anna)})
    page = wanda.get(link_in(refused.text))
    assert "For Anna" in page.text
    joined = wanda.post("/waiting-list/join", data=form_with(page.text, "kind"), follow_redirects=True)
    assert "Number 1 in line" in joined.text

    shown = wanda.get("/waiting-list?machine=combine")
    assert "Waiting list: Combine" in shown.text
    assert "Anna" in shown.text
    session.rollback()
    (entry,) = waiting_list(session, now=MONDAY)
    bernd = log_in(sample_ring.bernd_login)
    assert "Anna" not in bernd.get("/waiting-list?machine=combine").text
    assert bernd.post(f"/waiting-list/{entry.id}/leave").status_code == 404
    assert log_in(sample_ring.wanda_login).post(f"/waiting-list/{entry.id}/leave").status_code == 303


def test_programs_join_list_and_leave(anna, bernd, sample_ring, session, taken):
    body = {
        "machine_id": sample_ring.combine,
        "starts_at": "2026-11-24T09:00:00+01:00",
        "ends_at": "2026-11-24T11:00:00+01:00",
    }
    joined = anna.post("/waiting-list", body)
    assert (joined.status_code, joined.json["position"]) == (201, 1)
    path = joined.headers["Location"].removeprefix("/api/v1")
    assert anna.post("/waiting-list", body).json["id"] == joined.json["id"]
    assert [one["id"] for one in anna.get("/waiting-list").json["items"]] == [joined.json["id"]]
    assert bernd.get("/waiting-list").json["items"] == []
    assert bernd.get(path).status_code == 404

    free = anna.post("/waiting-list", body | {"ends_at": "2026-11-24T13:00:00+01:00", "length_minutes": 120})
    assert (free.status_code, free.json["code"]) == (409, "time_is_free")
    assert free.json["alternatives"] == [
        {"machine_id": sample_ring.combine, "starts_at": "2026-11-24T10:00:00Z", "ends_at": "2026-11-24T12:00:00Z"}
    ]
    for wrong, field in (
        ({"group_id": 1}, "machine_id"),
        ({"part": "morning"}, "part"),
        ({"length_minutes": True}, "length_minutes"),
        ({"length_minutes": 10**40}, "length_minutes"),
        ({"part": "night", "length_minutes": 60}, "part"),
        ({"ends_at": body["starts_at"]}, "ends_at"),
        ({"places": 2}, "places"),
        ({"purpose": "a\x00b"}, "purpose"),
    ):
        answer = anna.post("/waiting-list", body | wrong)
        assert (answer.status_code, answer.json["violations"][0]["field"]) == (422, field), wrong

    assert anna.post(f"{path}/leave", {}, If_Match='"7"').status_code == 412
    left = anna.post(f"{path}/leave", {}, If_Match=joined.headers["ETag"])
    assert (left.status_code, left.json["position"]) == (200, None)
    assert anna.post(f"{path}/leave", {}).status_code == 200


def test_the_list_takes_as_many_statements_however_long_it_is(log_in, sample_ring, session, taken):
    anna, counts = log_in(sample_ring.anna_login), []
    for more in (1, 23):
        with write_transaction(session):
            for _number in range(more):
                session.add(row(sample_ring))
        anna.get("/waiting-list")
        seen = []

        def note(_connection, _cursor, statement, *_rest, seen=seen):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        page = anna.get("/waiting-list")
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert "after=20" in page.text
    assert "You are number 24" in html.unescape(anna.get("/waiting-list?after=20").text)


def row(sample_ring):
    """One entry, as 24 members would have entered it."""
    window = {"window_from": WISHED.start, "window_until": WISHED.end}
    return WaitingEntry(
        member_id=sample_ring.anna, machine_id=sample_ring.combine, created_at=MONDAY, part="any", places=1, **window
    )
