"""Whoever got a calendar file in a mail gets the next one when its reservation changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.auth.models import User
from app.imports.machines import stored_input
from app.mail.models import Mail
from app.notifications.models import AttachedEntry
from app.worker.jobs import purge
from booking import queries
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Member, Reservation
from booking.records import workshops
from booking.records.workshops import WorkshopInput
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.rule_changes import rule_changes
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, hours, login, machine, member
from tests.conftest import MONDAY
from tests.integration.mails.test_notifications import deliver, do

ANNA, BERTA, FARM = "anna@ring.example", "berta@ring.example", "hof@moosbauer.example"
PUBLISHED, CANCELLED = ("PUBLISH", "CONFIRMED"), ("CANCEL", "CANCELLED")


@pytest.fixture
def anna(sample_ring):
    return Actor(user_id=sample_ring.anna_login)


@pytest.fixture
def wanda(sample_ring):
    return Actor(user_id=sample_ring.wanda_login)


@pytest.fixture
def confirmed(session, sample_ring, anna):
    """Anna's reservation of the combine; her file is sent."""
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    assert files(session) == {ANNA: (*PUBLISHED, 0)}
    return entered.id


@pytest.fixture
def approved(session, sample_ring, anna, wanda):
    """Anna's approved reservation of the splitter, which needs an approval for every change."""
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 52))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    do(session, decisions.approve, entered.id, by=wanda)
    assert files(session) == {ANNA: (*PUBLISHED, 1)}
    return entered.id


def files(session, *, now=MONDAY):
    """Address -> METHOD, STATUS and SEQUENCE of the files mailed since the last look."""
    deliver(session, now=now)
    found = {}
    with write_transaction(session):
        for mail in session.scalars(select(Mail).where(Mail.sent_at.is_(None)).order_by(Mail.id)):
            if mail.calendar:
                assert mail.to_address not in found
                found[mail.to_address] = entry(mail.calendar)
            mail.sent_at = MONDAY
    return found


def entry(calendar):
    lines = dict(line.partition(":")[::2] for line in calendar.splitlines())
    return lines["METHOD"], lines["STATUS"], int(lines["SEQUENCE"])


def newest(session, template):
    return session.scalars(select(Mail).where(Mail.key.contains(f":{template}:")).order_by(Mail.id.desc())).first()


def test_the_own_move_and_the_own_cancellation_put_the_file_right(session, confirmed, anna):
    do(session, reservations.move, confirmed, hours(MONDAY, 60, 61), by=anna)
    assert files(session) == {ANNA: (*PUBLISHED, 1)}
    assert "Open the attachment to bring your calendar up to date." in newest(session, "moved").body

    do(session, reservations.cancel, confirmed, by=anna)
    assert files(session) == {ANNA: (*CANCELLED, 2)}


@pytest.mark.of_sqlite
def test_a_move_to_where_it_is_already_writes_to_nobody(session, confirmed, approved, anna):
    for reservation_id in (confirmed, approved):
        before = session.get_one(Reservation, reservation_id)
        revision, span, places = before.revision, TimeSpan(before.starts_at, before.ends_at), before.places
        session.rollback()
        again = do(session, reservations.move, reservation_id, span, by=anna, places=places)
        assert (again.revision, again.status) == (revision, "confirmed")
    deliver(session)
    assert files(session) == {}
    assert newest(session, "moved_manager") is None


def test_every_login_of_the_member_gets_the_next_file_once(session, sample_ring, anna, wanda):
    login(session, "Berta", now=MONDAY, member_id=sample_ring.anna)
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    assert files(session).keys() == {ANNA, BERTA}

    do(session, reservations.move, entered.id, hours(MONDAY, 60, 61), by=anna)
    assert files(session) == {ANNA: (*PUBLISHED, 1), BERTA: (*PUBLISHED, 1)}
    do(session, reservations.cancel, entered.id, by=wanda)
    assert files(session) == {ANNA: (*CANCELLED, 2), BERTA: (*CANCELLED, 2)}


@pytest.mark.of_sqlite
def test_while_a_move_waits_for_a_decision_the_file_has_the_time_that_is_confirmed(session, approved, anna):
    do(session, reservations.move, approved, hours(MONDAY, 60, 63), by=anna)

    assert files(session) == {ANNA: (*PUBLISHED, 2)}
    calendar = newest(session, "requested").calendar
    assert "DTSTART;TZID=Europe/Berlin:20261125T100000" in calendar
    assert calendar.count("BEGIN:VEVENT") == 1


def put_to_expiry(session, reservation_id, by):
    do(session, decisions.expire, reservation_id, by=SOMEBODY, now=MONDAY + timedelta(hours=49))


def decline(session, reservation_id, by):
    do(session, decisions.reject, reservation_id, "The splitter is booked for the school.", by=by)


@pytest.mark.of_sqlite
@pytest.mark.parametrize(("end", "template"), [(decline, "declined"), (put_to_expiry, "expired")])
def test_a_move_that_is_declined_or_expires_brings_back_the_former_time(session, approved, anna, wanda, end, template):
    do(session, reservations.move, approved, hours(MONDAY, 60, 63), by=anna)
    files(session)
    end(session, approved, wanda)

    assert files(session, now=MONDAY + timedelta(hours=49)) == {ANNA: (*PUBLISHED, 3)}
    mail = newest(session, template)
    assert "DTSTART;TZID=Europe/Berlin:20261125T100000" in mail.calendar
    assert "Wed 25 November, 20:00 to 23:00" in mail.subject, "the time that was not granted"
    assert "on the change to" in mail.body or "The change to Wed 25 November, 20:00 to 23:00" in mail.body
    assert "Your reservation stays as it was:" in mail.body
    assert "Time: Wed 25 November, 10:00 to 12:00" in mail.body
    assert "The time is free again" not in mail.body


@pytest.mark.of_sqlite
def test_a_move_that_is_withdrawn_brings_back_the_former_time(session, approved, anna):
    do(session, reservations.move, approved, hours(MONDAY, 60, 63), by=anna)
    files(session)
    do(session, reservations.withdraw_move, approved, by=anna)

    assert files(session) == {ANNA: (*PUBLISHED, 3)}
    assert "DTSTART;TZID=Europe/Berlin:20261125T100000" in newest(session, "moved").calendar


@pytest.mark.of_sqlite
def test_a_no_show_and_taking_it_back_put_the_file_right(session, confirmed, wanda):
    later = MONDAY + timedelta(hours=50, minutes=30)
    do(session, decisions.report_no_show, confirmed, by=wanda, now=later)
    assert files(session, now=later) == {ANNA: (*CANCELLED, 1)}
    do(session, decisions.take_back_no_show, confirmed, by=wanda, now=later)
    assert files(session, now=later) == {ANNA: (*PUBLISHED, 2)}


@pytest.mark.of_sqlite
def test_the_mail_about_the_slip_brings_the_real_time(session, sample_ring, anna, wanda):
    machine_id = machine(session, sample_ring.hall, "saw", charge_unit="hour")
    wish = Wish(machine_id, sample_ring.anna, hours(MONDAY, 2, 4))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    files(session)
    at, back = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3)
    slip_id = do(session, usage.hand_out, entered.id, Measurement(), by=wanda, now=at).id
    do(session, usage.hand_back, slip_id, Measurement(), by=wanda, now=back)

    method, status, sequence = files(session, now=back)[ANNA]
    assert (method, status) == PUBLISHED
    assert sequence > 0
    assert "DTEND;TZID=Europe/Berlin:20261123T110000" in newest(session, "handed_back").calendar


@pytest.mark.of_sqlite
def test_who_never_got_a_file_gets_no_mail_about_the_own_change(session, sample_ring, anna):
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 52))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    do(session, reservations.cancel, entered.id, by=anna)

    assert files(session) == {}


@pytest.mark.of_sqlite
def test_a_file_that_is_right_already_is_not_sent_again(session, sample_ring, anna):
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    do(session, reservations.move, entered.id, hours(MONDAY, 60, 61), by=anna)

    assert files(session) == {ANNA: (*PUBLISHED, 1)}, "the mail about the confirmation was late and had the new time"
    assert newest(session, "moved") is None


@pytest.mark.of_sqlite
def test_the_address_of_the_record_gets_the_next_file_when_the_member_has_a_login_by_now(session, sample_ring, wanda):
    farm = member(session, "Moosbauer", email=FARM)
    wish = Wish(sample_ring.combine, farm, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=wanda)
    assert files(session) == {FARM: (*PUBLISHED, 0)}

    login(session, "Moosbauer", now=MONDAY, member_id=farm)
    do(session, reservations.move, entered.id, hours(MONDAY, 60, 61), by=wanda)
    assert files(session) == {FARM: (*PUBLISHED, 1), "moosbauer@ring.example": (*PUBLISHED, 1)}


@pytest.mark.of_sqlite
def test_a_login_that_was_disabled_gets_no_file_and_the_record_gets_the_mail(session, sample_ring, confirmed, wanda):
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).disabled_at = MONDAY
        session.get(Member, sample_ring.anna).email = FARM

    do(session, reservations.move, confirmed, hours(MONDAY, 60, 61), by=wanda)
    assert files(session) == {FARM: (*PUBLISHED, 1)}


@pytest.mark.of_sqlite
def test_a_login_that_acts_for_another_member_by_now_gets_no_file(session, sample_ring, confirmed, wanda):
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).member_id = sample_ring.bernd

    do(session, reservations.cancel, confirmed, by=wanda)
    assert files(session) == {}


def test_a_mail_is_kept_while_its_reservation_is_to_come(app, session, confirmed, clock):
    with write_transaction(session):
        session.execute(delete(Mail).where(Mail.calendar.is_(None)))
        for mail in session.scalars(select(Mail)):
            mail.sent_at = MONDAY - timedelta(days=365)
    with app.app_context():
        purge(session)
        assert session.scalars(select(AttachedEntry.reservation_id)).all() == [confirmed]
        clock.instant = MONDAY + timedelta(days=4)
        purge(session)
        assert session.scalars(select(AttachedEntry)).all() == []


@pytest.mark.of_sqlite
def test_a_request_that_expires_or_is_declined_sends_no_file(session, sample_ring, anna, wanda):
    for verb, more in ((decisions.reject, {"reason": "no"}), (decisions.expire, {"now": MONDAY + timedelta(hours=50)})):
        wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 52))
        entered = do(session, reservations.request_reservation, wish, by=anna)
        do(session, verb, entered.id, by=SOMEBODY, **more)

    assert files(session, now=MONDAY + timedelta(hours=50)) == {}


def test_a_new_name_or_place_puts_the_files_right_of_what_is_to_come(session, sample_ring, confirmed, wanda):
    card = queries.machine_card(session, "combine")
    same = stored_input(card)
    do(session, rule_changes.change_machine, card.id, replace(same, description="Red"), places=1, by=wanda)
    assert files(session) == {}

    do(session, rule_changes.change_machine, card.id, replace(same, name="Claas"), places=1, by=wanda)
    assert files(session) == {ANNA: (*PUBLISHED, 1)}
    assert "SUMMARY:Claas" in newest(session, "renamed").calendar
    place = queries.workshop(session, "hall")
    data = WorkshopInput(slug="hall", name="Neue Halle")
    do(session, workshops.change_workshop, place.id, data, place.openings, by=wanda)
    assert files(session) == {ANNA: (*PUBLISHED, 2)}
    do(session, rule_changes.change_machine, card.id, same, places=1, by=wanda, now=MONDAY + timedelta(days=9))
    assert files(session, now=MONDAY + timedelta(days=9)) == {}
