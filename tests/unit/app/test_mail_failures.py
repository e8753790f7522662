"""What the replies of mail servers mean: wordings of providers, with and without enhanced codes."""

from __future__ import annotations

import pytest

from app.mail.failures import (
    PermanentFailure,
    SenderRefused,
    ServerUnreachable,
    TemporaryFailure,
    failure_of,
    failure_of_sender,
)

OUR_SIDE = [
    "550 5.4.5 Daily user sending limit exceeded",
    "550-5.7.1 [192.0.2.7] Our system has detected that this message is likely unsolicited",
    "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP",
    "554 5.2.252 SendAsDenied; ring@hof.example not allowed to send as buero@hof.example",
    "550 5.1.8 Access denied, bad outbound sender",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    "554 Message rejected: Email address is not verified",
    "550 Daily sending quota exceeded",
    "554 Transaction failed: Reject due to policy restrictions",
    "553 Sorry, relaying denied",
    "530 Authentication required",
    "503 AUTH first",
    "550 5.1.0 <ring@hof.example>: Sender address rejected: not owned by user",
    "552 5.2.0 sending quota exceeded",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 You have exceeded the maximum number of messages per hour",
    "550 SC-001 (BAY004) Unfortunately, messages from 192.0.2.7 weren't sent",
]
ONE_RECIPIENT = [
    "550 5.1.1 The email account that you tried to reach does not exist",
    "550 #5.1.0 Address rejected",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found",
    "550 5.4.1 Recipient address rejected: Access denied",
    "552 5.2.2 The email account that you tried to reach is over quota",
    "550 Requested action not taken: mailbox unavailable",
    "550 No such user here",
    "551 User not local",
    "550 sorry, no mailbox here by that name. (#5.1.1)",
    "550 Unrouteable address",
    "550 account anna@farm.example does not exist",
    "550 Empfänger unbekannt",
    "552 Message exceeds fixed maximum",
    "553 Requested action not taken: mailbox name not allowed",
]


def failure(reply):
    return failure_of(int(reply[:3]), reply[4:].encode())


@pytest.mark.parametrize("reply", OUR_SIDE)
def test_account_quota_policy_and_sender_are_our_fault(reply):
    assert isinstance(failure(reply), SenderRefused)
    assert str(failure(reply)) == reply.replace("550-", "550 ")


@pytest.mark.parametrize("reply", ONE_RECIPIENT)
def test_an_address_a_mailbox_or_a_size_is_the_fault_of_one_mail(reply):
    assert isinstance(failure(reply), PermanentFailure)
    assert failure(reply).is_clear


@pytest.mark.parametrize("reply", ["554 No", "550 5.0.0 Rejected", "554 5.3.0 Failed", "550 5.4.1 No answer from host"])
def test_a_refusal_without_a_reason_is_not_clear(reply):
    assert isinstance(failure(reply), PermanentFailure)
    assert not failure(reply).is_clear


@pytest.mark.parametrize("reply", ["451 Try again later", "450 4.2.1 receiving too quickly", "451 4.7.1 Greylisting"])
def test_a_4xx_is_for_the_moment(reply):
    assert isinstance(failure(reply), TemporaryFailure)


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (552, b"5.3.4 Message too big for system", PermanentFailure),
        (554, b"5.3.4 Message too large", PermanentFailure),
        (552, b"message size exceeds fixed maximum message size", PermanentFailure),
        (550, b"5.1.8 Sender address rejected", SenderRefused),
        (553, b"5.1.1 Address unknown", SenderRefused),
        (452, b"4.3.1 Insufficient system storage", ServerUnreachable),
        (451, b"4.7.1 Greylisting in action", ServerUnreachable),
        (421, b"4.7.0 Too many connections", ServerUnreachable),
    ],
)
def test_a_refusal_of_the_sender_concerns_all_mails_unless_this_one_is_too_large(code, text, meaning):
    assert type(failure_of_sender(code, text)) is meaning
