"""A workshop in another time zone: who sees and settles it, by page and API, and when nothing is left to look at."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from booking.kernel.errors import Busy
from booking.kernel.transaction import write_transaction
from booking.models import ZoneChange
from booking.records import workshops
from booking.records.workshops import WorkshopInput
from booking.reservations import reservations
from booking.rule_changes import zone_changes
from tests.builders import ROUND_THE_CLOCK, SOMEBODY, hours, login, reserve, workshop
from tests.conftest import MONDAY
from tests.integration.schedule.test_series_verbs import enter, wish_of
from tests.web.filled_forms import form_with
from tests.web.programs import program_of

OPENINGS = [(day, *ROUND_THE_CLOCK) for day in range(7)]


@pytest.fixture
def moved(session, sample_ring):
    """A reservation in a workshop that is in another time zone since; moved(zone) puts it into one more."""

    def move(zone):
        with write_transaction(session):
            facts = WorkshopInput("hall", "Hall", timezone=zone)
            workshops.change_workshop(session, sample_ring.hall, facts, OPENINGS, by=SOMEBODY, now=MONDAY)

    move.reservation = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 27), now=MONDAY).id
    move("Europe/London")
    return move


def open_change(session):
    session.rollback()
    return session.scalar(select(ZoneChange.id).where(ZoneChange.settled_at.is_(None)))


def test_the_api_lists_and_settles_a_change_for_those_who_manage_the_workshop(app, session, sample_ring, moved):
    change = open_change(session)
    other = login(session, "Otto", now=MONDAY, manages=(workshop(session, "depot"),))
    wanda, otto, anna = (
        program_of(app, session, one, now=MONDAY) for one in (sample_ring.wanda_login, other, sample_ring.anna_login)
    )
    for path in (f"/zone-changes/{change}", f"/zone-changes/{change}/keep-clock"):
        ask = "get" if path.endswith(str(change)) else "post"
        assert [getattr(who, ask)(path).status_code for who in (otto, anna)] == [404, 403]
    assert otto.get("/zone-changes").json == {"items": []}

    (listed,) = wanda.get("/zone-changes").json["items"]
    assert (listed["id"], listed["former_zone"], listed["zone"]) == (change, "Europe/Berlin", "Europe/London")
    shown = wanda.get(f"/zone-changes/{change}").json
    assert (shown["count"], shown["settled_at"]) == (1, None)
    (one,) = shown["reservations"]
    assert (one["reservation_id"], one["keeps"], one["series_id"]) == (moved.reservation, "instant", None)
    settled = [wanda.post(f"/zone-changes/{change}/keep-clock") for _twice in range(2)]
    assert [answer.status_code for answer in settled] == [200, 200]
    assert settled[0].json["settled_at"] is not None
    assert settled[0].json == settled[1].json
    assert open_change(session) is None


def test_a_zone_that_was_wrong_and_is_corrected_leaves_nothing_to_look_at(log_in, session, sample_ring, moved):
    change = open_change(session)
    moved("Europe/Berlin")

    assert open_change(session) is None
    wanda = log_in(sample_ring.wanda_login)
    assert "please have a look" not in wanda.get("/workshop").text
    assert "is that of the zone Europe/Berlin again" in wanda.get(f"/workshop/clock/{change}").text


def test_a_change_whose_reservations_are_gone_can_be_put_aside(log_in, session, sample_ring, moved):
    with write_transaction(session):
        now = MONDAY + timedelta(minutes=1)
        reservations.cancel(session, moved.reservation, by=SOMEBODY, now=now)
    change, wanda = open_change(session), log_in(sample_ring.wanda_login)
    assert "please have a look" in wanda.get("/workshop").text
    page = wanda.get(f"/workshop/clock/{change}").text
    assert "No reservation to come shows another time." in page

    assert wanda.post(f"/workshop/clock/{change}/keep", data=form_with(page, "csrf_token")).status_code == 303

    assert open_change(session) is None
    assert f'action="/workshop/clock/{change}/keep"' in page


def test_what_is_interrupted_is_done_by_sending_it_again(app, log_in, session, sample_ring, monkeypatch):
    """Each series is moved in a transaction of its own; the change stays open and counts what was moved before."""
    wanda = log_in(sample_ring.wanda_login)
    for machine_id in (sample_ring.combine, sample_ring.cold_store):
        enter(session, wish_of(sample_ring, "FREQ=WEEKLY;COUNT=2", machine_id=machine_id))
    with write_transaction(session):
        facts = WorkshopInput("hall", "Hall", timezone="Europe/London")
        workshops.change_workshop(session, sample_ring.hall, facts, OPENINGS, by=SOMEBODY, now=MONDAY)
    change, keep = open_change(session), zone_changes.keep_by_the_clock
    path = f"/workshop/clock/{change}"
    sends = form_with(wanda.get(path).text, "csrf_token")

    def ends_after_the_first(*args, **options):
        if session.scalar(select(ZoneChange.moved)):
            raise Busy
        return keep(*args, **options)

    monkeypatch.setattr(zone_changes, "keep_by_the_clock", ends_after_the_first)
    assert wanda.post(f"{path}/keep", data=sends).status_code == 503
    assert open_change(session) == change
    assert "Move 2 dates" in wanda.get(path).text
    monkeypatch.setattr(zone_changes, "keep_by_the_clock", keep)
    assert wanda.post(f"{path}/keep", data=sends).status_code == 303
    assert "Dates moved: 4; not possible: 0" in wanda.get(path).text
    assert "No reservation to come shows another time." in wanda.get(path).text
