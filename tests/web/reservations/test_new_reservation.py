"""The form of a wish: what it fills in, what it refuses and offers, and that it stores each wish once."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from billing.tariffs.tariffs import TariffEntry, enter_tariff
from booking.kernel.transaction import write_transaction
from booking.models import Occupancy, Reservation
from tests.builders import SOMEBODY, hours, induct, machine, reserve
from tests.conftest import MONDAY

TUESDAY = "2026-11-24"


@pytest.fixture
def anna(log_in, sample_ring):
    return log_in(sample_ring.anna_login)


def wish(**changes):
    """Tuesday 9:00 for two hours on the combine."""
    usual = {
        "machine": "combine",
        "date": TUESDAY,
        "time": "09:00",
        "until": "length",
        "hours": "2",
        "minutes": "0",
        "places": "1",
        "purpose": "Barley behind the church",
        "form_key": "one-form",
    }
    return {**usual, **changes}


def send(client, **changes):
    return client.post("/reservations/new", data=wish(**changes))


def stored(session):
    session.rollback()
    return session.scalars(select(Reservation).order_by(Reservation.id)).all()


def occupied(session):
    return session.scalar(select(func.count()).select_from(Occupancy))


def choices(page):
    """The values of the buttons that would work."""
    return re.findall(r'class="slot" name="choose" value="([^"]+)"', page.text)


# Works


def test_a_wish_becomes_a_confirmed_reservation(session, anna):
    answer = send(anna)

    assert answer.status_code == 303
    (reservation,) = stored(session)
    assert reservation.starts_at == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    assert reservation.ends_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert reservation.purpose == "Barley behind the church"
    page = anna.get(answer.location)
    assert "Your reservation is confirmed." in page.text
    assert "Tue 24 November, 9:00 to 11:00" in page.text


def test_a_machine_that_needs_approval_makes_a_request(session, anna):
    answer = send(anna, machine="splitter")

    assert stored(session)[0].status == "requested"
    assert "The workshop decides by" in anna.get(answer.location).text


def test_the_end_by_day_and_time_may_lie_days_later(session, anna):
    answer = send(anna, until="end", end_date="2026-11-26", end_time="06:30", hours="", minutes="")

    assert answer.status_code == 303
    assert stored(session)[0].ends_at == datetime(2026, 11, 26, 5, 30, tzinfo=UTC)


def test_without_a_day_of_the_end_it_ends_on_the_day_of_the_start(session, anna):
    assert send(anna, until="end", end_date="", end_time="12:00").status_code == 303
    assert stored(session)[0].ends_at == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def test_places_are_taken(session, anna):
    assert send(anna, machine="cold-store", places="10").status_code == 303
    assert occupied(session) == 10


@pytest.mark.parametrize("purpose", ["Öhmd 🚜🌾", "שלום עולם", "=HYPERLINK(0)", "<b>bold</b>", "line\nbreak"])
def test_any_characters_are_only_text(session, anna, purpose):
    answer = send(anna, purpose=purpose)

    assert answer.status_code == 303
    assert stored(session)[0].purpose == purpose
    page = anna.get(answer.location)
    assert page.status_code == 200
    assert "<b>bold" not in page.text


# The form


def test_the_form_is_filled_in_from_a_free_span_of_the_plan(anna):
    page = anna.get("/reservations/new?machine=combine&start=2026-11-24T08:30Z&end=2026-11-24T10:00Z")

    assert page.status_code == 200
    assert 'value="2026-11-24"' in page.text
    assert 'value="09:30"' in page.text
    assert "Tue 24 November, 9:30 to 11:00" in page.text
    assert "1 h 30 min" in page.text
    assert "Free, and within the rules." in page.text


def test_the_form_takes_wall_clock_time_too(anna):
    assert 'value="09:30"' in anna.get("/reservations/new?machine=combine&date=2026-11-24&start=09:30").text
    assert 'value="09:30"' in anna.get("/reservations/new?machine=combine&start=2026-11-24T09:30").text


def test_without_a_start_the_next_free_time_is_proposed(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0, 3), now=MONDAY)

    page = anna.get("/reservations/new?machine=combine")

    assert 'value="11:00"' in page.text


def test_what_is_proposed_without_a_start_can_be_sent(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 0.5, 3), now=MONDAY)

    page = anna.get("/reservations/new?machine=combine")

    assert "Free, and within the rules." in page.text
    assert 'value="11:00"' in page.text


@pytest.mark.parametrize("query", ["start=soon", "start=9999-12-31T23:59Z", "start=2026-11-24", "end=x", "minutes=-5"])
def test_an_unreadable_address_still_gives_a_form(anna, query):
    assert anna.get(f"/reservations/new?machine=combine&{query}").status_code == 200


def test_an_unknown_or_retired_machine_is_not_found(session, sample_ring, anna):
    machine(session, sample_ring.hall, "scrap", retired_at=MONDAY)

    assert anna.get("/reservations/new?machine=tank").status_code == 404
    assert anna.get("/reservations/new?machine=scrap").status_code == 404


def test_without_a_machine_the_form_asks_which(anna):
    page = anna.get("/reservations/new")

    assert "Please choose" in page.text
    assert send(anna, machine="").status_code == 422


# The check before sending


def test_the_check_shows_all_violations_with_numbers_and_alternatives(session, sample_ring, anna):
    strict = {"notice_hours": 48, "longest_min": 60, "cleaning_min": 30}
    baler = machine(session, sample_ring.hall, "baler", **strict)
    reserve(session, baler, sample_ring.bernd, hours(MONDAY, 50, 51), now=MONDAY)

    page = send(anna, machine="baler", check="1")

    assert page.status_code == 422
    assert stored(session)[1:] == []
    assert "The earliest possible start" in page.text
    assert "A reservation lasts at most 1 h; this one would last 2 h." in page.text
    assert "rule-notice" in page.text or "Notice" in page.text
    assert 1 <= len(choices(page)) <= 3
    assert 'value="09:00"' in page.text, "what was typed is kept"


def test_a_choice_fills_the_form_and_then_works(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 28), now=MONDAY)
    refused = send(anna)
    choice = choices(refused)[0]

    filled = anna.post("/reservations/new", data={**wish(purpose="Kept"), "choose": choice})

    assert filled.status_code == 200
    assert "Free, and within the rules." in filled.text
    assert "Kept" in filled.text
    assert "Nothing is stored yet: for that, press “Reserve”." in filled.text
    assert len(stored(session)) == 1, "choosing stores nothing"
    _id, start, _end = choice.split("|")
    fields = dict(re.findall(r'name="(date|time)"[^>]* value="([^"]+)"', filled.text))
    assert send(anna, **fields).status_code == 303
    assert stored(session)[1].starts_at == datetime.fromisoformat(start)


@pytest.mark.parametrize("choice", ["", "x", "1|2|3", "999|2026-11-24T08:00Z|2026-11-24T09:00Z"])
def test_a_tampered_choice_is_refused_without_a_fault(anna, choice):
    answer = anna.post("/reservations/new", data={**wish(), "choose": choice, "check": "1"})

    assert answer.status_code in (200, 404)


def test_the_live_check_answers_with_a_fragment_and_stores_nothing(session, anna):
    page = anna.get("/reservations/check", query_string=wish())

    assert page.status_code == 200
    assert "Free, and within the rules." in page.text
    assert "<html" not in page.text
    assert stored(session) == []


def test_the_live_check_of_an_incomplete_form_is_empty(anna):
    page = anna.get("/reservations/check", query_string=wish(time=""))

    assert page.status_code == 200
    assert "check-" not in page.text


def test_the_price_is_estimated_from_the_tariff(session, sample_ring, anna):
    prices = TariffEntry(valid_from=date(2026, 1, 1), prices={"member": Decimal("24.50"), "guest": Decimal(40)})
    with write_transaction(session):
        enter_tariff(session, sample_ring.splitter, prices, by=SOMEBODY, now=MONDAY)
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)

    assert "€49.00" in send(anna, machine="splitter", check="1").text, "two hours"
    assert "€24.50 per hectare" in send(anna, machine="combine", check="1").text


def test_a_manager_sees_the_price_before_the_member_is_chosen_and_no_word_about_the_time(session, sample_ring, log_in):
    prices = TariffEntry(valid_from=date(2026, 1, 1), prices={"member": Decimal("24.50"), "guest": Decimal(40)})
    with write_transaction(session):
        enter_tariff(session, sample_ring.splitter, prices, by=SOMEBODY, now=MONDAY)
    wanda = log_in(sample_ring.wanda_login)

    page = wanda.get("/reservations/new?machine=splitter&start=2026-11-24T12:00&minutes=120")
    live = wanda.get("/reservations/check", query_string=wish(machine="splitter"))

    for shown in (page, live):
        assert "€49.00" in shown.text, "two hours"
        assert "This is what members pay." in shown.text
        assert "Free, and within the rules" not in shown.text
    for_bernd = wanda.get("/reservations/check", query_string=wish(machine="splitter", member=str(sample_ring.bernd)))
    assert "This is what members pay." not in for_bernd.text


def test_the_page_of_a_reservation_shows_its_expected_price(session, sample_ring, anna):
    prices = TariffEntry(valid_from=date(2026, 1, 1), prices={"member": Decimal("115.00"), "guest": Decimal(145)})
    with write_transaction(session):
        enter_tariff(session, sample_ring.combine, prices, by=SOMEBODY, now=MONDAY)

    page = anna.get(send(anna).location)

    assert "Costs €115.00 per hectare, by actual use." in page.text


def taps(page):
    """The buttons of days, of free time and of lengths."""
    return re.findall(r'name="pick" value="([^"]+)"', page.text)


def test_days_free_times_and_lengths_are_taps_that_fill_the_form(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 27), now=MONDAY)
    page = anna.get("/reservations/new?machine=combine&start=2026-11-24T12:00")

    tapped = anna.post("/reservations/new", data={**wish(purpose="Kept"), "pick": taps(page)[2]})

    assert 'value="2026-11-25"' in tapped.text, "the third of seven days"
    assert 'value="12:00"' in tapped.text
    assert "Kept" in tapped.text
    half_hour = re.search(r'name="pick" value="([^"]+)" data-key="30 min"', tapped.text)[1]
    fragment = anna.get("/reservations/check", query_string=wish(pick=half_hour))
    assert 'data-date="2026-11-25" data-time="12:00" data-hours="0" data-minutes="30"' in fragment.text
    assert len(stored(session)) == 1, "a tap stores nothing"


@pytest.mark.parametrize("pick", ["x", "1|2|3", "1|2026-11-24T08:00Z|2026-11-24T07:00Z", "1|9999-01-01T00:00Z|x"])
def test_a_tampered_tap_is_answered_without_a_fault(anna, pick):
    assert anna.get("/reservations/check", query_string=wish(pick=pick)).status_code == 200
    assert anna.post("/reservations/new", data=wish(pick=pick)).status_code in (200, 404, 422)


def test_free_time_is_a_tap_only_where_the_rules_accept_a_start_in_it(session, sample_ring, anna):
    machine(session, sample_ring.hall, "saw", step_min=60, notice_hours=48)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 27), now=MONDAY)

    inside_notice = anna.get("/reservations/new?machine=saw&start=2026-11-24T12:00")
    after_it = anna.get("/reservations/new?machine=saw&start=2026-11-25T12:00")

    assert 'class="b-f"' not in inside_notice.text
    first, *_later = re.findall(r'<button class="b-f" name="pick" value="[^|]+\|([^|]+)\|', after_it.text)
    assert first == "2026-11-25T07:00Z", "48 hours after Monday, 8:00 in Berlin"


def test_the_lengths_of_a_machine_lent_by_the_day_are_days(session, sample_ring, anna):
    machine(session, sample_ring.hall, "trailer", step_min=1440, shortest_min=1440)

    page = anna.get("/reservations/new?machine=trailer&start=2026-11-25T08:00")

    assert 'data-key="2 days"' in page.text or 'data-key="48 h"' in page.text
    assert 'data-key="30 min"' not in page.text


# Refused after sending


def test_a_taken_time_is_a_conflict_that_keeps_everything_and_offers_others(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 27), now=MONDAY)

    page = send(anna, purpose="My barley")

    assert page.status_code == 409
    assert "lready taken" in page.text
    assert "Bernd" not in page.text
    assert "My barley" in page.text
    assert 'value="09:00"' in page.text
    assert len(choices(page)) == 3
    assert len(stored(session)) == 1


def test_a_conflict_shows_the_span_in_which_the_machine_is_taken(session, sample_ring, anna):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 25, 27), now=MONDAY)

    page = send(anna).text

    assert "Already taken: Tue 24 November, 9:00 to 11:00." in page
    assert 'id="refused"' in page, "the card that stands above the form on a phone"
    assert "1 proposal" in page or "3 proposals" in page, "the bar at the thumb leads to them"
    assert 'id="refused"' not in anna.get("/reservations/new?machine=combine").text


def test_too_few_places_are_counted(session, sample_ring, anna):
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 25, 27), now=MONDAY, places=20)

    page = send(anna, machine="cold-store", places="6")

    assert page.status_code == 409
    assert "9:00 to 11:00: that would be 26 of 24 places. Needed: 6, free: 4." in page.text


def test_broken_rules_are_refused_with_their_names(session, log_in, sample_ring):
    page = send(log_in(sample_ring.bernd_login), machine="laser", date="2026-11-28")

    assert page.status_code == 422
    assert "An induction is needed" in page.text
    assert "outside the opening hours" in page.text
    assert "Sat 28 November: closed all day." in page.text
    assert stored(session) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"date": ""}, "required"),
        ({"date": "2026-02-30"}, "Not a valid"),
        ({"time": "25:00"}, "Not a valid"),
        ({"date": "9999-12-31"}, "This year is outside the range that the ring plans for."),
        ({"hours": "0", "minutes": "0"}, "above zero"),
        ({"hours": "-2"}, "between 0"),
        ({"hours": "two"}, "Not a valid integer"),
        ({"hours": "99999999999999999999"}, "between 0"),
        ({"until": "end", "end_time": ""}, "Enter when it ends."),
        ({"until": "end", "end_date": TUESDAY, "end_time": "08:00"}, "The end must be after the start."),
        ({"until": "end", "end_date": TUESDAY, "end_time": "09:00"}, "The end must be after the start."),
        ({"places": "0"}, "At least one place is needed."),
        ({"places": "-1"}, "At least one place is needed."),
        ({"places": "2"}, "2 places were asked for; there is room for 1."),
        ({"places": "many"}, "Not a valid integer"),
        ({"date": "2026-11-23", "time": "07:00"}, "has already passed"),
        ({"date": "2028-11-23"}, "The latest possible start"),
        ({"time": "09:07"}, "steps of 15 min"),
        ({"machine": "tank"}, "Not a valid choice"),
        ({"purpose": "x" * 10_000}, "At most 500 characters fit here; there are 10,000."),
    ],
)
def test_bad_input_gets_a_clear_answer_and_is_kept(session, anna, changes, words):
    page = send(anna, **changes)

    assert page.status_code == 422
    assert words in page.text
    assert stored(session) == []
    assert occupied(session) == 0
    if "purpose" not in changes:
        assert "Barley behind the church" in page.text
    for name, value in changes.items():
        if name not in ("machine", "until", "places") and value:
            assert value in page.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"date": "2026-02-30"}, "Kein gültiges Datum."),
        ({"time": "25:00"}, "Keine gültige Uhrzeit."),
        ({"hours": "two"}, "Keine gültige, ganze Zahl."),
    ],
)
def test_field_errors_are_german_on_a_german_page(anna, changes, words):
    anna.post("/language", data={"language": "de"})

    assert words in send(anna, **changes).text


def test_the_missing_hour_of_spring_is_refused_with_the_next_valid_time(session, sample_ring, anna):
    page = send(anna, date="2027-03-28", time="02:30", hours="1")

    assert page.status_code == 422
    assert "does not exist" in page.text
    assert "3:30" in page.text
    assert choices(page) == [f"{sample_ring.combine}|2027-03-28T01:30Z|2027-03-28T02:30Z"]
    filled = anna.post("/reservations/new", data={**wish(), "choose": choices(page)[0]})
    assert 'value="03:30"' in filled.text


@pytest.mark.parametrize(("which", "hour"), [("0", 0), ("1", 1)])
def test_the_doubled_hour_of_autumn_asks_first_or_second(session, sample_ring, log_in, clock, which, hour):
    clock.instant = datetime(2026, 10, 1, tzinfo=UTC)
    anna = log_in(sample_ring.anna_login)
    night = {"date": "2026-10-25", "time": "02:30", "hours": "1"}

    asked = send(anna, **night)
    assert asked.status_code == 422
    assert "Choose the first or the second time" in asked.text
    assert 'name="which_start"' in asked.text
    assert stored(session) == []

    assert send(anna, **night, which_start=which).status_code == 303
    assert stored(session)[0].starts_at == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)


def test_the_form_chooses_no_passage_before_it_is_asked(anna):
    page = anna.get("/reservations/new?machine=combine&at=2026-11-24T08:00")

    assert page.status_code == 200
    assert 'name="which_start"' not in page.text
    assert 'name="which_end"' not in page.text


def test_a_night_with_a_clock_change_shows_both_lengths(sample_ring, log_in, clock):
    clock.instant = datetime(2026, 10, 1, tzinfo=UTC)
    anna = log_in(sample_ring.anna_login)
    night = {"date": "2026-10-24", "time": "22:00", "until": "end", "end_date": "2026-10-25", "end_time": "06:00"}

    page = send(anna, **night, check="1")

    assert "8 h by the clock, 9 h elapsed" in page.text


# Twice, late, at once


def test_a_double_click_makes_one_reservation_and_the_same_answer(session, anna):
    first, second = send(anna), send(anna)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert len(stored(session)) == 1


def test_a_form_that_is_sent_again_after_the_cancellation_does_not_confirm_it(session, anna):
    address = send(anna).location
    anna.post(f"{address}/cancel", data={"revision": "0"}, follow_redirects=True)  # shows the messages so far

    page = anna.post("/reservations/new", data=wish(), follow_redirects=True)

    assert [each.status for each in stored(session)] == ["cancelled"]
    assert "This form was sent before" in page.text
    assert "Your reservation is confirmed" not in page.text


def test_the_same_form_with_another_wish_is_another_reservation(session, anna):
    send(anna)

    assert send(anna, time="14:00").status_code == 303
    assert len(stored(session)) == 2


def test_two_windows_with_the_same_wish_make_one_reservation_and_a_conflict(session, anna):
    assert send(anna, form_key="left").status_code == 303
    assert send(anna, form_key="right").status_code == 409
    assert len(stored(session)) == 1


def test_a_form_left_open_overnight_is_answered_by_the_rules_of_the_morning(session, anna, clock):
    clock.instant = MONDAY + timedelta(days=2)

    page = send(anna)

    assert page.status_code == 422
    assert "has already passed" in page.text
    assert choices(page)


def test_each_fresh_form_has_its_own_key(anna):
    keys = {re.search(r'name="form_key"[^>]*value="([^"]+)"', anna.get("/reservations/new").text)[1] for _ in "ab"}

    assert len(keys) == 2


# Who may


def test_a_treasurer_without_a_farm_does_not_reserve(log_in, sample_ring):
    karl = log_in(sample_ring.karl_login)

    assert karl.get("/reservations/new").status_code == 403
    assert send(karl).status_code == 403


def test_a_member_cannot_reserve_in_anothers_name(session, sample_ring, anna):
    send(anna, member=str(sample_ring.bernd))

    assert [reservation.member_id for reservation in stored(session)] == [sample_ring.anna]


def test_a_manager_reserves_for_members_in_their_own_workshop_only(session, sample_ring, log_in):
    wanda = log_in(sample_ring.wanda_login)
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())

    assert send(wanda, member=str(sample_ring.bernd)).status_code == 303
    assert send(wanda, machine="laser", member=str(sample_ring.bernd)).status_code == 422
    assert send(wanda, member="").status_code == 422
    assert send(wanda, member="999").status_code == 422
    assert [reservation.member_id for reservation in stored(session)] == [sample_ring.bernd]
