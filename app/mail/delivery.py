"""The worker's mail job: from the settings to the mail server, with a circuit breaker between."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.mail import sender
from app.mail.message import FALLBACK_ADDRESS, Sender
from app.mail.transport import MailTransport, ServerUnreachable, transport_from_url
from booking.models import Ring

OPEN_SECONDS = 60.0  # after a server that could not be reached

log = logging.getLogger(__name__)


class CircuitBreaker:
    """Stops this process from calling an unreachable mail server for a while, however many mails wait."""

    def __init__(self) -> None:
        self.open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server must not be called yet."""
        return time.monotonic() < self.open_until

    def trip(self) -> None:
        """Open the breaker."""
        self.open_until = time.monotonic() + OPEN_SECONDS


def deliver_outbox(session: Session) -> int:
    """Send a batch of due mails unless the circuit breaker is open; return how many."""
    breaker = current_app.extensions.setdefault("ringbuch_mail_breaker", CircuitBreaker())
    if breaker.is_open or not sender.has_due(session, now=now()):
        return 0
    transport, ring = transport_of(current_app), ring_sender(session)
    try:
        return sender.send_batch(session, transport, ring, now)
    except ServerUnreachable as error:
        breaker.trip()
        log.warning("mail waits: %s", error)
        return 0


def transport_of(app: Flask) -> MailTransport:
    """Return the transport of the settings. Raises MailUrlInvalid."""
    return transport_from_url(app.config["MAIL_URL"], urlsplit(app.config["BASE_URL"]).hostname or "localhost")


def ring_sender(session: Session) -> Sender:
    """Return the ring as sender of its mails; replies go to the ring's own address."""
    name, address = session.execute(select(Ring.name, Ring.email)).one_or_none() or ("Ringbuch", "")
    session.rollback()  # no transaction stays open while the network is used
    return Sender(name, current_app.config["MAIL_FROM"] or address or FALLBACK_ADDRESS, address)
