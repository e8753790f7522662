"""A reservation moves to another machine and stays itself: both schedules change, the rules are those of reserving."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from sqlalchemy import select

from app.pages.feeds.fast_path import open_feed
from app.wording.calendar import labels_of
from booking import audits, queries
from booking.closures import blockings
from booking.errors.schedule_errors import MachineNotFound, RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Occupancy, Status, Unit
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from booking.reservations import decisions, reservations
from booking.use import usage
from booking.use.usage import Measurement
from calendars import feeds, tokens
from calendars.feed_cache import FeedCache
from tests.builders import SOMEBODY, hours, machine, reserve, schedule_version
from tests.conftest import MONDAY
from tests.integration.schedule.test_offer_races import all_at_once
from tests.ring_check import ring_check

LATER = MONDAY + timedelta(hours=1)
SPAN = hours(MONDAY, 48, 50)


def do(session, verb, *arguments, now=LATER, **options):
    with write_transaction(session):
        return verb(session, *arguments, by=SOMEBODY, now=now, **options)


@pytest.fixture
def twin(session, sample_ring):
    """A second combine, in one group with the first."""
    made = machine(session, sample_ring.hall, "combine-2", name="Combine 2", cleaning_min=30)
    entered = GroupInput("Combines", (RankedMachine(sample_ring.combine), RankedMachine(made)))
    do(session, groups.make, sample_ring.hall, entered)
    return made


@pytest.fixture
def entered(session, sample_ring):
    return reserve(session, sample_ring.combine, sample_ring.anna, SPAN, now=MONDAY)


def machines_held(session, reservation_id):
    held = select(Unit.machine_id).join(Occupancy, Occupancy.unit_id == Unit.id)
    return session.scalars(held.where(Occupancy.hold_id == reservation_id)).all()


def refused(session, reservation_id, machine_id, span=None, **options):
    with pytest.raises(RequestRefused) as broken:
        do(session, reservations.move, reservation_id, span, machine_id=machine_id, **options)
    return [violation.rule for violation in broken.value.violations]


def test_it_stays_itself_and_both_schedules_change(session, sample_ring, twin, entered):
    before = [schedule_version(session, machine_id=one) for one in (sample_ring.combine, twin)]
    uid = queries.reservation(session, entered.id).uid

    do(session, reservations.move, entered.id, None, machine_id=twin)

    view = queries.reservation(session, entered.id)
    assert (view.machine_id, view.span, view.uid, view.revision) == (twin, SPAN, uid, 1)
    assert view.status == Status.CONFIRMED
    assert view.occupied_until == SPAN.end + timedelta(minutes=30)  # the cleaning of the other machine
    assert machines_held(session, entered.id) == [twin]
    after = [schedule_version(session, machine_id=one) for one in (sample_ring.combine, twin)]
    assert after == [version + 1 for version in before]
    facts = session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == "reservation_moved")).one()
    assert (facts["machine_id"], facts["old_machine_id"]) == (twin, sample_ring.combine)
    do(session, reservations.move, entered.id, None, machine_id=twin)  # sent twice
    assert queries.reservation(session, entered.id).revision == 1
    do(session, reservations.move, entered.id, hours(MONDAY, 72, 74), machine_id=sample_ring.combine)
    assert machines_held(session, entered.id) == [sample_ring.combine]
    assert audits.contradictions(session) == ()


def test_every_feed_follows(session, sample_ring, twin, entered):
    """Cached files too: of the member, of both machines, of the workshop."""
    wishes = {
        "mine": tokens.FeedWish("full", member_id=sample_ring.anna),
        "old": tokens.FeedWish("busy", machine_id=sample_ring.combine),
        "new": tokens.FeedWish("busy", machine_id=twin),
        "hall": tokens.FeedWish("busy", workshop_id=sample_ring.hall),
    }
    with write_transaction(session):
        secrets = {
            name: tokens.create(session, sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY).secret
            for name, wish in wishes.items()
        }
    cache = FeedCache()

    def fetch(now):
        found = {}
        for name, secret in secrets.items():
            feed = open_feed(session, secret, now, ZoneInfo("Europe/Berlin"))
            found[name] = feeds.document(session, feed, cache, labels_of, "https://ring.example", now=now)
        return found

    def entries(document):
        return [
            (one["UID"], one["SEQUENCE"], str(one["SUMMARY"]))
            for one in icalendar.Calendar.from_ical(document.body).walk("VEVENT")
        ]

    before = fetch(MONDAY)
    assert entries(before["mine"]) == [(entered.uid, 0, "Combine")]
    do(session, reservations.move, entered.id, None, machine_id=twin)
    after = fetch(LATER + timedelta(minutes=1))

    assert entries(after["mine"]) == [(entered.uid, 1, "Combine 2")]
    assert (len(entries(before["old"])), entries(after["old"])) == (1, [])
    assert (entries(before["new"]), len(entries(after["new"]))) == ([], 1)
    assert len(entries(after["hall"])) == 1
    for name in secrets:
        assert before[name].etag != after[name].etag, name
        assert after[name].last_modified == LATER, name


def test_a_member_stays_in_the_group_and_within_the_rules(session, sample_ring, twin, entered):
    bernd = reserve(session, twin, sample_ring.bernd, hours(MONDAY, 50, 52), now=MONDAY)
    with pytest.raises(SlotTaken):  # the cleaning of the twin reaches into what is taken
        do(session, reservations.move, entered.id, None, machine_id=twin)
    assert machines_held(session, entered.id) == [sample_ring.combine]
    assert refused(session, entered.id, sample_ring.cold_store) == ["not_in_group"]
    assert refused(session, entered.id, twin, hours(MONDAY, -3, -1)) == ["past"]
    do(session, reservations.move, entered.id, None, machine_id=sample_ring.cold_store, may_decide=True)
    assert machines_held(session, entered.id) == [sample_ring.cold_store]
    with pytest.raises(MachineNotFound):
        do(session, reservations.move, bernd.id, None, machine_id=999_999)


def test_approval_of_the_other_machine_and_what_is_out(session, sample_ring, twin, entered):
    splitter = sample_ring.splitter
    group = groups.group_of(session, twin)
    ranked = tuple(RankedMachine(one) for one in (sample_ring.combine, twin, splitter))
    do(session, groups.change, group, machines=ranked)
    assert refused(session, entered.id, splitter) == ["other_needs_approval"]
    do(session, reservations.move, entered.id, None, machine_id=splitter, may_decide=True)
    assert queries.reservation(session, entered.id).status == Status.CONFIRMED

    do(session, reservations.move, entered.id, hours(MONDAY, 48, 51))  # an hour more waits for approval
    assert refused(session, entered.id, twin) == ["move_waits"]
    do(session, reservations.move, entered.id, None, machine_id=twin, may_decide=True)  # settles it
    view = queries.reservation(session, entered.id)
    assert (view.status, view.former, view.span) == (Status.CONFIRMED, None, hours(MONDAY, 48, 51))

    request = reserve(session, splitter, sample_ring.bernd, SPAN, now=MONDAY)
    do(session, reservations.move, request.id, hours(MONDAY, 60, 62), machine_id=twin)
    assert queries.reservation(session, request.id).status == Status.REQUESTED
    do(session, decisions.approve, request.id)
    now = hours(MONDAY, 60, 61).start
    do(session, usage.hand_out, request.id, Measurement(reading=1), now=now)
    rules = refused(session, request.id, sample_ring.combine, now=now + timedelta(minutes=1), may_decide=True)
    assert "in_use" in rules


def test_a_closure_around_reservations_takes_what_the_moved_one_leaves(session, sample_ring, twin, entered):
    do(session, blockings.close, sample_ring.combine, hours(MONDAY, 40, 60), reason="broken", around_reservations=True)

    do(session, reservations.move, entered.id, None, machine_id=twin)

    with pytest.raises(SlotTaken):
        reserve(session, sample_ring.combine, sample_ring.bernd, SPAN, now=LATER)
    assert audits.overlapping_pairs(session) == ()


def test_of_two_that_move_to_one_machine_one_is_served(app, session, sample_ring, twin, entered):
    """Each from another machine, so that both lock two machines, and a request for it at the same moment."""
    third = machine(session, sample_ring.hall, "combine-3")
    other = reserve(session, third, sample_ring.bernd, SPAN, now=MONDAY)
    wish = reservations.Wish(twin, sample_ring.anna, SPAN)

    def moving(reservation_id):
        options = {"machine_id": twin, "may_decide": True, "by": SOMEBODY, "now": LATER}
        return lambda of_session: reservations.move(of_session, reservation_id, None, **options).id

    def requesting(of_session):
        return reservations.request_reservation(of_session, wish, by=SOMEBODY, now=LATER).id

    session.rollback()
    results = all_at_once(app, moving(entered.id), moving(other.id), requesting)

    assert [isinstance(one, int) for one in results].count(True) == 1
    assert {one.code for one in results if isinstance(one, DomainError)} == {"slot_taken"}
    assert ring_check(session) == {}
