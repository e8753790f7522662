"""Who is written to when something happens to a reservation or a slip, and what stands in the mail."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app import subscriptions
from app.auth.mails import RESET, queue_second_factor_change
from app.auth.models import User
from app.mail.models import Mail
from app.mail.outbox import queue_mail
from app.notifications import recipients
from booking.kernel import deliveries
from booking.kernel.deliveries import Failure
from booking.kernel.events import Actor
from booking.kernel.transaction import in_write_transaction, write_transaction
from booking.models import Machine, Member, Ring
from booking.reservations import decisions, reservations
from booking.reservations.wishes import Wish
from booking.use import objections, usage
from booking.use.usage import Measurement
from tests.builders import SOMEBODY, deputy, hours, login, machine, member
from tests.conftest import MONDAY


def do(session, verb, *arguments, now=MONDAY, **more):
    with write_transaction(session):
        return verb(session, *arguments, now=now, **more)


def deliver(session, *, now=MONDAY):
    for subscription in subscriptions.SUBSCRIPTIONS:
        while in_write_transaction(session, lambda s=subscription: deliveries.deliver(session, s, now=now)):
            pass
    assert [failure.error for failure in session.scalars(select(Failure))] == []


def mails(session, *, now=MONDAY):
    """(template, address) of what was written since the last look."""
    deliver(session, now=now)
    told = [(mail.key.split(":")[1], mail.to_address) for mail in session.scalars(select(Mail).order_by(Mail.id))]
    with write_transaction(session):
        for mail in session.scalars(select(Mail)):
            session.delete(mail)
    return told


def newest(session):
    deliver(session)
    return session.scalars(select(Mail).order_by(Mail.id.desc())).first()


@pytest.fixture
def anna(sample_ring):
    return Actor(user_id=sample_ring.anna_login)


@pytest.fixture
def wanda(sample_ring):
    return Actor(user_id=sample_ring.wanda_login)


@pytest.fixture
def request_of_anna(session, sample_ring, anna):
    """Anna's request for the splitter, which needs an approval; its mails are out of the way."""
    asked = {"purpose": "two loads\nof beech", "choices": ("With tractor",)}
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 34), **asked)
    entered = do(session, reservations.request_reservation, wish, by=anna)
    return entered.id


ANNA, WANDA, RITA = "anna@ring.example", "wanda@ring.example", "rita@ring.example"


def test_a_request_is_acknowledged_and_put_before_the_manager(session, request_of_anna):
    assert mails(session) == [("requested", ANNA), ("requested_manager", WANDA)]


def test_the_managers_mail_names_member_machine_span_and_links_to_the_decision(session, request_of_anna):
    mail = newest(session)
    hers = session.scalars(select(Mail.body).where(Mail.to_address == ANNA)).one()

    assert "Tue 24 November, 14:00 to 18:00\nVariants: With tractor\n" in hers
    assert mail.subject == "Please decide: Splitter, Anna"
    assert "Tue 24 November, 14:00 to 18:00" in mail.body
    assert "> two loads\n> of beech" in mail.body
    assert "Variants: With tractor" in mail.body
    assert "http://127.0.0.1:8000/approvals" in mail.body


def test_deputies_are_asked_only_on_their_days(session, sample_ring, request_of_anna):
    for name, shift in (("Dora", -1), ("Emil", 3)):
        first = MONDAY.date() + timedelta(days=shift)
        deputy(session, sample_ring, name, first, first + timedelta(days=2))

    assert ("requested_manager", "dora@ring.example") in mails(session)
    assert ("requested_manager", "emil@ring.example") not in mails(session)


def test_a_deputys_days_are_those_of_the_workshop_from_its_midnight_to_its_midnight(session, sample_ring):
    user_id = deputy(session, sample_ring, "Dora", date(2026, 12, 5), date(2026, 12, 6))

    def is_asked(*wall):
        instant = datetime(2026, 12, *wall, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
        managers = recipients.managers_of(session, sample_ring.hall, now=instant)
        return user_id in [manager.user_id for manager in managers]

    assert [is_asked(4, 23, 59), is_asked(5, 0, 30), is_asked(6, 23, 30), is_asked(7, 0, 30)] == [
        False,
        True,
        True,
        False,
    ]


def test_where_a_workshop_has_no_manager_the_administrators_are_asked(session, sample_ring, anna):
    with write_transaction(session):
        session.get(Machine, sample_ring.laser).needs_approval = True
    do(
        session,
        reservations.request_reservation,
        Wish(sample_ring.laser, sample_ring.anna, hours(MONDAY, 2, 3)),
        by=anna,
    )

    assert ("requested_manager", RITA) in mails(session)


def test_a_decided_request_sends_no_mail_to_managers(session, request_of_anna, wanda):
    do(session, decisions.approve, request_of_anna, by=wanda)

    assert mails(session) == [("requested", ANNA), ("confirmed", ANNA)]


@pytest.mark.parametrize(("is_approved", "sentence"), [(True, "approved by mistake"), (False, "declined by mistake")])
def test_a_decision_that_is_taken_back_is_mailed_and_put_before_the_manager_again(
    session, request_of_anna, wanda, is_approved, sentence
):
    if is_approved:
        do(session, decisions.approve, request_of_anna, by=wanda)
    else:
        do(session, decisions.reject, request_of_anna, "slip", by=wanda)
    do(session, decisions.take_back, request_of_anna, by=wanda, revision=1)

    mail = newest(session)
    assert mail.to_address == ANNA
    assert mail.subject == "Waits for a decision again: Splitter, Tue 24 November, 14:00 to 18:00"
    assert sentence in mail.body


def test_an_approval_is_mailed_with_a_calendar_entry(session, request_of_anna, wanda):
    do(session, decisions.approve, request_of_anna, by=wanda)
    mail = newest(session)

    assert (mail.to_address, mail.subject) == (ANNA, "Confirmed: Splitter, Tue 24 November, 14:00 to 18:00")
    assert "METHOD:PUBLISH" in mail.calendar
    assert "DTSTART;TZID=Europe/Berlin:20261124T140000" in mail.calendar


def test_an_immediate_confirmation_is_mailed_to_the_member(session, sample_ring, anna):
    do(
        session,
        reservations.request_reservation,
        Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 3)),
        by=anna,
    )

    assert mails(session) == [("confirmed", ANNA)]


def test_a_decline_is_mailed_with_the_reason(session, request_of_anna, wanda):
    do(session, decisions.reject, request_of_anna, "The splitter is in repair.", by=wanda)

    assert "> The splitter is in repair." in newest(session).body
    assert mails(session)[-1] == ("declined", ANNA)


def test_the_manager_learns_what_the_member_cancelled_and_the_other_way_round(
    session, sample_ring, request_of_anna, anna, wanda
):
    mails(session)
    do(session, reservations.cancel, request_of_anna, by=anna)
    assert mails(session) == [("cancelled_manager", WANDA)]

    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    mails(session)
    do(session, reservations.cancel, entered.id, by=wanda, reason="flooded")
    assert mails(session) == [("cancelled", ANNA)]


def test_a_move_is_mailed_to_the_other_side(session, sample_ring, anna, wanda):
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 50, 51))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    mails(session)

    do(session, reservations.move, entered.id, hours(MONDAY, 60, 61), by=anna)
    assert mails(session) == [("moved_manager", WANDA)]
    do(session, reservations.move, entered.id, hours(MONDAY, 70, 71), by=wanda)
    assert mails(session) == [("moved", ANNA)]


def test_a_move_that_needs_a_new_decision_is_a_request_again(session, request_of_anna, anna):
    mails(session)
    do(session, reservations.move, request_of_anna, hours(MONDAY, 60, 61), by=anna)

    assert mails(session) == [("requested", ANNA), ("requested_manager", WANDA)]


def test_an_expiry_is_mailed_to_the_member(session, request_of_anna):
    mails(session)
    later = MONDAY + timedelta(hours=31)
    do(session, decisions.expire, request_of_anna, by=SOMEBODY, now=later)

    assert mails(session, now=later) == [("expired", ANNA)]


def test_a_no_show_is_mailed_to_the_member(session, sample_ring, anna, wanda):
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 1, 2))
    entered = do(session, reservations.request_reservation, wish, by=anna)
    mails(session)
    later = MONDAY + timedelta(hours=3)
    do(session, decisions.report_no_show, entered.id, by=wanda, now=later)

    assert mails(session, now=later) == [("no_show", ANNA)]


def test_disabled_logins_get_no_mails(session, sample_ring, request_of_anna):
    with write_transaction(session):
        for user_id in (sample_ring.anna_login, sample_ring.wanda_login):
            session.get(User, user_id).disabled_at = MONDAY

    assert mails(session) == [("requested_manager", RITA)]


def test_the_member_of_a_disabled_login_is_written_to_at_the_address_of_its_record(session, sample_ring, wanda):
    second = login(session, "Berta", now=MONDAY, member_id=sample_ring.anna)
    with write_transaction(session):
        session.get(Member, sample_ring.anna).email = "hof@anna.example"
        session.get(User, sample_ring.anna_login).disabled_at = MONDAY
    wish = Wish(sample_ring.combine, sample_ring.anna, hours(MONDAY, 2, 3))
    entered = do(session, reservations.request_reservation, wish, by=wanda)
    assert mails(session) == [("confirmed", "berta@ring.example")], "another login is left"

    with write_transaction(session):
        session.get(User, second).disabled_at = MONDAY
    do(session, reservations.cancel, entered.id, by=wanda)
    assert mails(session) == [("cancelled", "hof@anna.example")]


def test_a_disabled_login_gets_no_mail_about_itself(session, sample_ring):
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).disabled_at = MONDAY
        queue_second_factor_change(session, sample_ring.anna_login, RESET, now=MONDAY)

    assert session.scalars(select(Mail)).all() == []


def test_a_member_without_a_login_is_written_to_at_its_own_address(session, sample_ring, wanda):
    farm = member(session, "Moosbauer", email="hof@moosbauer.example")
    do(session, reservations.request_reservation, Wish(sample_ring.combine, farm, hours(MONDAY, 2, 3)), by=wanda)

    assert mails(session) == [("confirmed", "hof@moosbauer.example")]


def test_a_notification_that_is_days_old_is_not_sent(session, request_of_anna):
    assert mails(session, now=MONDAY + timedelta(days=4)) == []


def test_a_mail_of_the_same_key_is_written_once(session):
    words = {"to_address": "a@ring.example", "to_name": "A", "subject": "S", "body": "B"}

    assert do(session, queue_mail, key="one", **words)
    assert not do(session, queue_mail, key="one", **words)


def test_names_and_reasons_cannot_inject_headers_or_imitate_the_text(session, sample_ring, anna, wanda):
    evil = "Evil\r\nBcc: everybody@ring.example\u2028\u202e"
    with write_transaction(session):
        session.get(Member, sample_ring.anna).name = evil
        session.get(User, sample_ring.anna_login).name = evil
        session.get(Ring, 1).name = evil
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 30, 34), purpose="x\n\n-- \nhttps://evil.example")
    do(session, reservations.request_reservation, wish, by=anna)
    deliver(session)

    for mail in session.scalars(select(Mail)):
        assert "\n" not in mail.subject + mail.to_name
        assert "\r" not in mail.subject + mail.to_name + mail.body
        assert "\nBcc:" not in mail.body
        assert "\nhttps://evil" not in mail.body


def test_a_slip_its_objection_and_the_answer_reach_the_other_side(session, sample_ring, anna, wanda):
    machine_id = machine(session, sample_ring.hall, "saw", charge_unit="hour")
    wish = Wish(machine_id, sample_ring.anna, hours(MONDAY, 2, 3))
    reservation_id = do(session, reservations.request_reservation, wish, by=anna).id
    out, back = MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=3)
    do(session, usage.hand_out, reservation_id, Measurement(), by=wanda, now=out)
    mails(session)

    slip_id = do(session, usage.hand_back, reservation_id, Measurement(), by=wanda, now=back).id
    assert mails(session, now=back) == [("handed_back", ANNA)]

    do(session, objections.object_to, slip_id, "It stood still for\nhalf an hour.", by=anna, now=back)
    deliver(session, now=back)
    assert "> It stood still for\n> half an hour." in session.scalars(select(Mail.body)).one()
    assert mails(session, now=back) == [("objected", WANDA)]

    do(session, objections.answer, slip_id, "True.", by=wanda, now=back, corrected_amount=1800)
    assert mails(session, now=back) == [("answered", ANNA)]


def test_every_mail_leads_to_a_page_that_exists(app, session, request_of_anna):
    deliver(session)
    router = app.url_map.bind("127.0.0.1")
    for path in ("/approvals", "/reservations/1", "/usage/1"):
        assert router.match(path)


def test_a_mail_is_in_the_language_of_its_recipient(app, session, sample_ring, request_of_anna):
    with write_transaction(session):
        session.get(User, sample_ring.anna_login).language = "de"
        session.get(User, sample_ring.wanda_login).language = "xx"  # a language that is not offered any more
    deliver(session)

    by_address = {mail.to_address: mail.body for mail in session.scalars(select(Mail))}
    assert "24. November" in by_address[ANNA]
    assert "24. November" in by_address[WANDA]


def test_an_entry_by_the_workshop_and_an_approved_move_are_told_as_such(session, sample_ring, anna, wanda):
    wish = Wish(sample_ring.splitter, sample_ring.anna, hours(MONDAY, 50, 52))
    entered = do(session, reservations.request_reservation, wish, by=wanda, approve=True)
    assert "The workshop has made this reservation for you." in newest(session).body

    do(session, reservations.move, entered.id, hours(MONDAY, 60, 62), by=anna)
    do(session, decisions.approve, entered.id, by=wanda)
    approved = newest(session).body
    assert "The new time has been approved" in approved
    assert "Before: Wed 25 November, 10:00 to 12:00" in approved
