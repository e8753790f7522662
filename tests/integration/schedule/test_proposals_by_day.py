"""What is proposed lies in the waking day, unless the wish was for the night or no day is free."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking import availability
from booking.availability.reading import held_places
from booking.members import members
from booking.records import catalogue
from booking.reservations.group_choice import GroupWish
from booking.reservations.wishes import Wish
from booking.waiting.matching import WaitingWish, first_span
from tests.builders import hours, reserve
from tests.conftest import MONDAY

# The clock of the tests stands at Monday, 8:00, and the combine is lent around the clock: the night begins after 14
# hours, at 22:00, and ends after 22.


def proposed(session, sample_ring, start, end, **more):
    wish = Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, start, end))
    found = availability.alternatives(session, wish, now=MONDAY, **more)
    return [((one.span.start - MONDAY) / timedelta(hours=1)) for one in found]


@pytest.fixture
def busy_day(session, sample_ring):
    """Anna has the combine from now on until 22:00."""
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 0, 14), now=MONDAY)


@pytest.mark.usefixtures("busy_day")
def test_after_a_busy_day_the_next_morning_is_proposed_and_not_the_night(session, sample_ring):
    assert proposed(session, sample_ring, 9, 11) == [22, 24, 26]
    assert proposed(session, sample_ring, 2, 12, count=2) == [22, 36]  # over the night, but from 20:00 to 6:00


def test_who_wishes_for_the_night_gets_the_night(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 13, 18), now=MONDAY)

    assert proposed(session, sample_ring, 14, 16) == [11, 18, 9]
    assert proposed(session, sample_ring, 11, 17, count=3) == [7, 1, 22]  # its end may lie at night, its start not


def test_where_no_day_is_free_within_two_weeks_the_night_is_proposed(session, sample_ring):
    for day in range(15):
        span = hours(MONDAY, max(24 * day - 2, 0), 24 * day + 14)
        reserve(session, sample_ring.combine, sample_ring.anna, span, now=MONDAY)

    assert proposed(session, sample_ring, 1, 3) == [14, 16, 18]


@pytest.mark.usefixtures("busy_day")
def test_dates_of_a_series_move_to_the_day(session, sample_ring):
    wish = Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 9, 11))

    assert availability.nearest_times(session, sample_ring.combine, [wish], besides=(), now=MONDAY) == [
        hours(MONDAY, 22, 24)
    ]


def test_later_times_after_a_breakdown_lie_in_the_day(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 10, 14), now=MONDAY)
    wish = Wish(sample_ring.combine, sample_ring.bernd, hours(MONDAY, 10, 12))
    after = hours(MONDAY, 8, 9).start

    assert availability.later_times(session, sample_ring.combine, [wish], after, now=MONDAY, count=1) == [
        (hours(MONDAY, 34, 36),)
    ]


def test_machines_of_a_group_are_proposed_by_day(session, sample_ring, lasers, group):
    for machine_id in lasers:
        reserve(session, machine_id, sample_ring.anna, hours(MONDAY, 0, 14), now=MONDAY)

    found = availability.group_alternatives(
        session, GroupWish(group, sample_ring.bernd, hours(MONDAY, 9, 11)), now=MONDAY
    )

    assert [one.span for one in found] == [hours(MONDAY, start, start + 2) for start in (22, 24, 26)]


@pytest.mark.usefixtures("busy_day")
def test_the_waiting_list_offers_the_day_before_the_night(session, sample_ring):
    terms = catalogue.bookable_machine(session, sample_ring.combine)
    who = members.eligibility_of(session, sample_ring.bernd, None)

    def offered(until):
        window = hours(MONDAY, 0, until)
        wish = WaitingWish(sample_ring.bernd, sample_ring.combine, None, window, length_min=120)
        held = held_places(session, [sample_ring.combine], (int(window.start.timestamp()), int(window.end.timestamp())))
        return first_span(wish, terms, who, held, asked_at=MONDAY)

    assert offered(30) == hours(MONDAY, 22, 24)
    assert offered(20) == hours(MONDAY, 14, 16)  # no day is left in it


@pytest.mark.usefixtures("busy_day")
def test_the_form_opens_with_the_next_morning(sample_ring, log_in):
    page = log_in(sample_ring.bernd_login).get("/reservations/new?machine=combine").text

    assert 'value="2026-11-24"' in page
    assert 'value="06:00"' in page
