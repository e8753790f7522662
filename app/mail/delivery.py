"""The worker's mail job: from the settings to the mail server."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.clock import now
from app.mail import leasing, pending_marks, sender
from app.mail.failures import DeliverySuspended
from app.mail.leasing import Readers
from app.mail.message import FALLBACK_ADDRESS
from app.mail.outbox import one_line
from app.mail.outgoing import Sender
from app.mail.transport import MailTransport, transport_from_url
from booking.email_addresses import ascii_domain
from booking.kernel.errors import Unavailable
from booking.models import Ring

log = logging.getLogger(__name__)


def deliver_outbox(session: Session, readers: Readers | None = None) -> int:
    """Send a batch of due mails unless mails are suspended; return how many.

    What became of former mails is stored first. readers: see lease_due(). Raises the errors of the database.
    """
    marks = pending_marks.marks_of(session)
    try:
        marks.store(session)
        return _deliver(session, readers) if leasing.has_due(session, now=now()) else 0
    except (DBAPIError, Unavailable):
        marks.note_failure()
        raise


def has_work(session: Session) -> bool:
    """Return whether deliver_outbox() would have something to do. Only reads; raises the errors of the database."""
    marks = pending_marks.marks_of(session)
    try:
        return bool(marks) or leasing.has_due(session, now=now())
    except (DBAPIError, Unavailable):
        marks.note_failure()
        raise


def _deliver(session: Session, readers: Readers | None) -> int:
    transport, ring = transport_of(current_app), ring_sender(session)
    try:
        return sender.send_batch(session, transport, ring, now, readers)
    except DeliverySuspended as cause:
        log.warning("mail waits: %s", cause)
        return 0


def transport_of(app: Flask) -> MailTransport:
    """Return the transport of the settings."""
    try:
        our_name = ascii_domain(urlsplit(app.config["BASE_URL"]).hostname or "")
    except ValueError:
        our_name = ""
    return transport_from_url(app.config["MAIL_URL"], our_name or "localhost")


def ring_sender(session: Session) -> Sender:
    """Return the ring as sender of its mails; replies go to the ring's own address."""
    found = session.execute(select(Ring.name, Ring.email, Ring.colour)).one_or_none()
    name, address, colour = found or ("Ringbuch", "", "")
    session.rollback()  # no transaction stays open while the network is used
    return Sender(
        one_line(name),
        current_app.config["MAIL_FROM"] or address or FALLBACK_ADDRESS,
        address,
        current_app.config["BASE_URL"],
        colour,
    )
