"""A fault of our side makes mails wait; a fault of one recipient gives up one mail. Through a real mail server."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import timedelta

import idna
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from app.mail import circuit_breaker, leasing, sender
from app.mail.delivery import transport_of
from app.mail.failures import DeliverySuspended, SenderInvalid, SenderRefused
from app.mail.models import Mail
from app.mail.outgoing import Sender
from app.mail.transport import transport_from_url
from app.storage.audits import run_audit
from booking.kernel.transaction import write_transaction
from booking.models import Ring
from tests.conftest import MONDAY
from tests.integration.mails.test_sending_mail import RING, Mailbox, write
from tests.ports import START_SECONDS, free_port

MINUTE = timedelta(minutes=1)
WITH_UMLAUT = Sender("Ring Oberland", "büro@hof.example")


class Server(Mailbox):
    """A mail server that can refuse the sender too."""

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if answer := self.answers.get("mail"):
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.answers.get(address) == "hang up":
            server.transport.close()
        if answer := self.answers.get("rcpt"):
            return answer
        return await super().handle_RCPT(server, session, envelope, address, options)


@contextmanager
def serving(mailbox, *, smtputf8):
    server = Controller(
        mailbox, hostname="127.0.0.1", port=free_port(), ready_timeout=START_SECONDS, enable_SMTPUTF8=smtputf8
    )
    server.start()
    try:
        yield transport_from_url(f"smtp://127.0.0.1:{server.port}")
    finally:
        server.stop()


@pytest.fixture
def mailbox():
    return Server()


@pytest.fixture
def transport(mailbox):
    with serving(mailbox, smtputf8=False) as transport:
        yield transport


def send(session, transport, *, at=MONDAY, ring=RING):
    return sender.send_batch(session, transport, ring, lambda: at)


def send_until_suspended(session, transport, *, at=MONDAY, ring=RING):
    with pytest.raises(DeliverySuspended) as raised:
        send(session, transport, at=at, ring=ring)
    return raised.value


def states(session):
    """Key -> sent, waits or the reason why it was given up."""
    session.expire_all()
    mails = session.scalars(select(Mail).order_by(Mail.id))
    return {mail.key: mail.last_error if mail.given_up_at else "sent" if mail.sent_at else "waits" for mail in mails}


def broken(session):
    return [finding.text for finding in run_audit(session, "mail") if finding.is_broken]


def write_several(session, count):
    for number in range(count):
        write(session, str(number), f"member{number}@ring.example")


@pytest.mark.of_sqlite
@pytest.mark.parametrize("address", ["büro@hof.example", "büro", "Ring Oberland", "a@b@c"])
def test_a_sender_that_cannot_stand_in_a_mail_makes_mails_wait_and_the_audit_fail(session, transport, mailbox, address):
    write_several(session, 2)

    cause = send_until_suspended(session, transport, ring=Sender("Ring", address))

    assert isinstance(cause, SenderInvalid)
    assert states(session) == {"0": "waits", "1": "waits"}
    assert "RINGBUCH_MAIL_FROM" in broken(session)[0]
    assert "Administration" in broken(session)[0]

    assert send(session, transport, at=MONDAY + MINUTE) == 1, "the sender was corrected: one mail shows it"
    assert send(session, transport, at=MONDAY + MINUTE) == 1
    assert states(session) == {"0": "sent", "1": "sent"}
    assert broken(session) == []


@pytest.mark.of_sqlite
@pytest.mark.parametrize(("mail_from", "ring_email"), [("", "büro"), ("ring@hof.example", "büro@hof.example")])
def test_the_audit_fails_before_any_mail_is_tried(app, session, sample_ring, mail_from, ring_email):
    app.config["MAIL_FROM"] = mail_from
    assert broken(session) == []
    with write_transaction(session):
        session.get(Ring, 1).email = ring_email

    (finding,) = broken(session)
    assert repr(ring_email) in finding
    assert "Administration" in finding


@pytest.mark.of_sqlite
def test_an_umlaut_in_the_address_of_the_site_or_in_the_mail_login_silences_nobody(app, session, transport, mailbox):
    app.config["BASE_URL"], app.config["MAIL_URL"] = "https://büro.höf.example", f"smtp://127.0.0.1:{transport.port}"
    write(session)

    assert send(session, transport_of(app)) == 1


@pytest.mark.of_sqlite
def test_mails_of_a_sender_with_an_umlaut_go_out_where_the_server_carries_it(session, mailbox):
    write(session)
    with serving(mailbox, smtputf8=True) as transport:
        assert send(session, transport, ring=WITH_UMLAUT) == 1

    assert "büro@hof.example" in mailbox.received[0]["From"]


@pytest.mark.of_sqlite
def test_a_reply_address_with_an_umlaut_is_left_out_and_the_mail_goes_out(session, transport, mailbox):
    write(session)

    assert send(session, transport, ring=Sender("Ring", "ring@hof.example", "büro@hof.example")) == 1
    assert mailbox.received[0]["Reply-To"] is None


@pytest.mark.of_sqlite
@pytest.mark.parametrize("is_carried", [True, False])
def test_a_recipient_with_an_umlaut_concerns_its_own_mail_only(session, mailbox, is_carried):
    write(session, "jörg", "jörg@hof.example")
    write(session, "anna", "anna@höf-straße.example")
    with serving(mailbox, smtputf8=is_carried) as transport:
        assert send(session, transport) == 2

    reason = "jörg@hof.example has letters before the @ that the mail server does not carry (no SMTPUTF8)"
    assert states(session) == {"jörg": "sent" if is_carried else reason, "anna": "sent"}
    assert mailbox.received[-1]["To"].addresses[0].domain == idna.encode("höf-straße.example").decode()
    assert broken(session) == []


@pytest.mark.of_sqlite
def test_a_mail_that_cannot_be_composed_waits_and_the_others_go_out(session, transport, mailbox, monkeypatch):
    def fails(mail):
        if mail.key == "0":
            raise LookupError("unknown encoding: klingon")
        return "fingerprint"

    monkeypatch.setattr("app.mail.message._fingerprint", fails)
    write_several(session, 2)

    assert send(session, transport) == 2
    assert states(session) == {"0": "waits", "1": "sent"}
    assert "unknown encoding: klingon" in broken(session)[0]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_refusal_of_our_account_makes_every_mail_wait_longer_and_longer(session, transport, mailbox, stage):
    write_several(session, 2)
    mailbox.answers[stage] = "550 5.4.5 Daily user sending limit exceeded"
    at, pauses = MONDAY, []
    for _ in range(4):
        cause = send_until_suspended(session, transport, at=at)
        pauses.append(circuit_breaker.suspension(session).open_until - at)
        at += pauses[-1]

        assert isinstance(cause, SenderRefused)
        assert send(session, transport, at=at - MINUTE / 2) == 0, "the server is not called before"

    assert tuple(pauses) == circuit_breaker.PAUSES[:4]
    assert states(session) == {"0": "waits", "1": "waits"}
    assert "2 wait: 550 5.4.5 Daily user sending limit exceeded" in broken(session)[0]

    mailbox.answers.clear()
    later = at + timedelta(hours=6)
    assert [send(session, transport, at=later), send(session, transport, at=later)] == [1, 1]
    assert broken(session) == []


@pytest.mark.of_sqlite
def test_an_unknown_mailbox_gives_up_its_own_mail_and_nothing_else(session, transport, mailbox):
    reply = "550 5.1.1 The email account that you tried to reach does not exist"
    write_several(session, 4)
    for number in range(3):
        mailbox.answers[f"member{number}@ring.example"] = reply

    assert send(session, transport) == 4
    assert states(session) == {"0": reply, "1": reply, "2": reply, "3": "sent"}
    assert broken(session) == []


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_mails_that_are_refused_in_a_row_without_a_clear_reason_wait(session, transport, mailbox, in_one_batch):
    mailbox.answers["data"] = "554 5.0.0 No"
    if in_one_batch:
        write_several(session, 3)
    else:
        for number in range(2):
            write(session, str(number), f"member{number}@ring.example")
            assert send(session, transport) == 1
        write(session, "2", "member2@ring.example")

    send_until_suspended(session, transport)
    assert states(session) == {"0": "waits", "1": "waits", "2": "waits"}
    assert "in a row" in broken(session)[0]

    mailbox.answers.clear()
    assert [send(session, transport, at=MONDAY + MINUTE) for _ in range(2)] == [1, 2]


@pytest.mark.of_sqlite
def test_five_unknown_mailboxes_in_a_row_are_tried_again_and_given_up_when_others_go_out(session, transport, mailbox):
    mailbox.answers["rcpt"] = "550 5.1.1 unknown"
    write_several(session, 5)
    send_until_suspended(session, transport)
    assert set(states(session).values()) == {"waits"}

    mailbox.answers = {f"member{number}@ring.example": "550 5.1.1 unknown" for number in range(5)}
    write(session, "good", "good@ring.example")
    at = MONDAY + MINUTE
    for _ in range(200):
        at += timedelta(minutes=30)
        try:
            send(session, transport, at=at)
        except SenderRefused:
            continue

    assert states(session) == dict.fromkeys("01234", "550 5.1.1 unknown") | {"good": "sent"}


@pytest.mark.of_sqlite
def test_one_mail_that_a_policy_refuses_does_not_hold_up_the_others_for_long(session, transport, mailbox):
    mailbox.answers["spam@ring.example"] = "550 5.7.1 Content rejected"
    write(session, "refused", "spam@ring.example")
    write_several(session, 3)

    for number in range(14):
        at = MONDAY + number * 30 * MINUTE
        with suppress(SenderRefused):
            send(session, transport, at=at)
        with suppress(SenderRefused):
            send(session, transport, at=at + MINUTE)
        assert states(session)["0"] == "sent" or not number
        write(session, f"later{number}", f"later{number}@ring.example")

    assert states(session)["refused"] == "550 5.7.1 Content rejected"
    assert list(states(session).values()).count("waits") <= 2


@pytest.mark.of_sqlite
def test_a_mail_at_which_the_server_hangs_up_does_not_hold_up_the_others(session, transport, mailbox):
    mailbox.answers["poison@ring.example"] = "hang up"
    write(session, "poison", "poison@ring.example")
    write_several(session, 3)

    send_until_suspended(session, transport)
    assert set(states(session).values()) == {"waits"}
    later = MONDAY + MINUTE
    assert send(session, transport, at=later) == 1, "the trial is another mail"
    with suppress(DeliverySuspended):
        send(session, transport, at=later)
    send(session, transport, at=later + MINUTE)
    send(session, transport, at=later + MINUTE)

    assert states(session) == {"poison": "waits", "0": "sent", "1": "sent", "2": "sent"}
    assert [one["To"].addresses[0].addr_spec for one in mailbox.received] == [
        f"member{n}@ring.example" for n in range(3)
    ]


@pytest.mark.of_sqlite
@pytest.mark.parametrize("reply", ["552 5.3.4 Message too big for system", "554 5.3.4 Message too large"])
def test_a_mail_that_is_too_large_is_given_up_alone_whenever_the_server_says_so(session, transport, mailbox, reply):
    mailbox.answers["mail"] = reply
    write_several(session, 1)
    assert send(session, transport) == 1

    assert states(session) == {"0": reply}
    assert broken(session) == []


@pytest.mark.of_sqlite
def test_a_4xx_about_our_side_is_waited_out_and_red_once_it_is_no_greylisting(session, transport, mailbox):
    reply = "450 4.7.1 Client host rejected: cannot find your reverse hostname"
    mailbox.answers["rcpt"] = reply
    write_several(session, 1)
    at = MONDAY
    for _ in range(4):
        assert broken(session) == []
        send(session, transport, at=at)
        at = session.scalars(select(Mail.next_attempt_at)).one()
    assert reply in broken(session)[0]

    send(session, transport, at=MONDAY + timedelta(days=10))
    assert states(session) == {"0": "waits"}
    mailbox.answers.clear()
    send(session, transport, at=MONDAY + timedelta(days=11))
    assert (states(session), broken(session)) == ({"0": "sent"}, [])


@pytest.mark.of_sqlite
@pytest.mark.parametrize("reply", ["452 4.3.1 Insufficient system storage", "421 4.7.0 Too many connections"])
def test_a_server_that_is_busy_or_full_is_no_fault_of_ours(session, transport, mailbox, reply):
    mailbox.answers["mail"] = reply
    write_several(session, 2)

    assert not send_until_suspended(session, transport).is_our_fault
    assert states(session) == {"0": "waits", "1": "waits"}
    mailbox.answers.clear()
    assert [send(session, transport, at=MONDAY + MINUTE) for _ in range(2)] == [1, 1]


@pytest.mark.of_sqlite
def test_a_suspension_that_lasts_is_bounded(session, transport, mailbox):
    mailbox.answers["mail"] = "550 5.7.1 Blocked"
    write_several(session, 1)
    send_until_suspended(session, transport, at=MONDAY + timedelta(days=13))
    assert states(session) == {"0": "waits"}

    send_until_suspended(session, transport, at=MONDAY + timedelta(days=15))
    assert states(session) == {"0": "550 5.7.1 Blocked"}


def test_trying_again_by_hand_ends_the_pause(session, transport, mailbox):
    mailbox.answers["mail"] = "550 5.7.1 Blocked"
    write_several(session, 1)
    send_until_suspended(session, transport)
    mailbox.answers.clear()

    with write_transaction(session):
        leasing.retry_given_up(session, now=MONDAY)

    assert send(session, transport) == 1


@pytest.mark.of_sqlite
def test_a_clock_that_was_ahead_does_not_prolong_the_pause(session, transport, mailbox):
    mailbox.answers["mail"] = "550 5.7.1 Blocked"
    write_several(session, 1)
    send_until_suspended(session, transport, at=MONDAY + timedelta(days=2))
    mailbox.answers.clear()

    assert send(session, transport, at=MONDAY) == 1


@pytest.mark.of_sqlite
def test_one_mail_that_is_refused_alone_is_named_and_the_others_are_not_stopped(session, transport, mailbox):
    reply = "550 5.7.1 Message refused by policy"
    mailbox.answers["rcpt"] = reply
    write(session, "alone", "anna@ring.example")

    assert send(session, transport) == 1
    assert states(session) == {"alone": "waits"}
    assert circuit_breaker.suspension(session) is None
    found = run_audit(session, "mail")
    assert [(finding.text, finding.is_broken) for finding in found] == [(f"mail 1 waits: {reply}", False)]

    write(session, "next", "bernd@ring.example")
    assert isinstance(send_until_suspended(session, transport), SenderRefused)
    assert "no mail is sent" in broken(session)[0]

    del mailbox.answers["rcpt"]
    later = MONDAY + 10 * MINUTE
    while send(session, transport, at=later):
        pass
    assert set(states(session).values()) == {"sent"}
    assert run_audit(session, "mail") == []


@pytest.mark.of_sqlite
@pytest.mark.parametrize(("sent_minutes_ago", "becomes"), [(5, "550 5.7.1 Refused by policy"), (300, "waits")])
def test_one_mail_that_is_refused_again_and_again_is_given_up_only_while_others_go_out(
    session, transport, mailbox, sent_minutes_ago, becomes
):
    mailbox.answers["rcpt"] = "550 5.7.1 Refused by policy"
    write(session, "other", "bernd@ring.example")
    write(session, "alone", "anna@ring.example")
    other, alone = session.scalars(select(Mail).order_by(Mail.id))
    with write_transaction(session):
        session.merge(other).sent_at = MONDAY - sent_minutes_ago * MINUTE
        session.merge(alone).attempts = 3

    send(session, transport)

    assert states(session)["alone"] == becomes
    assert circuit_breaker.suspension(session) is None
