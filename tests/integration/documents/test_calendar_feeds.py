"""Subscriptions against a real database: what changes a file, what does not, and whom it serves."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from sqlalchemy import event, select, update

from app.auth.models import User
from app.extensions import db
from app.pages.feeds.fast_path import open_feed
from app.wording.calendar import labels_of
from booking import queries
from booking.addresses import Address
from booking.closures import blockings
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.models import Member, Reservation
from booking.queries import FeedClosure
from booking.records import workshops
from booking.records.workshops import WorkshopInput
from booking.reservations import decisions, reservations
from booking.timespan import TimeSpan
from calendars import feeds, tokens
from calendars.entries import EntryRenderer
from calendars.errors import FeedNotFound, NotForFeeds, TooManyFeeds
from calendars.feed_cache import FeedCache
from calendars.models import Feed
from tests.builders import SOMEBODY, hours, reserve
from tests.conftest import MONDAY

BASE_URL = "https://ring.example"
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def subscribe(session, sample_ring):
    """subscribe(wish, login) -> the secret."""

    def make(wish: tokens.FeedWish | None = None, user_id: int | None = None) -> str:
        wish = wish or tokens.FeedWish("full", member_id=sample_ring.anna)
        with write_transaction(session):
            return tokens.create(session, user_id or sample_ring.anna_login, wish, by=SOMEBODY, now=MONDAY).secret

    return make


@pytest.fixture
def fetch(session):
    """fetch(secret) -> the document, or None; each time as a process that keeps nothing, unless given a shelf."""

    def get(secret: str, now: datetime = MONDAY, cache: FeedCache | None = None):
        feed = open_feed(session, secret, now, ZoneInfo("Europe/Berlin"))
        if feed is None:
            return None
        return feeds.document(session, feed, cache or FeedCache(), labels_of, BASE_URL, now=now)

    return get


def events_of(document) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(document.body).walk("VEVENT")


@contextmanager
def counted():
    """The statements that reach the database, transactions apart."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_member_sees_the_whole_of_an_own_reservation(session, sample_ring, subscribe, fetch):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)

    (found,) = events_of(fetch(subscribe()))

    assert (found["UID"], found["SEQUENCE"], found["STATUS"]) == (entered.uid, 0, "CONFIRMED")
    assert (found.start, found.end) == (MONDAY + timedelta(hours=24), MONDAY + timedelta(hours=28))
    assert found["DTSTART"].params["TZID"] == "Europe/Berlin"
    assert (found["SUMMARY"], found["LOCATION"]) == ("Combine", "Maschinenhalle")
    assert found["URL"] == f"{BASE_URL}/reservations/{entered.id}"


def test_a_move_keeps_the_uid_and_counts_the_sequence(session, sample_ring, subscribe, fetch):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    secret = subscribe()
    before = fetch(secret)
    with write_transaction(session):
        reservations.move(session, entered.id, hours(MONDAY, 48, 52), by=SOMEBODY, now=LATER)

    after = fetch(secret, LATER)

    (found,) = events_of(after)
    assert (found["UID"], found["SEQUENCE"], found["DTSTAMP"].dt) == (entered.uid, 1, LATER)
    assert after.etag != before.etag
    assert after.last_modified == LATER


def test_a_request_is_tentative_in_status_and_title(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)

    (found,) = events_of(fetch(subscribe()))

    assert (found["STATUS"], found["SUMMARY"]) == ("TENTATIVE", "Splitter (requested)")


def test_a_cancelled_reservation_stays_for_ninety_days(session, sample_ring, subscribe, fetch):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24 * 200, 24 * 200 + 4), now=MONDAY)
    secret = subscribe()
    with write_transaction(session):
        reservations.cancel(session, entered.id, by=SOMEBODY, now=LATER)

    (found,) = events_of(fetch(secret, LATER))
    assert (found["STATUS"], found["TRANSP"], found["SEQUENCE"]) == ("CANCELLED", "TRANSPARENT", 1)
    assert len(events_of(fetch(secret, LATER + timedelta(days=90)))) == 1
    assert events_of(fetch(secret, LATER + timedelta(days=125))) == []


def test_what_is_long_past_is_left_out(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    secret = subscribe()

    assert len(events_of(fetch(secret, MONDAY + timedelta(days=90)))) == 1
    assert events_of(fetch(secret, MONDAY + timedelta(days=130))) == []


def test_the_file_has_the_same_bytes_within_a_month(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    secret = subscribe()
    first = fetch(secret, datetime(2026, 12, 1, tzinfo=UTC))

    again = fetch(secret, datetime(2026, 12, 29, tzinfo=UTC))

    assert (again.body, again.gzipped, again.etag, again.last_modified) == (
        first.body,
        first.gzipped,
        first.etag,
        first.last_modified,
    )


def test_cached_and_freshly_rendered_files_are_equal(session, sample_ring, subscribe, fetch):
    entered = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY)
        for start in range(24, 60, 3)
    ]
    secret, cache = subscribe(), FeedCache()
    fetch(secret, cache=cache)
    with write_transaction(session):
        reservations.move(session, entered[3].id, hours(MONDAY, 100, 102), by=SOMEBODY, now=LATER)
        reservations.cancel(session, entered[5].id, by=SOMEBODY, now=LATER)

    kept, fresh = fetch(secret, LATER, cache), fetch(secret, LATER)

    assert (kept.body, kept.etag, kept.last_modified) == (fresh.body, fresh.etag, fresh.last_modified)


def test_one_changed_entry_is_put_into_the_kept_file(session, sample_ring, subscribe, fetch, monkeypatch):
    entered = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY)
        for start in (24, 30, 36)
    ]
    secret, cache = subscribe(), FeedCache()
    fetch(secret, cache=cache)
    with write_transaction(session):
        reservations.cancel(session, entered[1].id, by=SOMEBODY, now=LATER)
    new = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 42, 44), now=LATER)
    monkeypatch.setattr(queries, "feed_marks", None)  # the whole feed is not looked through
    monkeypatch.setattr(queries, "feed_reservations", None)

    document = fetch(secret, LATER, cache)
    monkeypatch.undo()

    assert [(str(one["UID"]), one["SEQUENCE"]) for one in events_of(document)] == [
        (entered[0].uid, 0),
        (entered[1].uid, 1),
        (entered[2].uid, 0),
        (new.uid, 0),
    ]
    assert document.body == fetch(secret, LATER).body


def test_a_change_under_a_clock_that_was_put_back_is_not_missed(session, sample_ring, subscribe, fetch):
    entered = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 1), now=MONDAY)
        for start in range(24, 64, 2)
    ]
    secret, cache = subscribe(), FeedCache()
    fetch(secret, cache=cache)
    long_before = MONDAY - timedelta(days=1)
    with write_transaction(session):
        reservations.cancel(session, entered[0].id, by=SOMEBODY, now=long_before)

    document = fetch(secret, LATER, cache)

    assert b"STATUS:CANCELLED" in document.body
    assert document.body == fetch(secret, LATER).body


def test_a_new_name_beside_a_change_reaches_every_entry(session, sample_ring, subscribe, fetch):
    entered = [
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 1), now=MONDAY)
        for start in range(24, 64, 2)
    ]
    secret, cache = subscribe(), FeedCache()
    fetch(secret, cache=cache)
    with write_transaction(session):
        facts = MachineInput(slug="combine", name="Big combine", charge_unit="ha")
        machines.change_machine(session, sample_ring.combine, facts, places=1, by=SOMEBODY, now=LATER)
        # As a verb would do that forgets to count the version: the sum fits, the names do not.
        session.execute(update(Reservation).where(Reservation.id == entered[0].id).values(revision=1, changed_at=LATER))

    document = fetch(secret, LATER, cache)

    assert {str(one["SUMMARY"]) for one in events_of(document)} == {"Big combine"}
    assert document.body == fetch(secret, LATER).body


def test_an_unchanged_file_costs_one_statement(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    secret, cache = subscribe(), FeedCache()
    fetch(secret, cache=cache)

    with counted() as statements:
        fetch(secret, cache=cache)

    assert len(statements) == 1


def test_the_number_of_statements_does_not_grow_with_the_feed(session, sample_ring, subscribe, fetch):
    secret, counts = subscribe(), []
    for start in (24, 30, 36, 42, 48):
        reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, start, start + 2), now=MONDAY)
        with counted() as statements:
            fetch(secret)
        counts.append(len(statements))

    assert set(counts) == {counts[0]}


def test_a_renamed_machine_changes_every_file_that_names_it(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    mine, machine = subscribe(), subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine))
    cache = FeedCache()
    before = {secret: fetch(secret, cache=cache).etag for secret in (mine, machine)}
    with write_transaction(session):
        facts = MachineInput(slug="combine", name="Big combine", charge_unit="ha")
        machines.change_machine(session, sample_ring.combine, facts, places=1, by=SOMEBODY, now=LATER)

    after = fetch(mine, LATER, cache)

    assert events_of(after)[0]["SUMMARY"] == "Big combine"
    assert after.etag != before[mine]
    assert after.last_modified == LATER
    assert fetch(machine, LATER, cache).etag != before[machine]


def test_a_changed_place_changes_every_file_of_its_machines(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    secret, cache = subscribe(), FeedCache()
    before = fetch(secret, cache=cache)
    with write_transaction(session):
        facts = WorkshopInput(
            slug="hall",
            name="New hall",
            address=Address("", "Dorfstraße 1", "82418", "Murnau"),
            timezone="Europe/Athens",
        )
        workshops.change_workshop(session, sample_ring.hall, facts, [(0, 0, 1440)], by=SOMEBODY, now=LATER)

    after = fetch(secret, LATER, cache)

    (found,) = events_of(after)
    assert after.etag != before.etag
    assert found["LOCATION"] == "New hall, Dorfstraße 1, 82418 Murnau"
    assert found["DTSTART"].params["TZID"] == "Europe/Athens"
    assert found.start == MONDAY + timedelta(hours=24)


def test_a_machine_feed_shows_others_as_busy(session, sample_ring, subscribe, fetch):
    entered = reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 28), now=MONDAY)
    with write_transaction(session):
        session.execute(
            update(Reservation).where(Reservation.id == entered.id).values(purpose="Secret plans", revision=1)
        )

    document = fetch(subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine)))

    (found,) = events_of(document)
    assert (found["SUMMARY"], found["TRANSP"]) == ("busy", "OPAQUE")
    for secret in (b"Bernd", b"Secret plans", b"/reservations/", b"Maschinenhalle"):
        assert secret not in document.body


def test_a_machine_feed_shows_closures_without_their_reason(session, sample_ring, subscribe, fetch):
    secret = subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine))
    with write_transaction(session):
        blockings.close(session, sample_ring.combine, TimeSpan(MONDAY, LATER), "Gearbox", by=SOMEBODY, now=MONDAY)

    (found,) = events_of(fetch(secret))

    assert (found["SUMMARY"], found["STATUS"]) == ("closed", "CONFIRMED")
    assert b"Gearbox" not in fetch(secret).body


def test_a_changed_closure_counts_as_a_change_of_the_file(session, sample_ring, subscribe, fetch):
    secret = subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine))
    with write_transaction(session):
        closure_id = blockings.close(session, sample_ring.combine, hours(MONDAY, 24, 48), "", by=SOMEBODY, now=MONDAY)
    (before,) = events_of(fetch(secret))
    with write_transaction(session):
        blockings.change(session, closure_id, hours(MONDAY, 24, 72), "", by=SOMEBODY, now=LATER)

    document = fetch(secret, LATER)

    (after,) = events_of(document)
    assert (after["UID"], after["SEQUENCE"]) == (before["UID"], 1)
    assert after["DTSTAMP"].dt == after["LAST-MODIFIED"].dt == LATER
    assert document.last_modified == LATER


def test_a_lifted_closure_stays_as_cancelled(session, sample_ring, subscribe, fetch):
    secret = subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine))
    with write_transaction(session):
        closure_id = blockings.close(session, sample_ring.combine, hours(MONDAY, 24, 48), "", by=SOMEBODY, now=MONDAY)
    with write_transaction(session):
        blockings.lift(session, closure_id, by=SOMEBODY, now=LATER)

    (found,) = events_of(fetch(secret, LATER))

    assert (found["STATUS"], found["TRANSP"], found["SUMMARY"]) == ("CANCELLED", "TRANSPARENT", "free again")
    assert found["DTSTAMP"].dt == LATER


def test_while_a_move_waits_the_confirmed_time_stays_and_the_new_one_is_tentative(
    session, sample_ring, subscribe, fetch
):
    asked = reserve(session, sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 53), now=MONDAY)
    with write_transaction(session):
        decisions.approve(session, asked.id, by=SOMEBODY, now=MONDAY)
        reservations.move(session, asked.id, hours(MONDAY, 74, 75), by=SOMEBODY, now=MONDAY)

    def times(secret):
        return [(str(one["UID"]), str(one["STATUS"]), one["DTSTART"].dt) for one in events_of(fetch(secret))]

    former, wished = hours(MONDAY, 50, 53).start, hours(MONDAY, 74, 75).start
    both = [(asked.uid, "CONFIRMED", former), (f"move-{asked.uid}", "TENTATIVE", wished)]
    mine, busy = subscribe(), subscribe(tokens.FeedWish("busy", machine_id=sample_ring.splitter))
    assert times(mine) == times(busy) == both

    with write_transaction(session):
        decisions.reject(session, asked.id, "No", by=SOMEBODY, now=MONDAY)
    assert times(mine) == times(busy) == [(asked.uid, "CONFIRMED", former)]


def test_closures_of_two_rings_have_two_uids(app):
    """Each ring counts its closures from 1; a calendar program may hold the feeds of both."""
    first = FeedClosure(1, 0, MONDAY, LATER, MONDAY, MONDAY, None, "Europe/Berlin")
    other = first._replace(created_at=LATER)
    renderer = EntryRenderer("busy", labels_of("en"), BASE_URL)

    uids = [icalendar.Event.from_ical(renderer.closure(row))["UID"] for row in (first, other)]

    assert uids[0] != uids[1]


def test_a_workshop_feed_holds_its_machines_and_no_others(session, sample_ring, subscribe, fetch):
    secret = subscribe(tokens.FeedWish("busy", workshop_id=sample_ring.hall))
    before = fetch(secret).etag
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 28), now=MONDAY)
    reserve(session, sample_ring.cold_store, sample_ring.anna, hours(MONDAY, 24, 28), now=MONDAY)
    reserve(session, sample_ring.laser, sample_ring.anna, hours(MONDAY, 25, 27), now=MONDAY)

    document = fetch(secret)

    assert [str(one["SUMMARY"]) for one in events_of(document)] == ["busy", "busy"]
    assert document.etag != before


def test_nobody_sees_the_reservations_of_another(session, sample_ring, subscribe, fetch):
    reserve(session, sample_ring.combine, sample_ring.bernd, hours(MONDAY, 24, 28), now=MONDAY)

    assert events_of(fetch(subscribe())) == []


def test_an_empty_feed_is_still_a_calendar_that_holds_something(subscribe, fetch):
    calendar = icalendar.Calendar.from_ical(fetch(subscribe()).body)

    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]


def test_the_secret_is_stored_hashed(session, subscribe):
    secret = subscribe()

    stored = session.scalars(select(Feed.token_hash)).one()

    assert stored != secret
    assert stored == tokens.hash_of(secret)


def test_a_revoked_address_opens_nothing(session, subscribe, fetch):
    secret = subscribe()
    feed_id = session.scalars(select(Feed.id)).one()
    with write_transaction(session):
        tokens.revoke(session, feed_id, by=SOMEBODY, now=LATER)

    assert fetch(secret) is None
    with write_transaction(session), pytest.raises(FeedNotFound):
        tokens.revoke(session, feed_id, by=SOMEBODY, now=LATER)


def test_a_renewed_address_replaces_the_old_one(session, subscribe, fetch):
    old = subscribe()
    feed_id = session.scalars(select(Feed.id)).one()
    with write_transaction(session):
        new = tokens.renew(session, feed_id, by=SOMEBODY, now=LATER).secret

    assert fetch(old) is None
    assert fetch(new) is not None


@pytest.mark.parametrize("wish", [{"member_id": True}, {"machine_id": True}])
def test_every_feed_ends_with_its_login(session, sample_ring, subscribe, fetch, wish):
    wishes = {"member_id": sample_ring.anna, "machine_id": sample_ring.combine}
    secret = subscribe(tokens.FeedWish("busy", **{name: wishes[name] for name in wish}))
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(disabled_at=MONDAY))

    assert fetch(secret) is None


def test_every_feed_ends_with_the_last_day_of_the_membership(session, sample_ring, subscribe, fetch):
    mine, machine = subscribe(), subscribe(tokens.FeedWish("busy", machine_id=sample_ring.combine))
    with write_transaction(session):
        session.execute(update(Member).where(Member.id == sample_ring.anna).values(left_on=date(2026, 11, 23)))

    assert fetch(mine, datetime(2026, 11, 23, 22, 59, tzinfo=UTC)) is not None
    assert fetch(mine, datetime(2026, 11, 23, 23, 1, tzinfo=UTC)) is None
    assert fetch(machine, datetime(2026, 11, 23, 23, 1, tzinfo=UTC)) is None


def test_a_login_that_acts_for_another_member_now_sees_neither(session, sample_ring, subscribe, fetch):
    secret = subscribe()
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(member_id=sample_ring.bernd))

    assert fetch(secret) is None


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "ä" * 43, "x" * 10_000, "' OR 1=1 --" * 4])
def test_an_unknown_token_finds_no_feed(sample_ring, fetch, secret):
    assert fetch(secret) is None


def test_machines_are_never_shown_in_full(subscribe, sample_ring):
    with pytest.raises(NotForFeeds):
        subscribe(tokens.FeedWish("full", machine_id=sample_ring.combine))


def test_a_subscription_is_about_exactly_one_thing(subscribe, sample_ring):
    for ids in ({}, {"member_id": sample_ring.anna, "machine_id": sample_ring.combine}):
        with pytest.raises(NotForFeeds):
            subscribe(tokens.FeedWish("busy", **ids))


def test_a_login_may_not_hold_any_number_of_subscriptions(subscribe):
    for _ in range(tokens.FEEDS_MAX):
        subscribe()

    with pytest.raises(TooManyFeeds):
        subscribe()


def test_changes_of_a_subscription_are_in_the_event_log(session, sample_ring, subscribe):
    from booking.kernel.events import RecordedEvent

    subscribe()
    with write_transaction(session):
        tokens.renew(
            session, session.scalars(select(Feed.id)).one(), by=Actor(user_id=sample_ring.anna_login), now=LATER
        )

    recorded = session.scalars(select(RecordedEvent).where(RecordedEvent.type == "record_changed")).all()
    assert [(one.facts["table"], one.facts["what"]) for one in recorded] == [("feed", "entered"), ("feed", "address")]


def test_a_reservation_over_the_autumn_change_keeps_its_instants(session, sample_ring, subscribe, fetch):
    start = datetime(2027, 10, 30, 21, 0, tzinfo=UTC)
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(start, 0, 9), now=MONDAY)
    secret = subscribe()

    (found,) = events_of(fetch(secret))

    assert found["UID"] == entered.uid
    assert (found.start.astimezone(UTC), found.end.astimezone(UTC)) == (start, start + timedelta(hours=9))
