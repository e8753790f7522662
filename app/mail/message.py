"""Mails of the outbox as MIME messages."""

from __future__ import annotations

import hashlib
import re
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime

from jinja2 import TemplateError

from app.mail import headers
from app.mail.failures import MailNotComposed, PermanentFailure, SenderInvalid
from app.mail.html_part import html_part
from app.mail.outgoing import AttachedFile, OutgoingMail, Sender
from booking.email_addresses import Mailbox, mailbox

FALLBACK_ADDRESS = "ringbuch@localhost"
# What the email package and Jinja raise for what they cannot write; UnicodeError is a ValueError.
COMPOSING_ERRORS = (ValueError, TypeError, LookupError, AttributeError, MessageError, TemplateError)

_CALENDAR_START = re.compile(r"^(?=BEGIN:VCALENDAR)", re.MULTILINE)


def build_message(mail: OutgoingMail, sender: Sender, file: AttachedFile | None = None) -> EmailMessage:
    """Return the MIME message: text, the same as HTML, and files. Texts of people are encoded: none can add a header.

    file: a PDF beside the calendar entries.

    Raises SenderInvalid, PermanentFailure (the recipient's address), MailNotComposed.
    """
    from_address, to_address = _sender_address(sender), _recipient_address(mail)
    try:
        message = _composed(mail, sender, from_address, to_address)
        if file is not None:
            name = headers.file_name(file.name)
            message.add_attachment(file.content, maintype="application", subtype="pdf", filename=name)
        return message
    except COMPOSING_ERRORS as error:
        raise MailNotComposed(f"cannot be composed: {type(error).__name__}: {error}") from error


def sender_faults(sender: Sender) -> list[str]:
    """Return what is wrong with the addresses of the sender, whatever the server says."""
    found = []
    try:
        _sender_address(sender)
    except SenderInvalid as fault:
        found.append(str(fault))
    if sender.reply_to and sender.reply_to != sender.address and _reply_address(sender) is None:
        found.append(
            f"replies go to {sender.address}, because the e-mail address of the ring, {sender.reply_to!r}, is one that "
            "many mail servers do not accept: correct it (Administration)"
        )
    return found


def _composed(mail: OutgoingMail, sender: Sender, from_address: Mailbox, to_address: Mailbox) -> EmailMessage:
    message = EmailMessage(policy=headers.POLICY)
    headers.set_mailbox(message, "From", sender.name, from_address)
    headers.set_mailbox(message, "To", mail.to_name, to_address)
    if (reply_to := _reply_address(sender)) and reply_to != from_address:
        headers.set_mailbox(message, "Reply-To", sender.name, reply_to)
    headers.set_text(message, "Subject", mail.subject)
    message["Date"] = format_datetime(mail.queued_at)
    message["Message-ID"] = f"<{_fingerprint(mail)}@{from_address.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.off_url:
        _add_off_switch(message, mail.off_url)
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    if sender.base_url:
        message.add_alternative(html_part(mail, sender), subtype="html", charset="utf-8", cte="quoted-printable")
    for calendar in filter(None, _CALENDAR_START.split(mail.calendar or "")):
        method = _method(calendar)
        message.add_attachment(
            calendar.encode(),
            maintype="text",
            subtype="calendar",
            filename="cancelled.ics" if method == "CANCEL" else "reservation.ics",
            params={"charset": "utf-8", "method": method},
        )
    return message


def _add_off_switch(message: EmailMessage, url: str) -> None:
    """Add the headers by which a mail program offers to switch such mails off (RFC 2369, RFC 8058)."""
    message.set_raw("List-Unsubscribe", f"<{url}>")
    if url.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _sender_address(sender: Sender) -> Mailbox:
    try:
        return mailbox(sender.address)
    except ValueError as error:
        raise SenderInvalid(
            f"the sender of our mails, {sender.address!r}, is no mail address: set RINGBUCH_MAIL_FROM, or correct the "
            "e-mail address of the ring (Administration)"
        ) from error


def _recipient_address(mail: OutgoingMail) -> Mailbox:
    try:
        return mailbox(mail.to_address)
    except ValueError as error:
        raise PermanentFailure(f"not a mail address: {mail.to_address!r}", is_clear=True) from error


def _reply_address(sender: Sender) -> Mailbox | None:
    """Return where replies go; None where only servers with SMTPUTF8 would take the mail because of it."""
    try:
        address = mailbox(sender.reply_to)
    except ValueError:
        return None
    return address if address.name.isascii() else None


def _method(calendar: str) -> str:
    """Return the METHOD of a calendar file, which the type of its attachment repeats (RFC 6047)."""
    found = re.search(r"^METHOD:([A-Z]+)", calendar, re.MULTILINE)
    return found[1] if found else "PUBLISH"


def _fingerprint(mail: OutgoingMail) -> str:
    # The same for every attempt, so that a mail program shows a mail that was sent twice only once.
    return hashlib.sha256(f"{mail.id}:{mail.key}:{mail.queued_at.isoformat()}".encode()).hexdigest()[:32]
