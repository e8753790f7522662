"""Reminders of reservations by mail, their link "I do not need it", and the digest of managers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app import subscriptions
from app.auth import accounts, security_log
from app.auth.models import User
from app.mail.models import Mail
from app.notifications import choices, composing
from app.notifications.choices import Owner
from app.notifications.models import CancelLink
from app.worker import jobs
from booking.kernel import deliveries
from booking.kernel.events import Actor, RecordedEvent
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Member, Reservation, Status
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement
from tests import builders
from tests.builders import SOMEBODY, mail_text
from tests.conftest import MONDAY

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY_NINE = datetime(2026, 11, 24, 9, 0, tzinfo=BERLIN).astimezone(UTC)
EVENING = datetime(2026, 11, 23, 18, 0, tzinfo=BERLIN).astimezone(UTC)


def at(*wall):
    return datetime(*wall, tzinfo=BERLIN).astimezone(UTC)


def reserve(session, machine_id, member_id, start, *, hours=2, now=MONDAY, by=SOMEBODY):
    with write_transaction(session):
        wish = Wish(machine_id, member_id, TimeSpan(start, start + timedelta(hours=hours)))
        return reservations.request_reservation(session, wish, by=by, now=now).id


def run(session, clock, instant, job=jobs.remind_in_the_evening):
    """What a job queued at an instant, as (template, address)."""
    clock.instant = instant
    before = set(session.scalars(select(Mail.id)))
    session.rollback()
    job(session)
    session.rollback()
    found = session.scalars(select(Mail).where(Mail.id.not_in(before)).order_by(Mail.id)).all()
    return [(mail.key.split(":")[1], mail.to_address) for mail in found]


def deliver(session, *, now):
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=now)):
            pass


@pytest.fixture
def reservation(session, sample_ring, clock):
    """Anna has the combine on Tuesday at nine; the mails about it are out of the way."""
    found = reserve(session, sample_ring.combine, sample_ring.anna, TUESDAY_NINE)
    deliver(session, now=MONDAY)
    return found


@pytest.fixture
def reader(client):
    """A browser in English, without a log-in."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


REMINDED = [("reminder", "anna@ring.example")]


def reminder_of(session):
    return session.scalars(select(Mail).where(Mail.key.contains(":reminder:")).order_by(Mail.id.desc())).first()


def link_of(session):
    return re.search(r"http://127.0.0.1:8000(/not-needed/\S+)", mail_text(reminder_of(session)))[1]


def test_a_reminder_comes_once_at_six_the_evening_before(session, reservation, clock):
    assert run(session, clock, EVENING - timedelta(seconds=1)) == []
    assert run(session, clock, EVENING) == REMINDED
    assert run(session, clock, EVENING + timedelta(minutes=1)) == []
    assert run(session, clock, EVENING + timedelta(hours=13)) == []

    text = mail_text(reminder_of(session))
    assert reminder_of(session).subject == "Reminder: Combine, Tue 24 November, 9:00 to 11:00"
    assert "Until Tue 24 November" in text or "Until Mon 23 November" in text or "cancelled late" in text


def test_a_reminder_that_cannot_be_composed_stops_no_other_and_is_shown_among_the_failed(
    app, session, sample_ring, reservation, clock, log_in, monkeypatch
):
    """Bernd has both the first and the last reservation of the day, Anna's two are in between."""
    for who, hour in ((sample_ring.bernd, 7), (sample_ring.anna, 11), (sample_ring.bernd, 14)):
        reserve(session, sample_ring.combine, who, at(2026, 11, 24, hour))
    deliver(session, now=MONDAY)
    compose = composing.compose

    def fail_for_bernd(notification, to, ring, **more):
        return 1 / 0 if to.name == "Bernd" else compose(notification, to, ring, **more)

    monkeypatch.setattr(composing, "compose", fail_for_bernd)

    written = run(session, clock, EVENING)
    assert sorted(written) == [("reminder", f"{name}@ring.example") for name in ("anna", "anna", "bernd", "bernd")]
    failed = session.scalars(select(Mail).where(Mail.given_up_at.is_not(None))).all()
    assert {(mail.to_name, mail.body, mail.last_error) for mail in failed} == {
        ("Bernd", "", "could not be written: ZeroDivisionError: division by zero")
    }
    rita = log_in(sample_ring.rita_login)
    assert "ZeroDivisionError" in rita.get("/admin/mails").text
    rita.post("/admin/mails/retry")
    session.expire_all()
    assert {mail.given_up_at for mail in failed} == {EVENING}  # there is nothing to send
    assert run(session, clock, EVENING + timedelta(hours=2)) == []


def test_only_confirmed_reservations_of_the_next_day_are_reminded_of(session, sample_ring, clock):
    last_minute = at(2026, 11, 24, 23, 30)
    others = {
        "today": at(2026, 11, 23, 20, 0),
        "midnight after": at(2026, 11, 25, 0, 0),
    }
    for start in others.values():
        reserve(session, sample_ring.cold_store, sample_ring.anna, start, hours=1)
    reserve(session, sample_ring.splitter, sample_ring.bernd, at(2026, 11, 24, 8, 0))  # waits for a decision
    cancelled = reserve(session, sample_ring.combine, sample_ring.bernd, at(2026, 11, 24, 8, 0))
    with write_transaction(session):
        reservations.cancel(session, cancelled, by=SOMEBODY, now=MONDAY)
    first = reserve(session, sample_ring.combine, sample_ring.anna, at(2026, 11, 24, 0, 0), hours=1)
    last = reserve(session, sample_ring.combine, sample_ring.anna, last_minute, hours=1)

    assert run(session, clock, EVENING) == REMINDED * 2
    assert set(session.scalars(select(CancelLink.reservation_id))) == {first, last}


@pytest.mark.parametrize(
    ("day", "evening"),
    [((2027, 3, 28), at(2027, 3, 27, 18, 0)), ((2026, 10, 25), at(2026, 10, 24, 18, 0))],
)
def test_a_day_with_a_clock_change_is_a_day(session, sample_ring, clock, day, evening):
    """23 hours in spring, 25 in autumn: the first and the last half-hour belong to it, and their neighbours do not."""
    made = evening - timedelta(days=10)
    after = datetime(*day, tzinfo=BERLIN) + timedelta(days=1)
    inside = [at(*day, 0, 0), at(*day, 23, 30)]
    outside = [at(*day, 0, 0) - timedelta(minutes=30), after.astimezone(UTC)]
    for start in (*inside, *outside):
        reserve(session, sample_ring.cold_store, sample_ring.anna, start, hours=0.5, now=made)

    assert run(session, clock, evening) == REMINDED * 2
    assert run(session, clock, evening + timedelta(hours=25)) == REMINDED  # the day after: the neighbour


def test_a_run_that_is_made_up_late_leaves_out_what_has_begun(session, sample_ring, reservation, clock):
    reserve(session, sample_ring.cold_store, sample_ring.bernd, at(2026, 11, 24, 15, 0), hours=1)

    assert run(session, clock, at(2026, 11, 24, 9, 30)) == [("reminder", "bernd@ring.example")]


def test_a_moved_reservation_is_reminded_of_again(session, reservation, clock):
    run(session, clock, EVENING)
    later = TUESDAY_NINE + timedelta(days=1)
    with write_transaction(session):
        span = TimeSpan(later, later + timedelta(hours=2))
        reservations.move(session, reservation, span, by=SOMEBODY, now=clock())

    assert run(session, clock, EVENING + timedelta(days=1)) == REMINDED


def test_while_a_move_waits_the_confirmed_time_is_reminded_of(reader, session, sample_ring, clock):
    """The splitter needs approval; approved without its member's wish, then moved by the member."""
    reserved = reserve(session, sample_ring.splitter, sample_ring.anna, TUESDAY_NINE)
    with write_transaction(session):
        decisions.approve(session, reserved, by=Actor(user_id=sample_ring.wanda_login), now=MONDAY)
    later = TUESDAY_NINE + timedelta(days=2)
    with write_transaction(session):
        span = TimeSpan(later, later + timedelta(hours=2))
        reservations.move(session, reserved, span, by=Actor(user_id=sample_ring.anna_login), now=MONDAY)

    assert run(session, clock, EVENING) == REMINDED
    text = mail_text(reminder_of(session))
    assert "Tue 24 November, 9:00 to 11:00" in reminder_of(session).subject
    assert "You asked for another time: Thu 26 November, 9:00 to 11:00." in text
    assert run(session, clock, EVENING + timedelta(days=2)) == []  # nobody has confirmed it
    clock.instant = TUESDAY_NINE
    assert reader.get(link_of(session)).status_code == 404  # the confirmed time has begun


def test_a_reminder_that_was_not_sent_is_withdrawn_with_the_reservation(session, reservation, clock):
    run(session, clock, EVENING)
    with write_transaction(session):
        reservations.cancel(session, reservation, by=SOMEBODY, now=clock())
    deliver(session, now=clock())

    assert reminder_of(session) is None


def test_who_wants_no_reminders_gets_none(session, sample_ring, reservation, clock):
    with write_transaction(session):
        choices.choose(session, {"reminders": False}, owner=Owner(sample_ring.anna_login), now=MONDAY)

    assert run(session, clock, EVENING) == []


def test_the_link_shows_a_button_and_cancels_only_by_it(app, reader, session, sample_ring, reservation, clock):
    run(session, clock, EVENING)
    address = link_of(session)

    for _scanner in range(3):
        assert reader.get(address).status_code == 200
        assert reader.head(address).status_code == 200
    session.rollback()
    assert session.get(Reservation, reservation).status == Status.CONFIRMED
    page = reader.get(address).text
    assert "Combine" in page
    assert page.split("<main")[1].split("</main>")[0].count("<button") == 1

    assert reader.post(address, data={"revision": "0"}).status_code == 303
    session.expire_all()
    assert session.get(Reservation, reservation).status == Status.CANCELLED
    event = session.scalars(select(RecordedEvent).order_by(RecordedEvent.id.desc())).first()
    assert (event.type, event.actor_user_id) == ("reservation_cancelled", sample_ring.anna_login)
    assert (reader.get(address).status_code, reader.post(address).status_code) == (404, 404)
    assert "/not-needed" not in str(session.scalars(select(CancelLink.token_hash)).all())


def test_the_link_obeys_the_rule_of_late_cancelling(reader, session, sample_ring, clock):
    with write_transaction(session):
        session.get_one(Machine, sample_ring.combine).late_cancel_hours = 24
    reservation = reserve(session, sample_ring.combine, sample_ring.anna, TUESDAY_NINE, now=MONDAY - timedelta(days=5))
    run(session, clock, EVENING)

    assert "noted as cancelled late" in reader.get(link_of(session)).text
    reader.post(link_of(session), data={"revision": "0"})
    session.rollback()
    assert session.get(Reservation, reservation).is_late_cancel is True


def test_a_page_that_is_out_of_date_cancels_nothing(reader, session, reservation, clock):
    run(session, clock, EVENING)
    with write_transaction(session):
        later = TUESDAY_NINE + timedelta(hours=1)
        reservations.move(session, reservation, TimeSpan(later, later + timedelta(hours=2)), by=SOMEBODY, now=clock())

    answer = reader.post(link_of(session), data={"revision": "0"})

    assert (answer.status_code, "10:00 to 12:00" in answer.text) == (409, True)
    session.rollback()
    assert session.get(Reservation, reservation).status == Status.CONFIRMED


def _begun(_session, _sample_ring, clock):
    clock.instant = TUESDAY_NINE


def _disabled(session, sample_ring, clock):
    with write_transaction(session):
        accounts.disable(session, sample_ring.anna_login, by=SOMEBODY, now=clock())


def _left(session, sample_ring, clock):
    with write_transaction(session):
        session.get_one(Member, sample_ring.anna).left_on = clock().date() - timedelta(days=1)


def _of_another_member(session, sample_ring, _clock):
    with write_transaction(session):
        session.execute(update(User).where(User.id == sample_ring.anna_login).values(member_id=sample_ring.bernd))


@pytest.mark.parametrize("ends", [_begun, _disabled, _left, _of_another_member])
def test_the_link_lapses(app, reader, session, sample_ring, reservation, clock, ends):
    run(session, clock, EVENING)
    address = link_of(session)
    ends(session, sample_ring, clock)

    noted = app.extensions[security_log.EXTENSION]._counts
    noted.clear()
    assert reader.get(address).status_code == 404
    assert reader.post(address, data={"revision": "0"}).status_code == 404
    assert noted == {}  # who comes late guesses nothing
    assert reader.get("/not-needed/" + "x" * 43).status_code == 404
    assert [kind for _minute, kind, *_rest in noted] == [security_log.LINK_REFUSED]
    session.rollback()
    assert session.get(Reservation, reservation).status == Status.CONFIRMED


def test_a_member_without_a_login_gives_back_by_its_link_and_the_manager_learns_it(reader, session, sample_ring, clock):
    member_id = builders.member(session, "Otto", email="otto@ring.example")
    reserve(session, sample_ring.combine, member_id, TUESDAY_NINE, by=Actor(user_id=sample_ring.wanda_login))
    assert run(session, clock, EVENING) == [("reminder", "otto@ring.example")]
    reader.post(link_of(session), data={"revision": "0"})
    session.rollback()
    deliver(session, now=clock())

    assert session.scalars(select(RecordedEvent.actor_job).order_by(RecordedEvent.id.desc())).first() == "cancel_link"
    told = session.execute(select(Mail.key, Mail.to_address).where(Mail.key.contains("cancelled"))).all()
    assert {address for _key, address in told} == {"otto@ring.example", "wanda@ring.example"}


def test_the_end_of_a_use_is_told_once_while_the_machine_is_out(session, sample_ring, reservation, clock):
    with write_transaction(session):
        usage.hand_out(session, reservation, Measurement(), by=SOMEBODY, now=TUESDAY_NINE)
    end = TUESDAY_NINE + timedelta(hours=2)

    assert run(session, clock, end - timedelta(seconds=1), jobs.remind_of_ends) == []
    assert run(session, clock, end, jobs.remind_of_ends) == [("use_ends", "anna@ring.example")]
    assert run(session, clock, end + timedelta(minutes=1), jobs.remind_of_ends) == []
    assert run(session, clock, end + timedelta(days=3), jobs.remind_of_ends) == []


def test_what_is_back_or_overdue_for_long_is_no_news(session, sample_ring, reservation, clock):
    with write_transaction(session):
        usage.hand_out(session, reservation, Measurement(), by=SOMEBODY, now=TUESDAY_NINE)
    assert run(session, clock, TUESDAY_NINE + timedelta(hours=5), jobs.remind_of_ends) == []
    with write_transaction(session):
        usage.hand_back(session, reservation, Measurement(amount=100), by=SOMEBODY, now=clock())

    assert run(session, clock, clock(), jobs.remind_of_ends) == []


SIX = at(2026, 11, 24, 6, 0)


def want_digest(session, *user_ids):
    with write_transaction(session):
        for user_id in user_ids:
            choices.choose(session, {"digest": True}, owner=Owner(user_id), now=MONDAY)


def test_the_digest_comes_at_six_to_managers_who_chose_it(session, sample_ring, reservation, clock):
    reserve(session, sample_ring.splitter, sample_ring.bernd, at(2026, 11, 26, 8, 0))
    want_digest(session, sample_ring.wanda_login, sample_ring.karl_login)  # the treasurer manages nothing

    assert run(session, clock, SIX - timedelta(seconds=1), jobs.send_digests) == []
    assert run(session, clock, SIX, jobs.send_digests) == [("digest", "wanda@ring.example")]
    assert run(session, clock, SIX + timedelta(minutes=1), jobs.send_digests) == []
    mail = session.scalars(select(Mail).where(Mail.key.contains(":digest:"))).one()
    assert mail.subject == "Today: 1 request, 1 reservation"
    assert "- Splitter, Bernd: Thu 26 November, 8:00 to 10:00" in mail.body
    assert "- Combine, Anna: Tue 24 November, 9:00 to 11:00" in mail.body
    assert "/mails/" in mail.body


def test_no_digest_without_a_wish_without_anything_or_after_its_day(session, sample_ring, reservation, clock):
    assert run(session, clock, SIX, jobs.send_digests) == []
    want_digest(session, sample_ring.wanda_login)
    assert run(session, clock, SIX + timedelta(days=1), jobs.send_digests) == []  # nothing on Wednesday
    reserve(session, sample_ring.combine, sample_ring.bernd, at(2026, 11, 26, 8, 0), now=clock())
    assert run(session, clock, at(2026, 11, 27, 1, 0), jobs.send_digests) == []  # the worker was down on Thursday


def test_the_digest_names_what_is_overdue(session, sample_ring, reservation, clock):
    with write_transaction(session):
        usage.hand_out(session, reservation, Measurement(), by=SOMEBODY, now=TUESDAY_NINE)
    want_digest(session, sample_ring.wanda_login, sample_ring.rita_login)

    told = run(session, clock, SIX + timedelta(days=1), jobs.send_digests)

    assert told == [("digest", "wanda@ring.example"), ("digest", "rita@ring.example")]
    mail = session.scalars(select(Mail).where(Mail.key.contains(":digest:"))).first()
    assert mail.subject == "Today: 1 overdue"
