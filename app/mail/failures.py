"""Why a mail was not sent: the fault of its recipient, of the moment, or of our own side.

The difference decides what happens: a mail of a wrong recipient is given up alone, a refusal for the moment is tried
again, and a fault of our side (account, quota, policy, sender) suspends all mails, since the next would be refused too.
"""

from __future__ import annotations

import re
from typing import ClassVar

from booking.kernel.texts import without_unfit

# RFC 3463, behind the code of RFC 5321 or, by qmail, at the end: "(#5.7.1)".
_ENHANCED = re.compile(r"^\d{3}(?:[ -]#?|.*\(#)(\d\.\d{1,3}\.\d{1,3})\b", re.DOTALL)

# 5.1.7, 5.1.8: our sender. 5.1.90, 5.2.25x, 5.7.x: Microsoft's limits, rights, blocks. 5.4.5: Gmail's daily limit.
_OF_SENDER = re.compile(r"[45]\.(1\.7|1\.8|1\.90|2\.25\d|3\.2|3\.5|4\.5|7\.\d+)")
# 5.1.x: the address. 5.2.x: the mailbox. 5.3.4: the size. 5.4.4: no way to its domain. 5.6.x: the content.
# 5.1.0 and 5.2.0 may also mean the sender: the text decides.
_OF_RECIPIENT = re.compile(r"[45]\.(1\.[1-9]\d*|2\.[1-9]|3\.4|4\.4|4\.6|6\.\d+)")
_SIZE = re.compile(r"^\d{3}[ -]5\.(3\.4|2\.3)\b|message (size|too (big|large))|size limit|\bsize\b", re.IGNORECASE)

_SENDER_CODES = ("530", "534", "535", "538", "571")  # log in first; log-in refused; policy
_RECIPIENT_CODES = ("551", "556")

_RECIPIENT_TEXT = re.compile(
    r"no such (user|recipient|mailbox|person|address|account)|(user|recipient|mailbox|address|account) (is )?unknown"
    r"|unknown (user|recipient|mailbox|address|account|local)"
    r"|mailbox (is )?(unavailable|not found|full|disabled|inactive)"
    r"|recipient (address )?rejected|(user|mailbox|recipient|address|account) (does not|doesn't) exist|user not found"
    r"|(invalid|nonexistent|non-existent|bad) (recipient|mailbox|destination|user)|no mailbox|not a valid mailbox"
    r"|(?<!sender )address rejected|message exceeds|unroute?able address"
    r"|(user|recipient|mailbox|address|account) \S+ (does not|doesn't) exist"
    r"|(empfänger|benutzer|postfach|adresse) (ist )?(unbekannt|existiert nicht|nicht gefunden)"
    r"|mailbox name|over ?quota|mailbox.{0,30}(quota|storage)|storage allocation|message (size|too (big|large))"
    r"|size limit|not local",
    re.IGNORECASE,
)
_SENDER_TEXT = re.compile(
    r"quota|limit|too (many|much)|relay|authenticat|authori[sz]|permi(t|ss)|not allowed|sender|policy|polic(y|ies)"
    r"|spam|black ?list|block(ed| ?list)|\blisted\b|reputation|suspended|disabled|locked|denied|not verified|banned"
    r"|unsolicited|abuse|dmarc|\bspf\b|dkim|\bauth\b|exceed|prohibit|as ?denied|\bmessages from\b",
    re.IGNORECASE,
)


class DeliverySuspended(Exception):
    """No mail can be sent at present, through no fault of a mail or its recipient: every mail waits."""

    is_our_fault: ClassVar[bool] = True


class ServerUnreachable(DeliverySuspended):
    """The server cannot be reached, perhaps only for a moment."""

    is_our_fault: ClassVar[bool] = False

    def __init__(self, reason: str, *, is_about_mail: bool = False) -> None:
        """is_about_mail: the server went away while it had a mail, which may be the cause."""
        super().__init__(reason)
        self.is_about_mail = is_about_mail


class LoginRefused(ServerUnreachable):
    """The server does not log us in, or only without encryption."""

    is_our_fault: ClassVar[bool] = True


class SenderInvalid(DeliverySuspended):
    """Our own sender address cannot stand in a mail, or the server cannot carry it."""


class SenderRefused(DeliverySuspended):
    """The server refuses our account, sender, quota or policy.

    is_about_mail: it said so about one mail (RCPT, DATA), which may be the cause after all.
    """

    def __init__(self, reason: str, *, is_about_mail: bool = False) -> None:
        super().__init__(reason)
        self.is_about_mail = is_about_mail


class RefusedInARow(SenderRefused):
    """Mails to several recipients were refused in a row, so the server may refuse all."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_about_mail=True)


class MailNotComposed(Exception):
    """This program cannot make a message of this mail. Our fault; the next mail may go."""


class TemporaryFailure(Exception):
    """The server does not take this mail now (4xx). Try it again later; the next mail may go.

    is_about_sender: it says so of our side, which greylisting does at first and a wrong set-up for good.
    """

    def __init__(self, reason: str, *, is_about_sender: bool = False) -> None:
        super().__init__(reason)
        self.is_about_sender = is_about_sender


class PermanentFailure(Exception):
    """The server will never take this mail (5xx). is_clear: because of its recipient or content, beyond doubt."""

    def __init__(self, reason: str, *, is_clear: bool = False) -> None:
        super().__init__(reason)
        self.is_clear = is_clear


def failure_of(code: int, text: bytes | str) -> Exception:
    """Return what a refusal of one mail (RCPT, DATA) means."""
    reply = reply_text(code, text)
    if not 500 <= code < 600:
        return TemporaryFailure(reply, is_about_sender=is_about_sender(reply))
    if is_about_sender(reply):
        return SenderRefused(reply, is_about_mail=True)
    return PermanentFailure(reply, is_clear=is_about_recipient(reply))


def failure_of_sender(code: int, text: bytes | str) -> Exception:
    """Return what a refusal of MAIL FROM means: it concerns every mail, unless this one is too large."""
    reply = reply_text(code, text)
    if not 500 <= code < 600:
        return ServerUnreachable(reply)  # busy, full or greylisting: for the moment
    if is_about_recipient(reply) and _SIZE.search(reply):
        return PermanentFailure(reply, is_clear=True)
    return SenderRefused(reply)


def reply_text(code: int, text: bytes | str) -> str:
    """Return the reply of a server as one text, beginning with its code."""
    return without_unfit(f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")


def is_about_sender(reply: str) -> bool:
    """Return whether a reply refuses our account, quota, policy or sender."""
    code = _ENHANCED.match(reply)
    if code and _OF_SENDER.fullmatch(code[1]):
        return True
    if code and _OF_RECIPIENT.fullmatch(code[1]):
        return False
    if reply.startswith(_SENDER_CODES):
        return True
    return not _RECIPIENT_TEXT.search(reply) and bool(_SENDER_TEXT.search(reply))


def is_about_recipient(reply: str) -> bool:
    """Return whether a reply refuses one address or one message, whoever sends it."""
    if is_about_sender(reply):
        return False
    code = _ENHANCED.match(reply)
    if code and _OF_RECIPIENT.fullmatch(code[1]):
        return True
    return reply.startswith(_RECIPIENT_CODES) or bool(_RECIPIENT_TEXT.search(reply))
