"""Mails go out through a real mail server: taken, refused, silent or gone, and none twice."""

from __future__ import annotations

import smtplib
import socket
import time
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from threading import Thread

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.mail import leasing, pending_marks, sender
from app.mail.models import Mail
from app.mail.outbox import queue_mail
from app.mail.outgoing import Sender
from app.mail.transport import TIMEOUT_SECONDS, MailTransport, ServerUnreachable, transport_from_url
from booking.kernel.transaction import write_transaction
from tests.conftest import MONDAY
from tests.ports import START_SECONDS, free_port

GONE = OperationalError("UPDATE", {}, Exception("gone"))
RING = Sender("Ring Oberland", "ring@oberland.example", "buero@oberland.example", "https://ring.example", "#7a1f3d")


class Mailbox:
    """What a mail server does with mails: keeps them, or refuses as it is told."""

    def __init__(self):
        self.received, self.answers = [], {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if answer := self.answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if answer := self.answers.get("data"):
            return answer
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def transport(mailbox):
    """A mail server of this machine that takes mails into the mailbox."""
    server = Controller(mailbox, hostname="127.0.0.1", port=free_port(), ready_timeout=START_SECONDS)
    server.start()
    yield transport_from_url(f"smtp://127.0.0.1:{server.port}")
    server.stop()


def write(session, key="one", address="anna@ring.example", **more):
    words = {"to_name": "Anna Größl", "subject": "Bestätigt: Häcksler 🚜", "body": "Grüß Gott.\n.\nEnde\n", **more}
    with write_transaction(session):
        return queue_mail(session, key=key, to_address=address, now=MONDAY, **words)


def send(session, transport, *, at=MONDAY):
    return sender.send_batch(session, transport, RING, lambda: at)


def the_mail(session):
    session.expire_all()
    return session.scalars(select(Mail)).one()


def test_a_second_mail_of_a_key_is_not_queued(session):
    first = write(session)

    assert write(session, address="bernd@ring.example") is None
    assert (the_mail(session).id, the_mail(session).to_address) == (first, "anna@ring.example")


def test_a_mail_arrives_as_it_was_written(session, transport, mailbox):
    write(session, calendar="BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n")

    assert send(session, transport) == 1

    message = mailbox.received[0]
    assert message["From"] == "Ring Oberland <ring@oberland.example>"
    assert message["Reply-To"] == "Ring Oberland <buero@oberland.example>"
    assert message["To"].addresses[0].display_name == "Anna Größl"
    assert message["Subject"] == "Bestätigt: Häcksler 🚜"
    assert message["Date"].datetime == MONDAY
    assert message["Message-ID"].endswith("@oberland.example>")
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Grüß Gott.\n.\nEnde\n"
    assert "Grüß Gott." in message.get_body(("html",)).get_content()
    (attachment,) = message.iter_attachments()
    assert attachment.get_content_type() == "text/calendar"
    assert attachment["Content-Type"].params["method"] == "PUBLISH"


def test_each_calendar_of_a_mail_is_a_file_with_its_method(session, transport, mailbox):
    published, cancelled = (f"BEGIN:VCALENDAR\r\nMETHOD:{each}\r\nEND:VCALENDAR\r\n" for each in ("PUBLISH", "CANCEL"))
    write(session, calendar=published + cancelled)
    send(session, transport)

    files = [
        (one.get_filename(), one["Content-Type"].params["method"], one.get_content())
        for one in mailbox.received[0].iter_attachments()
    ]
    assert files == [("reservation.ics", "PUBLISH", published), ("cancelled.ics", "CANCEL", cancelled)]


def test_a_sent_mail_is_not_sent_again_and_its_text_is_deleted(session, transport, mailbox):
    write(session)

    assert [
        send(session, transport),
        send(session, transport),
        send(session, transport, at=MONDAY + timedelta(days=9)),
    ] == [
        1,
        0,
        0,
    ]
    assert len(mailbox.received) == 1
    assert (the_mail(session).sent_at, the_mail(session).body) == (MONDAY, "")


def test_a_server_that_is_down_gets_the_mail_once_when_it_is_up_again(session, transport, mailbox):
    write(session)
    down = transport_from_url(f"smtp://127.0.0.1:{free_port()}")

    with pytest.raises(ServerUnreachable):
        send(session, down)
    assert "refused" in the_mail(session).last_error
    assert send(session, transport) == 0, "it waits a minute"
    assert send(session, transport, at=MONDAY + timedelta(minutes=1)) == 1
    assert send(session, transport, at=MONDAY + timedelta(hours=1)) == 0
    assert len(mailbox.received) == 1


def test_a_server_that_never_answers_is_given_up_after_the_time_limit(session, monkeypatch):
    monkeypatch.setattr("app.mail.transport.TIMEOUT_SECONDS", 0.3)
    write(session)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(ServerUnreachable):
            send(session, transport_from_url(f"smtp://127.0.0.1:{silent.getsockname()[1]}"))
        assert time.monotonic() - started < TIMEOUT_SECONDS, "the limit of this test is far below the usual one"

    assert the_mail(session).next_attempt_at == MONDAY + timedelta(minutes=1)


def test_no_transaction_is_open_while_the_network_is_spoken_to(session, monkeypatch):
    monkeypatch.setattr("app.mail.transport.TIMEOUT_SECONDS", 2.0)
    write(session)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = transport_from_url(f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        seen = []

        def look():
            line, _address = silent.accept()
            seen.append(session.in_transaction())
            line.close()

        watcher = Thread(target=look)
        watcher.start()
        with pytest.raises(ServerUnreachable):
            send(session, hanging)
        watcher.join()

    assert seen == [False]


def test_an_address_that_does_not_exist_is_given_up_at_once_with_the_reason(session, transport, mailbox):
    mailbox.answers["nobody@ring.example"] = "550 No such user here"
    write(session, "one", "nobody@ring.example")
    write(session, "two", "anna@ring.example")

    assert send(session, transport) == 2

    refused = session.scalars(select(Mail).where(Mail.key == "one")).one()
    assert (refused.given_up_at, refused.last_error) == (MONDAY, "550 No such user here")
    assert len(mailbox.received) == 1, "the next mail goes out all the same"


def test_a_mail_that_is_not_wanted_now_is_tried_with_longer_and_longer_pauses_for_three_days(
    session, transport, mailbox
):
    mailbox.answers["data"] = "451 Try again later"
    write(session)

    pauses, moment = [], MONDAY
    while the_mail(session).given_up_at is None:
        assert send(session, transport, at=moment) == 1
        pauses.append(the_mail(session).next_attempt_at - moment)
        moment = the_mail(session).next_attempt_at

    assert pauses[:5] == list(sender.BACK_OFF)
    assert the_mail(session).given_up_at > MONDAY + timedelta(days=3)
    assert the_mail(session).last_error == "451 Try again later"


def test_what_was_given_up_can_be_tried_again(session, transport, mailbox):
    mailbox.answers["data"] = "554 No"
    write(session)
    send(session, transport)
    mailbox.answers.clear()

    with write_transaction(session):
        assert leasing.retry_given_up(session, now=MONDAY) == 1
    assert send(session, transport) == 1
    assert len(mailbox.received) == 1


@pytest.mark.parametrize("address", ["", "anna", "@ring.example", "anna@", "an na@ring.example", "a@b@c"])
def test_an_address_that_is_none_is_given_up_and_harms_nobody(session, transport, address):
    write(session, address=address)

    assert send(session, transport) == 1
    assert the_mail(session).given_up_at == MONDAY


def test_a_mail_claimed_by_a_killed_worker_is_sent_later(session, transport, mailbox):
    write(session)
    with write_transaction(session):
        assert len(leasing.lease_due(session, now=MONDAY)) == 1  # and then the worker dies

    assert send(session, transport, at=MONDAY + timedelta(minutes=1)) == 0
    assert send(session, transport, at=MONDAY + leasing.LEASE) == 1


def test_two_tries_of_one_mail_carry_the_same_message_id(session, transport, mailbox):
    write(session)
    mail = the_mail(session)
    for _ in range(2):
        with write_transaction(session):
            mail.sent_at, mail.next_attempt_at, mail.body = None, MONDAY, "again"
        send(session, transport)

    assert mailbox.received[0]["Message-ID"] == mailbox.received[1]["Message-ID"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_worker_logs_in_where_the_server_asks_for_it(session, mailbox):
    def knows(server, session, envelope, mechanism, auth_data):
        return AuthResult(success=auth_data.password == b"p@ss:w/rd", handled=False)

    server = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        ready_timeout=START_SECONDS,
        authenticator=knows,
        auth_required=True,
        auth_require_tls=False,
    )
    server.start()
    try:
        write(session)
        with pytest.raises(ServerUnreachable, match="535"):
            send(session, transport_from_url(f"smtp://ring:wrong@127.0.0.1:{server.port}"))
        later = MONDAY + timedelta(minutes=1)
        assert send(session, transport_from_url(f"smtp://ring:p%40ss%3Aw%2Frd@127.0.0.1:{server.port}"), at=later) == 1
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("error", "is_our_fault"),
    [
        (smtplib.SMTPException("No suitable authentication method found."), True),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 Bad credentials"), True),
        (smtplib.SMTPNotSupportedError("SMTP AUTH extension not supported by server."), True),
        (smtplib.SMTPAuthenticationError(454, b"4.7.0 Temporary authentication failure"), False),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), False),
    ],
)
def test_a_log_in_that_fails_is_our_fault_unless_the_server_cannot_check_it_now(
    transport, monkeypatch, error, is_our_fault
):
    def fails(self, user, password):
        raise error

    monkeypatch.setattr(smtplib.SMTP, "login", fails)
    with pytest.raises(ServerUnreachable) as raised, replace(transport, user="ring", password="p").connect():
        pass
    assert raised.value.is_our_fault is is_our_fault


def test_the_password_is_not_sent_unencrypted(monkeypatch, transport):
    far = MailTransport("smtp", "127.0.0.1", transport.port, "ring", "secret")
    monkeypatch.setattr(MailTransport, "is_loopback", False)

    with pytest.raises(ServerUnreachable, match="no encryption"), far.connect():
        pass


def test_without_a_mail_server_mails_are_printed(session, capsys):
    write(session)

    assert send(session, transport_from_url("console:")) == 1
    assert "Bestätigt: Häcksler" in capsys.readouterr().out


def test_a_mail_whose_mark_is_lost_is_marked_later_and_not_sent_again(app, session, transport, mailbox, monkeypatch):
    write(session)
    write(session, key="two")
    with monkeypatch.context() as gone:
        gone.setattr(pending_marks, "in_write_transaction", broken_by(GONE))
        with pytest.raises(OperationalError):
            send(session, transport)
        with pytest.raises(OperationalError):
            pending_marks.marks_of(session).store(session)
    assert len(mailbox.received) == 1

    pending_marks.marks_of(session).store(session)

    after_lease = MONDAY + leasing.LEASE + timedelta(seconds=1)
    assert session.scalars(select(Mail.sent_at).order_by(Mail.id)).all() == [MONDAY, None]
    assert send(session, transport, at=after_lease) == 1
    assert len(mailbox.received) == 2


def test_after_an_outage_a_worker_leaves_ended_leases_to_their_holders(session, transport, mailbox, monkeypatch):
    write(session)
    with write_transaction(session):
        leasing.lease_due(session, now=MONDAY)  # by a worker that has sent it and cannot store it
    write(session, key="two", address="bernd@ring.example")
    later = MONDAY + leasing.LEASE + timedelta(minutes=1)

    pending_marks.marks_of(session).note_failure()
    assert send(session, transport, at=later) == 1
    assert mailbox.received[0]["To"].addresses[0].addr_spec == "bernd@ring.example"
    monkeypatch.setattr(pending_marks, "OTHERS_FIRST_SECONDS", 0.0)
    assert send(session, transport, at=later) == 1


def broken_by(error):
    def fail(*_args, **_more):
        raise error

    return fail
