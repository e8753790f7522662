"""My reservations: lists, one page each, move, cancel, repeat; and who may do what to whose."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from app.extensions import db
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Occupancy, Reservation
from booking.reservations import decisions
from tests.builders import SOMEBODY, hours, machine, reserve
from tests.conftest import MONDAY


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


@pytest.fixture
def bernd(log_in, sample_ring):
    return log_in(sample_ring.bernd_login)


@pytest.fixture
def wanda(log_in, sample_ring):
    return log_in(sample_ring.wanda_login)


@pytest.fixture
def mine(session, sample_ring):
    """Anna's combine on Tuesday, 9 to 13."""
    return reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 25, 29), now=MONDAY).id


def now_stored(session, reservation_id) -> Reservation:
    session.rollback()
    session.expire_all()
    return session.get(Reservation, reservation_id)


def new_time(**changes):
    """Wednesday 10:00 for three hours, as the form at revision 0 sends it."""
    usual = {
        "date": "2026-11-25",
        "time": "10:00",
        "until": "length",
        "hours": "3",
        "minutes": "0",
        "places": "1",
        "revision": "0",
    }
    return {**usual, **changes}


# Lists, the calendar file, and entering again


def test_only_my_upcoming_reservations_are_listed_in_order(session, sample_ring, anna, mine):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 2, 3), now=MONDAY)
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 2, 3), now=MONDAY)

    page = anna.get("/reservations")

    assert page.status_code == 200
    assert page.text.index("Splitter") < page.text.index("Combine")
    assert "Cold-store" not in page.text


def test_a_reservation_is_sent_as_a_calendar_file(anna, bernd, mine):
    assert f"/reservations/{mine}/calendar" in anna.get(f"/reservations/{mine}").text

    answer = anna.get(f"/reservations/{mine}/calendar")

    assert answer.mimetype == "text/calendar"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="reservation-{mine}.ics"'
    assert answer.text.count("BEGIN:VEVENT") == 1
    assert "DTSTART" in answer.text
    assert bernd.get(f"/reservations/{mine}/calendar").status_code == 404


def test_what_was_cancelled_is_entered_again_at_its_own_time(anna, mine):
    assert f"again={mine}" not in anna.get(f"/reservations/{mine}").text
    anna.post(f"/reservations/{mine}/cancel", data={"revision": "0"})
    assert f"again={mine}" in anna.get(f"/reservations/{mine}").text

    page = anna.get(f"/reservations/new?again={mine}")

    assert "Tue 24 November, 9:00 to 13:00" in page.text
    assert "Free, and within the rules." in page.text


def test_ended_reservations_are_listed_as_past(anna, mine, clock):
    clock.instant = MONDAY + timedelta(days=3)

    assert "Combine" not in anna.get("/reservations").text
    assert "Combine" in anna.get("/reservations?when=past").text


def test_an_empty_list_shows_the_next_step(anna):
    page = anna.get("/reservations")

    assert "Nothing is reserved" in page.text
    assert 'href="/plan"' in page.text


def test_long_lists_have_pages(session, sample_ring, anna):
    for number in range(25):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24 + number, 24.5 + number), now=MONDAY)

    first = anna.get("/reservations")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    second = anna.get(following)

    assert first.text.count('class="row-l row-res"') == 20
    assert second.text.count('class="row-l row-res"') == 5
    assert 'rel="next"' not in second.text


@pytest.mark.parametrize("after", ["x", "2026-11-24_1", "2026-11-24T08:00:00+00:00_x", "_"])
def test_a_tampered_page_address_gives_the_first_page(anna, mine, after):
    assert "Combine" in anna.get("/reservations", query_string={"after": after}).text


def test_more_reservations_need_no_more_statements(session, sample_ring, anna, mine):
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    anna.get("/reservations")
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        anna.get("/reservations")
        few = len(seen)
        for number in range(8):
            reserve(
                session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24 + number, 24.5 + number), now=MONDAY
            )
        seen.clear()
        anna.get("/reservations")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert len([statement for statement in seen if statement != "BEGIN"]) <= few


def test_a_manager_lists_reservations_of_their_workshop(session, sample_ring, wanda, mine):
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY)

    page = wanda.get("/reservations")

    assert "Combine" in page.text
    assert "Anna" in page.text
    assert "Laser" not in page.text


# One


def test_a_reservation_shows_its_facts_its_state_and_what_can_be_done(anna, mine):
    page = anna.get(f"/reservations/{mine}")

    assert page.status_code == 200
    assert "Tue 24 November, 9:00 to 13:00" in page.text
    assert "4 h" in page.text
    assert "Until Mon 23 November, 9:00 it can be cancelled" in page.text
    for step in ("move", "cancel"):
        assert f"/reservations/{mine}/{step}" in page.text
    assert f"repeat={mine}" in page.text


def test_when_it_is_time_the_machine_can_be_handed_out(anna, mine, clock):
    clock.instant = MONDAY + timedelta(hours=24, minutes=30)

    assert f"/usage/hand-out/{mine}" in anna.get(f"/reservations/{mine}").text


@pytest.mark.parametrize("path", ["", "/move", "/move/check", "/cancel"])
def test_anothers_reservation_looks_like_a_missing_one(bernd, mine, path):
    assert bernd.get(f"/reservations/{mine}{path}").status_code == 404
    assert bernd.get(f"/reservations/999{path}").status_code == 404


def test_the_treasurer_reads_and_changes_nothing(log_in, sample_ring, mine):
    karl = log_in(sample_ring.karl_login)

    assert karl.get(f"/reservations/{mine}").status_code == 200
    assert f"/reservations/{mine}/cancel" not in karl.get(f"/reservations/{mine}").text
    assert karl.post(f"/reservations/{mine}/cancel", data={"revision": "0"}).status_code == 403


def test_the_manager_of_another_workshop_sees_nothing(session, sample_ring, wanda):
    elsewhere = reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY).id

    assert wanda.get(f"/reservations/{elsewhere}").status_code == 404


# Move


def test_a_move_keeps_the_reservation_and_frees_the_old_time(session, sample_ring, anna, mine):
    answer = anna.post(f"/reservations/{mine}/move", data=new_time())

    assert answer.status_code == 303
    moved = now_stored(session, mine)
    assert moved.starts_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert moved.revision == 1
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 29), now=MONDAY)


def test_the_move_shows_the_old_time_and_checks_the_new(anna, mine):
    assert "Now: Tue 24 November, 9:00 to 13:00" in anna.get(f"/reservations/{mine}/move").text
    checked = anna.post(f"/reservations/{mine}/move", data=new_time(check="1"))
    assert checked.status_code == 200
    assert "Free, and within the rules." in checked.text
    assert (
        "Wed 25 November, 10:00 to 13:00" in anna.get(f"/reservations/{mine}/move/check", query_string=new_time()).text
    )


def test_a_move_may_overlap_the_old_time_of_the_same_reservation(anna, mine):
    nearby = new_time(date="2026-11-24", time="10:00")

    assert anna.post(f"/reservations/{mine}/move", data={**nearby, "check": "1"}).status_code == 200
    assert anna.post(f"/reservations/{mine}/move", data=nearby).status_code == 303


def test_a_move_onto_a_taken_time_is_a_conflict_and_leaves_all_as_it_was(session, sample_ring, anna, mine):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 50, 52), now=MONDAY)

    page = anna.post(f"/reservations/{mine}/move", data=new_time())

    assert page.status_code == 409
    assert 'name="choose"' in page.text
    assert 'value="10:00"' in page.text
    assert now_stored(session, mine).starts_at == MONDAY + timedelta(hours=25)
    assert session.scalar(select(func.count()).select_from(Occupancy)) == 2


def test_a_choice_fills_the_move(anna, sample_ring, mine):
    choice = f"{sample_ring.combine}|2026-11-26T09:00Z|2026-11-26T12:00Z"

    page = anna.post(f"/reservations/{mine}/move", data=new_time(choose=choice))

    assert page.status_code == 200
    assert 'value="2026-11-26"' in page.text


@pytest.mark.parametrize("changes", [{"hours": "0"}, {"date": ""}, {"time": "x"}, {"revision": ""}, {"places": "0"}])
def test_a_bad_move_is_refused(session, anna, mine, changes):
    assert anna.post(f"/reservations/{mine}/move", data=new_time(**changes)).status_code == 422
    assert now_stored(session, mine).revision == 0


def test_a_second_click_on_move_shows_the_result_of_the_first(session, anna, mine):
    first, second = (anna.post(f"/reservations/{mine}/move", data=new_time()) for _click in range(2))

    assert (first.status_code, second.status_code) == (303, 303)
    assert second.location == first.location
    assert now_stored(session, mine).revision == 1


def test_a_stale_move_shows_the_current_reservation(session, anna, mine):
    anna.post(f"/reservations/{mine}/move", data=new_time())

    page = anna.post(f"/reservations/{mine}/move", data=new_time(date="2026-11-27"))

    assert page.status_code == 409
    assert "changed after you opened it" in page.text
    assert "Wed 25 November, 10:00 to 13:00" in page.text
    assert now_stored(session, mine).revision == 1


def test_a_confirmed_reservation_that_a_member_moves_needs_approval_again(session, sample_ring, anna):
    confirmed = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY).id
    with write_transaction(session):
        decisions.approve(session, confirmed, by=SOMEBODY, now=MONDAY)
    assert "decides again" in anna.get(f"/reservations/{confirmed}/move").text

    anna.post(f"/reservations/{confirmed}/move", data=new_time(revision="1"))

    assert now_stored(session, confirmed).status == "requested"


def test_a_manager_moves_without_a_new_decision(session, sample_ring, wanda):
    confirmed = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY).id
    with write_transaction(session):
        decisions.approve(session, confirmed, by=SOMEBODY, now=MONDAY)

    assert wanda.post(f"/reservations/{confirmed}/move", data=new_time(revision="1")).status_code == 303
    assert now_stored(session, confirmed).status == "confirmed"


# Cancel


def test_cancelling_in_time_frees_the_time(session, sample_ring, anna, mine):
    question = anna.get(f"/reservations/{mine}/cancel")
    assert "You are in time" in question.text
    assert now_stored(session, mine).status == "confirmed", "asking changes nothing"

    answer = anna.post(f"/reservations/{mine}/cancel", data={"revision": "0", "reason": "Rain"})

    assert answer.status_code == 303
    cancelled = now_stored(session, mine)
    assert (cancelled.status, cancelled.is_late_cancel, cancelled.reason) == ("cancelled", False, "Rain")
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 29), now=MONDAY)


def test_cancelling_late_is_announced_and_recorded(session, anna, mine, clock):
    clock.instant = MONDAY + timedelta(hours=20)

    assert "noted as cancelled late" in anna.get(f"/reservations/{mine}/cancel").text
    anna.post(f"/reservations/{mine}/cancel", data={"revision": "0"})

    assert now_stored(session, mine).is_late_cancel


def test_cancelling_twice_is_answered_clearly(anna, mine):
    anna.post(f"/reservations/{mine}/cancel", data={"revision": "0"})

    again = anna.post(f"/reservations/{mine}/cancel", data={"revision": "1"})

    assert again.status_code == 409
    assert "status of the reservation no longer allows" in again.text


def test_a_stale_or_unreadable_cancellation_changes_nothing(session, anna, mine):
    assert anna.post(f"/reservations/{mine}/cancel", data={"revision": "7"}).status_code == 409
    assert anna.post(f"/reservations/{mine}/cancel", data={}).status_code == 422
    assert anna.post(f"/reservations/{mine}/cancel", data={"revision": "0", "reason": "x" * 501}).status_code == 422
    assert now_stored(session, mine).status == "confirmed"


def test_another_member_cannot_cancel_or_move(session, bernd, mine):
    assert bernd.post(f"/reservations/{mine}/cancel", data={"revision": "0"}).status_code == 404
    assert bernd.post(f"/reservations/{mine}/move", data=new_time()).status_code == 404
    assert now_stored(session, mine).revision == 0


def test_the_manager_of_the_workshop_cancels_under_their_own_name(session, sample_ring, wanda, mine):
    assert wanda.post(f"/reservations/{mine}/cancel", data={"revision": "0"}).status_code == 303
    assert now_stored(session, mine).status == "cancelled"


# Repeat


def test_repeating_fills_in_the_same_a_week_later(anna, mine):
    page = anna.get(f"/reservations/new?repeat={mine}")

    assert 'value="2026-12-01"' in page.text
    assert 'value="09:00"' in page.text
    assert "Tue 1 December, 9:00 to 13:00" in page.text


def test_repeating_keeps_the_time_of_the_clock_over_the_change(session, sample_ring, log_in, clock):
    clock.instant = datetime(2026, 10, 1, tzinfo=UTC)
    anna = log_in(sample_ring.anna_login)
    early = datetime(2026, 10, 20, 6, 0, tzinfo=UTC)  # 8:00 in summer
    old = reserve(session, sample_ring.combine, sample_ring.anna, hours(early, 0, 2), now=clock.instant).id

    assert "Tue 27 October, 8:00 to 10:00" in anna.get(f"/reservations/new?repeat={old}").text


def test_repeating_into_the_skipped_hour_keeps_the_length(session, sample_ring, log_in, clock):
    clock.instant = datetime(2027, 3, 1, tzinfo=UTC)
    anna = log_in(sample_ring.anna_login)
    early = datetime(2027, 3, 21, 1, 0, tzinfo=UTC)  # 2:00 to 3:00; a week later the clock skips from 2:00 to 3:00
    old = reserve(session, sample_ring.combine, sample_ring.anna, hours(early, 0, 1), now=clock.instant).id

    page = anna.get(f"/reservations/new?repeat={old}")

    assert page.status_code == 200
    assert "Sun 28 March, 3:00 to 4:00" in page.text


@pytest.mark.parametrize(
    ("noon", "saturday", "until"),
    [
        (datetime(2027, 3, 20, 11, tzinfo=UTC), "2027-03-27", "Sun 28 March, 12:00"),  # 23 hours
        (datetime(2026, 10, 17, 10, tzinfo=UTC), "2026-10-24", "Sun 25 October, 12:00"),  # 25 hours
    ],
)
def test_a_machine_lent_by_the_day_is_lent_until_the_same_time_over_a_clock_change(
    session, sample_ring, log_in, clock, noon, saturday, until
):
    clock.instant = noon - timedelta(days=10)
    by_day = machine(session, sample_ring.hall, "by-day", step_min=1440, shortest_min=1440)
    anna = log_in(sample_ring.anna_login)
    old = reserve(session, by_day, sample_ring.anna, hours(noon, 0, 24), now=clock.instant).id

    page = anna.get(f"/reservations/new?repeat={old}")
    typed = {"machine": "by-day", "date": saturday, "time": "12:00", "until": "length", "hours": "24", "minutes": "0"}
    sent = anna.post("/reservations/new", data={**typed, "places": "1"})

    assert f"12:00 to {until}" in page.text
    assert re.search(r'name="hours"[^>]*value="24"|value="24"[^>]*name="hours"', page.text)
    assert sent.status_code == 303


def test_anothers_reservation_cannot_be_repeated(bernd, mine):
    assert bernd.get(f"/reservations/new?repeat={mine}").status_code == 404
    assert bernd.get("/reservations/new?repeat=999").status_code == 404


def test_a_declined_request_shows_the_reason(session, sample_ring, anna):
    request_id = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY).id
    with write_transaction(session):
        by = Actor(user_id=sample_ring.wanda_login)
        decisions.reject(session, request_id, "The blade is blunt", by=by, now=MONDAY)

    page = anna.get(f"/reservations/{request_id}")

    assert "declined" in page.text
    assert "The blade is blunt" in page.text


def test_a_machine_retired_since_still_shows_its_past(session, sample_ring, anna):
    scrap = machine(session, sample_ring.hall, "scrap")
    old = reserve(session, scrap, sample_ring.anna, hours(MONDAY, 25, 26), now=MONDAY).id
    with write_transaction(session):
        session.get_one(Machine, scrap).retired_at = MONDAY

    assert anna.get(f"/reservations/{old}").status_code == 200
    assert anna.get(f"/reservations/new?repeat={old}").status_code == 404


def test_the_past_of_the_workshops_begins_with_the_latest_and_is_narrowed_to_days(session, sample_ring, log_in, clock):
    for day in (1, 2, 3):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24 * day, 24 * day + 1), now=MONDAY)
    clock.instant = MONDAY + timedelta(days=5)
    wanda = log_in(sample_ring.wanda_login)
    second = (MONDAY + timedelta(days=2)).date()

    everything = wanda.get("/reservations?of=workshop&when=past").text
    shown = re.findall(r'href="/reservations/(\d+)"', everything)
    one_day = wanda.get(f"/reservations?of=workshop&when=past&from={second}&until={second}").text

    assert shown == sorted(shown, key=int, reverse=True)
    assert len(shown) == 3
    assert re.findall(r'href="/reservations/(\d+)"', one_day) == shown[1:2]
    assert wanda.get("/reservations?when=past&from=2026-12-02&until=2026-12-01").status_code == 422
    assert "matches this filter" in wanda.get("/reservations?when=past&from=2020-01-01&until=2020-01-02").text


def test_a_list_asked_for_behind_an_impossible_instant_begins_anew(log_in, sample_ring):
    anna = log_in(sample_ring.anna_login)

    for place in ("0001-01-01T00:00%2B14:00_1", "9999-12-31T23:59-12:00_1", "2026-11-24_1", "x"):
        assert anna.get(f"/reservations?after={place}").status_code == 200
