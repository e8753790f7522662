"""Emptying the letter box: the worker's mail job, from the settings to the mail server."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import now
from app.mail import sender
from app.mail.mime import FALLBACK_ADDRESS, Sender
from app.mail.transport import PostOffice, Unreachable, post_office
from booking.models import Ring

REST_SECONDS = 60.0  # after a server that cannot be spoken to

log = logging.getLogger(__name__)


class Rest:
    """This process leaves a silent mail server alone for a while, however many letters wait."""

    def __init__(self) -> None:
        self.until = 0.0

    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    def begin(self) -> None:
        self.until = time.monotonic() + REST_SECONDS


def empty_letter_box(session: Session) -> int:
    """Send a batch of what is due, unless the server is silent. Returns how many letters."""
    rest = current_app.extensions.setdefault("ringbuch_mail_rest", Rest())
    if not rest.is_over() or not sender.has_due(session, now=now()):
        return 0
    office, who = office_of(current_app), sender_of(session)
    try:
        return sender.send_batch(session, office, who, now)
    except Unreachable as error:
        rest.begin()
        log.warning("mail waits: %s", error)
        return 0


def office_of(app: Flask) -> PostOffice:
    """The post office of the settings. Raises MailUrlUnusable."""
    return post_office(app.config["MAIL_URL"], urlsplit(app.config["BASE_URL"]).hostname or "localhost")


def sender_of(session: Session) -> Sender:
    """The ring as the sender of its letters; answers go to the ring's own address."""
    name, address = session.execute(select(Ring.name, Ring.email)).one_or_none() or ("Ringbuch", "")
    session.rollback()  # nothing is held while the network is spoken to
    return Sender(name, current_app.config["MAIL_FROM"] or address or FALLBACK_ADDRESS, address)
