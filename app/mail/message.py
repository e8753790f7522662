"""Mails of the outbox as MIME messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

FALLBACK_ADDRESS = "ringbuch@localhost"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A leased mail, detached from the database."""

    id: int
    key: str
    to_address: str
    to_name: str
    subject: str
    body: str
    calendar: str | None
    queued_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Sender:
    """The ring as sender. reply_to: where replies go, if not to the address itself."""

    name: str
    address: str
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]


def build_message(mail: OutgoingMail, sender: Sender) -> EmailMessage:
    """Return the MIME message. The policy refuses line ends in headers, so no header can be injected.

    Raises ValueError for an invalid address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=validated_address(sender.address))
    message["To"] = Address(mail.to_name, addr_spec=validated_address(mail.to_address))
    if sender.reply_to and sender.reply_to != sender.address:
        message["Reply-To"] = Address(sender.name, addr_spec=validated_address(sender.reply_to))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.queued_at)
    message["Message-ID"] = f"<{_fingerprint(mail)}@{_ascii_domain(sender.domain)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    if mail.calendar:
        message.add_attachment(
            mail.calendar.encode(),
            maintype="text",
            subtype="calendar",
            filename="reservation.ics",
            params={"charset": "utf-8", "method": "PUBLISH"},
        )
    return message


def validated_address(text: str) -> str:
    """Return an address that a header can carry, its domain in ASCII (IDNA). Raises ValueError."""
    address = parseaddr(text)[1]
    name, at, domain = address.rpartition("@")
    if not (name and at and domain):
        raise ValueError(f"not a mail address: {text!r}")
    return f"{name}@{_ascii_domain(domain)}"


def _fingerprint(mail: OutgoingMail) -> str:
    # The same for every attempt, so that a mail program shows a mail that was sent twice only once.
    return hashlib.sha256(f"{mail.id}:{mail.key}:{mail.queued_at.isoformat()}".encode()).hexdigest()[:32]


def _ascii_domain(domain: str) -> str:
    return domain.encode("idna").decode("ascii")
