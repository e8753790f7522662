"""The plan board tells what holds each machine, however long the history behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import db
from booking import models, queries
from booking.kernel.transaction import write_transaction
from booking.models import Machine
from booking.places.held_spans import MOMENT
from booking.queries.workshop_ends import newest_of_workshops, oldest_of_workshops
from booking.records import records
from booking.rule_changes.induction_kinds import KindInput, change_kind
from booking.timespan import TimeSpan
from booking.use import usage
from tests.builders import SOMEBODY, hours, machine, reserve, schedule_version
from tests.conftest import MONDAY


def entries(board, machine_id):
    return next(row for row in board.rows if row.machine.id == machine_id).entries


def test_a_use_that_ended_late_is_shown_as_long_as_it_held_the_machine(session, sample_ring):
    late = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 8, 10), now=MONDAY).id
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 11, 12), now=MONDAY)
    for verb, hour in ((usage.hand_out, 8), (usage.hand_back, 11.5)):
        with write_transaction(session):
            now = MONDAY + timedelta(hours=hour)
            verb(session, late, usage.Measurement(amount=1), by=SOMEBODY, now=now)

    first, second = entries(queries.board(session, hours(MONDAY, 0, 24), now=MONDAY), sample_ring.combine)
    assert (first.ends_at, second.starts_at) == (MONDAY + timedelta(hours=11), MONDAY + timedelta(hours=11))


def test_a_reservation_is_on_the_board_with_its_set_up_and_cleaning(session, sample_ring):
    harvester = machine(session, sample_ring.hall, "harvester", setup_min=30, cleaning_min=60)
    entered = reserve(session, harvester, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)

    (entry,) = entries(queries.board(session, hours(MONDAY, 0, 24), now=MONDAY), harvester)

    assert (entry.reservation_id, entry.member_name, entry.status) == (entered.id, "Anna", "confirmed")
    assert (entry.starts_at, entry.ends_at) == (hours(MONDAY, 1, 4).start, hours(MONDAY, 1, 4).end)
    assert (entry.occupied_from, entry.occupied_until) == (hours(MONDAY, 0.5, 5).start, hours(MONDAY, 0.5, 5).end)


def test_what_began_before_the_span_is_shown_and_what_ended_before_is_not(session, sample_ring):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 4, 30), now=MONDAY)
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 48, 50), now=MONDAY)

    shown = entries(queries.board(session, hours(MONDAY, 24, 48), now=MONDAY), sample_ring.combine)

    assert [entry.starts_at for entry in shown] == [hours(MONDAY, 4, 30).start]


def test_at_a_moment_the_board_shows_what_holds_places_then(session, sample_ring):
    for places, begin, end in ((2, 1, 4), (3, 4, 6), (1, 4, 30)):
        reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, begin, end), now=MONDAY, places=places)

    def held(span):
        return entries(queries.board(session, span, now=MONDAY), sample_ring.cold_store)

    day, moments = held(hours(MONDAY, 0, 24)), [MONDAY + timedelta(hours=hour) for hour in (0, 1, 3.99, 4, 6, 7, 30)]
    shown = [list(held(TimeSpan(at, at + MOMENT))) for at in moments]

    assert shown == [[one for one in day if one.occupied_from <= at < one.occupied_until] for at in moments]
    assert [sum(one.places for one in found) for found in shown] == [0, 2, 2, 4, 1, 1, 0]


def test_a_reservation_of_many_places_is_one_entry(session, sample_ring):
    reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 1, 40), now=MONDAY, places=20)
    reserve(session, sample_ring.cold_store, sample_ring.bernd, hours(MONDAY, 2, 30), now=MONDAY, places=3)

    shown = entries(queries.board(session, hours(MONDAY, 0, 24), now=MONDAY), sample_ring.cold_store)

    assert [entry.places for entry in shown] == [20, 3]
    assert [entry.unit_numbers[0] for entry in shown] == [1, 21]


def test_the_catalogue_and_the_lists_can_be_read(session, sample_ring):
    entered = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 1, 4), now=MONDAY)
    assert {card.slug for card in queries.machine_cards(session).items} == {
        "combine",
        "splitter",
        "laser",
        "cold-store",
    }
    assert [card.slug for card in queries.machine_cards(session, text="LASER").items] == ["laser"]
    assert [w.slug for w in queries.workshops(session)] == ["hall", "lab"]
    assert [one.id for one in queries.reservations_of_member(session, sample_ring.anna, upcoming=True, now=MONDAY)] == [
        entered.id
    ]
    assert [one.reservation.id for one in queries.waiting_requests(session, [sample_ring.hall], MONDAY)] == [entered.id]
    assert queries.waiting_requests(session, [], MONDAY) == ()
    assert queries.waiting_count(session, None, MONDAY) == 1
    cursor = queries.reservations(session)[0].cursor
    assert queries.reservations(session, after=cursor) == ()
    assert len(queries.reservations(session, member_id=sample_ring.anna, since=MONDAY)) == 1
    (entry,) = queries.feed_reservations(
        session, workshop_id=sample_ring.hall, since=MONDAY, until=hours(MONDAY, 0, 24).end
    )
    assert entry.id == entered.id
    assert schedule_version(session, member_id=sample_ring.anna) == 1
    assert queries.neighbours(session, [queries.reservation(session, entered.id)]) == {}
    assert len(queries.todays_machines(session, None, MONDAY, hours(MONDAY, 0, 24).end)) == 1


def test_the_board_follows_each_change_of_a_machine_and_keeps_none_that_was_rolled_back(session, sample_ring):
    def shown():
        board = queries.board(session, hours(MONDAY, 0, 24), now=MONDAY)
        (found,) = (row.machine for row in board.rows if row.machine.id == sample_ring.combine)
        session.rollback()
        return found.name, found.places

    def rename(name, *, is_refused=False):
        with write_transaction(session):
            stored = session.get_one(Machine, sample_ring.combine)
            stored.name, stored.revision = name, stored.revision + 1
            session.flush()
            queries.board(session, hours(MONDAY, 0, 24), now=MONDAY)
            if is_refused:
                raise RuntimeError

    places = shown()[1]
    rename("Mower")
    assert shown() == ("Mower", places)
    with pytest.raises(RuntimeError):
        rename("Never", is_refused=True)
    rename("Baler")
    assert shown() == ("Baler", places)


def test_the_ends_of_workshops_are_those_of_all_their_machines(session, sample_ring):
    starts = (models.Reservation.starts_at, [sample_ring.hall])
    assert newest_of_workshops(session, *starts) is None
    spans = [hours(MONDAY, first, first + 1) for first in (50, 30, 70)]
    for machine_id, span in zip((sample_ring.combine, sample_ring.combine, sample_ring.splitter), spans, strict=True):
        reserve(session, machine_id, sample_ring.anna, span, now=MONDAY)
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 80, 81), now=MONDAY)

    assert newest_of_workshops(session, *starts) == spans[2].start
    assert oldest_of_workshops(session, *starts) == spans[1].start
    assert newest_of_workshops(session, starts[0], None) == MONDAY + timedelta(hours=80)


@pytest.mark.postgresql
def test_the_board_follows_a_change_that_is_committed_after_a_later_one(session, sample_ring):
    """PostgreSQL gives events their numbers before they are committed."""
    if db.engine.name == "sqlite":
        return  # one writer at a time: ids are committed in their order

    def kinds():
        board = queries.board(session, hours(MONDAY, 0, 24), now=MONDAY)
        session.rollback()
        return {row.machine.induction_kind for row in board.rows} - {""}

    kind_id = session.scalars(select(models.InductionKind.id)).one()
    with Session(db.engine) as slow, write_transaction(slow):
        change_kind(slow, kind_id, KindInput("Cutter"), by=SOMEBODY, now=MONDAY)
        with write_transaction(session):
            records.note(session, "announcement", 1, "withdrawn", SOMEBODY, MONDAY)
        assert kinds() == {"Laser"}

    assert kinds() == {"Cutter"}
