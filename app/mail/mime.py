"""A letter of the mail table -> a message as mail servers want it."""

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
class Envelope:
    """A letter on its way, apart from the database."""

    id: int
    key: str
    to_address: str
    to_name: str
    subject: str
    body: str
    calendar: str | None
    written_at: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the ring. reply_to: where answers go, if not to the address itself."""

    name: str
    address: str
    reply_to: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def message_of(envelope: Envelope, sender: Sender) -> EmailMessage:
    """The message. The policy refuses line ends in headers, so nothing can be smuggled in.

    Raises ValueError for an address that cannot be one.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender.name, addr_spec=usable_address(sender.address))
    message["To"] = Address(envelope.to_name, addr_spec=usable_address(envelope.to_address))
    if sender.reply_to and sender.reply_to != sender.address:
        message["Reply-To"] = Address(sender.name, addr_spec=usable_address(sender.reply_to))
    message["Subject"] = envelope.subject
    message["Date"] = format_datetime(envelope.written_at)
    message["Message-ID"] = f"<{_fingerprint(envelope)}@{_ascii_domain(sender.domain)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(envelope.body, charset="utf-8", cte="quoted-printable")
    if envelope.calendar:
        message.add_attachment(
            envelope.calendar.encode(),
            maintype="text",
            subtype="calendar",
            filename="reservation.ics",
            params={"charset": "utf-8", "method": "PUBLISH"},
        )
    return message


def usable_address(text: str) -> str:
    """An address that a header can carry, its domain as the net spells it. Raises ValueError."""
    address = parseaddr(text)[1]
    name, at, domain = address.rpartition("@")
    if not (name and at and domain):
        raise ValueError(f"not a mail address: {text!r}")
    return f"{name}@{_ascii_domain(domain)}"


def _fingerprint(envelope: Envelope) -> str:
    # The same for every try, so that a mail program shows a letter that was sent twice only once.
    return hashlib.sha256(f"{envelope.id}:{envelope.key}:{envelope.written_at.isoformat()}".encode()).hexdigest()[:32]


def _ascii_domain(domain: str) -> str:
    return domain.encode("idna").decode("ascii")
