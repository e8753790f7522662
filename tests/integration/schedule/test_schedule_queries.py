"""Lists and cards: filters, pages that neither skip nor repeat, and the catalogue's search."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from booking import queries
from booking.errors.schedule_errors import MachineNotFound, NotFound, ReservationNotFound
from booking.kernel.transaction import write_transaction
from booking.models import Reservation, Status
from booking.reservations import reservations
from booking.timespan import TimeSpan
from tests.builders import SOMEBODY, hours, induct, machine, member, reserve, workshop
from tests.conftest import MONDAY


def slugs(listing):
    return [card.slug for card in listing.items]


def ids(views):
    return [view.id for view in views]


def test_the_catalogue_is_searched_by_every_word_whatever_the_case(session, sample_ring):
    machine(
        session, sample_ring.hall, "saw", name="Bandsäge", kind="Holz", location="Halle Süd", description="für Stämme"
    )

    assert slugs(queries.machine_cards(session, text="SÄGE süd")) == ["saw"]
    assert slugs(queries.machine_cards(session, text="säge nord")) == []
    assert slugs(queries.machine_cards(session, text="werkstatt")) == ["laser"]
    assert slugs(queries.machine_cards(session, text="100%_")) == []


def test_the_catalogue_is_filtered_by_workshop_kind_and_induction(session, sample_ring):
    machine(session, sample_ring.hall, "saw", kind="wood")
    machine(session, sample_ring.hall, "old", kind="wood", retired_at=MONDAY)

    assert slugs(queries.machine_cards(session, workshop_slug="lab")) == ["laser"]
    assert slugs(queries.machine_cards(session, kind="wood")) == ["saw"]
    assert slugs(queries.machine_cards(session, kind="wood", include_retired=True)) == ["old", "saw"]
    assert slugs(queries.machine_cards(session, workshop_ids=())) == []
    for_bernd = queries.machine_cards(session, inducted_member_id=sample_ring.bernd)
    assert "laser" not in slugs(for_bernd)
    assert "laser" in slugs(
        queries.machine_cards(session, inducted_member_id=sample_ring.anna, inducted_on=MONDAY.date())
    )
    much_later = MONDAY.date() + timedelta(days=800)
    assert "laser" not in slugs(
        queries.machine_cards(session, inducted_member_id=sample_ring.anna, inducted_on=much_later)
    )
    assert queries.kinds(session) == (queries.KindCount("wood", 1),)


def test_the_catalogue_comes_in_pages_with_a_total(session, sample_ring):
    first = queries.machine_cards(session, limit=3)
    second = queries.machine_cards(session, limit=3, offset=3)

    assert (first.total, len(first.items), len(second.items)) == (4, 3, 1)
    assert set(slugs(first)).isdisjoint(slugs(second))


def test_a_card_has_the_machine_its_places_and_its_rules(session, sample_ring):
    card = queries.machine_card(session, "laser")

    assert (card.workshop_name, card.zone.key, card.induction_kind, card.places) == (
        "Offene Werkstatt",
        "Europe/Berlin",
        "Laser",
        1,
    )
    assert card.rules.step_min == 15
    assert queries.machine_card(session, sample_ring.cold_store).places == 24
    for unknown in ("nothing", 4711):
        with pytest.raises(MachineNotFound):
            queries.machine_card(session, unknown)


def test_workshops_come_with_their_opening_hours(session, sample_ring):
    hall, lab = queries.workshops(session)

    assert (hall.slug, len(hall.openings)) == ("hall", 7)
    assert lab.openings[0] == (0, 8 * 60, 18 * 60)
    assert queries.workshop(session, "lab") == queries.workshop(session, sample_ring.lab) == lab
    with pytest.raises(NotFound):
        queries.workshop(session, "moon")


@pytest.fixture
def many(session, sample_ring):
    """Twelve reservations in the order of their start; two begin at the same instant."""
    made = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, hour, hour + 1), now=MONDAY).id
        for hour in range(11)
    ]
    made.insert(6, reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 5, 30), now=MONDAY).id)
    return made


def test_pages_neither_skip_nor_repeat(session, many):
    seen, after = [], None
    while page := queries.reservations(session, limit=5, after=after):
        seen += ids(page)
        after = page[-1].cursor

    assert seen == many


@pytest.mark.parametrize("days", [0.5, 2, 2.5, 3, 10, 365])
def test_a_reservation_is_found_by_a_day_that_it_reaches_into_however_long_it_is(session, sample_ring, days):
    found = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 8, 9), now=MONDAY)
    start = MONDAY + timedelta(hours=9) - timedelta(days=days)
    with write_transaction(session):
        session.execute(
            update(Reservation).where(Reservation.id == found.id).values(starts_at=start, occupied_from=start)
        )
    last_hour = TimeSpan(MONDAY + timedelta(hours=8), MONDAY + timedelta(hours=10))

    assert ids(queries.reservations(session, since=last_hour.start, until=last_hour.end)) == [found.id]
    assert ids(queries.reservations(session, since=last_hour.end, until=last_hour.end + timedelta(hours=1))) == []


def test_reservations_are_filtered_by_what_overlaps(session, sample_ring, many):
    span = TimeSpan(MONDAY + timedelta(hours=7, minutes=30), MONDAY + timedelta(hours=9))

    assert ids(queries.reservations(session, since=span.start, until=span.end)) == [many[6], many[8], many[9]]
    assert ids(queries.reservations(session, since=span.start, until=span.end, machine_id=sample_ring.combine)) == [
        many[8],
        many[9],
    ]
    assert ids(queries.reservations(session, member_id=sample_ring.bernd)) == [many[6]]
    assert ids(queries.reservations(session, workshop_ids=[sample_ring.lab])) == []
    assert queries.reservations(session, workshop_ids=[]) == queries.reservations(session, statuses=[]) == ()


def test_own_reservations_are_upcoming_or_past(session, sample_ring, many):
    noon = MONDAY + timedelta(hours=5, minutes=30)
    with write_transaction(session):
        reservations.cancel(session, many[9], by=SOMEBODY, now=noon, reason="Rain")

    upcoming = queries.reservations_of_member(session, sample_ring.anna, upcoming=True, now=noon)
    past = queries.reservations_of_member(session, sample_ring.anna, upcoming=False, now=noon)

    mine = [one for one in many if one != many[6]]
    assert ids(upcoming) == [one for one in mine[5:] if one != many[9]]
    assert ids(past) == [many[9], *reversed(mine[:5])]
    second_page = queries.reservations_of_member(
        session, sample_ring.anna, upcoming=False, now=noon, limit=3, after=past[2].cursor
    )
    assert ids(second_page) == ids(past[3:6])


def test_a_machine_that_is_still_out_stays_upcoming(session, sample_ring, many):
    with write_transaction(session):
        session.execute(update(Reservation).where(Reservation.id == many[0]).values(status=Status.IN_USE))

    upcoming = queries.reservations_of_member(session, sample_ring.anna, upcoming=True, now=MONDAY + timedelta(days=3))
    assert ids(upcoming) == [many[0]]


def test_a_reservation_is_found_by_id_and_by_its_name_in_calendars(session, sample_ring, many):
    view = queries.reservation(session, many[0])

    assert queries.reservation_by_uid(session, view.uid) == view
    assert view.cancel_until == max(view.starts_at - timedelta(hours=24), MONDAY + timedelta(minutes=15))
    for find, unknown in ((queries.reservation, 4711), (queries.reservation_by_uid, "nobody@ringbuch")):
        with pytest.raises(ReservationNotFound):
            find(session, unknown)


def test_the_board_has_opening_hours_and_holidays(session, sample_ring):
    alps = workshop(
        session, "alps", opens=480, closes=1080, days=range(5), holidays_region="DE-BY", is_closed_on_holidays=True
    )
    for slug, always in (("mixer", False), ("barn", True)):
        machine(session, alps, slug, is_open_always=always)
    christmas_week = TimeSpan(MONDAY + timedelta(days=28) - timedelta(hours=8), MONDAY + timedelta(days=35))

    board = queries.board(session, christmas_week, workshop_slug="alps", now=MONDAY)

    (place,) = board.workshops
    assert [(one.day.day, one.is_closed) for one in place.holidays] == [(25, True), (26, True)]
    assert [span.start.day for span in place.open_spans] == [21, 22, 23, 24]
    barn, mixer = place.rows
    assert mixer.open_spans == place.open_spans
    assert barn.open_spans[0].contains(christmas_week)


def test_the_board_is_filtered(session, sample_ring):
    induct(session, sample_ring.bernd, sample_ring.laser_induction, MONDAY.date())
    day = hours(MONDAY, 0, 24)

    def shown(**filters):
        return {row.machine.slug for row in queries.board(session, day, **filters, now=MONDAY).rows}

    assert shown(workshop_slug="lab") == {"laser"}
    assert shown(machine_ids=[sample_ring.combine]) == {"combine"}
    assert shown(machine_ids=[]) == set()
    assert shown(kind="nothing") == set()
    assert "laser" in shown(inducted_member_id=sample_ring.bernd, inducted_on=MONDAY.date())


def test_a_search_finds_members_however_umlauts_are_written_and_what_they_have(session, sample_ring):
    mill = member(session, "Mühle Größ (50 %)", number="M-90")
    entered = reserve(session, sample_ring.combine, mill, hours(MONDAY, 24, 26), now=MONDAY).id

    for words in (["muehle"], ["MUHLE", "gross"], ["größ", "m-90"], ["(50 %)"]):
        found = queries.members_by_words(session, words, workshop_ids=[sample_ring.hall])
        assert [one.id for one in found] == [mill], words
    assert queries.members_by_words(session, ["müll"]) == ()
    assert queries.members_by_words(session, ["muehle"], workshop_ids=[sample_ring.lab]) == ()
    machines = queries.machine_cards(session).items
    for what in (queries.Found([mill], None), queries.Found(None, machines), queries.Found([mill], machines)):
        shown = queries.found_reservations(session, [what], queries.VisibilityScope(is_everybody=True), limit=5)
        assert [view.id for view in shown] == [entered]
        foreign = queries.VisibilityScope(member_id=sample_ring.bernd, workshop_ids=[sample_ring.lab])
        assert queries.found_reservations(session, [what], foreign, limit=5) == ()
