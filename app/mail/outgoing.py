"""A mail on its way out, and who sends it: plain values, detached from the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A leased mail, detached from the database. language and tone: see queue_mail(); empty where not known.

    document_sending_id: whose file is attached.
    """

    id: int
    key: str
    to_address: str
    to_name: str
    subject: str
    body: str
    calendar: str | None
    queued_at: datetime
    attempts: int
    off_url: str = ""
    language: str = ""
    tone: str = ""
    document_sending_id: int | None = None


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A PDF to attach to a mail."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sender:
    """The ring as sender. reply_to: where replies go, if not to the address itself. base_url: of its site; without it
    a mail has no HTML part. colour: the ring's, #rrggbb.
    """

    name: str
    address: str
    reply_to: str = ""
    base_url: str = ""
    colour: str = ""
