"""Subject and body of a mail: the template of an event, in the language of its recipient.

A template is a text file with two blocks, `subject` and `text`. The frame around the text (greeting, the one
link, signature) is templates/mail/_frame.txt.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.mail.links import absolute
from app.mail.outbox import one_line, plain_text, queue_mail, record_unwritten
from app.notifications import choices, off_links
from app.notifications.attached_entries import record_entries
from app.notifications.calendar_attachment import calendar_of
from app.notifications.kinds import KIND_OF_TEMPLATE, TONE_OF_TEMPLATE
from app.notifications.recipients import Recipient
from app.wording.mail_kinds import TEXTS
from billing.tariffs.asked_amounts import LackingVariants
from booking.kernel.errors import Unavailable
from booking.kernel.transaction import notes_of
from booking.models import Ring
from booking.queries import ReservationView
from booking.timespan import TimeSpan

QUOTED_LENGTH_MAX = 2_000
_RING = "name of the ring"  # among the notes of a transaction
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notification:
    """What a mail is about: its template, the facts it shows, and the page to act on.

    with_calendar: the reservation among the facts is attached as a calendar entry, or the several ones that `changed`.
    link_ends_at, document_sending_id: see queue_mail().
    """

    template: str
    facts: Mapping[str, Any]
    path: str
    with_calendar: bool = False
    link_ends_at: datetime | None = None
    document_sending_id: int | None = None

    @property
    def entries(self) -> Sequence[ReservationView]:
        """The reservations of one member that are attached as calendar entries."""
        facts = self.facts
        return facts["changed"] if "changed" in facts else [facts["reservation"]]


def queue_notification(
    session: Session, notification: Notification, to: Recipient, *, event_id: int, now: datetime
) -> None:
    """Queue the mail about an event for one recipient who wants it. Call inside write_transaction()."""
    key = f"event{event_id}:{notification.template}:{to.key}"
    queue_keyed(session, notification, to, key=key, now=now, link_ends_at=notification.link_ends_at)


def queue_keyed(
    session: Session,
    notification: Notification,
    to: Recipient,
    *,
    key: str,
    now: datetime,
    link_ends_at: datetime | None = None,
) -> None:
    """Queue a mail of a key for one recipient who wants its kind. Call inside write_transaction().

    link_ends_at: see queue_mail().
    """
    kind = KIND_OF_TEMPLATE[notification.template]
    if not choices.wants(session, to, kind):
        return
    off_url = "" if kind.is_required else off_links.url_of(to, kind)
    ring = _ring_name(session)
    with force_locale(to.language):
        subject, body = compose(notification, to, ring, off_url=off_url, lacks=_lacks(session))
    entries = notification.entries if notification.with_calendar else ()
    mail_id = queue_mail(
        session,
        key=key,
        to_address=to.address,
        to_name=to.name,
        subject=subject,
        body=body,
        now=now,
        off_url=off_url,
        link_ends_at=link_ends_at,
        language=to.language,
        tone=TONE_OF_TEMPLATE.get(notification.template, ""),
        whose=(to.audience, to.key),
        calendar=calendar_of(session, entries, to.language) if entries else None,
        document_sending_id=notification.document_sending_id,
    )
    if mail_id is not None and entries:
        record_entries(session, mail_id, entries, to)


def _ring_name(session: Session) -> str:
    """Return the name of the ring, read once in a transaction: the worker queues many mails in one."""
    notes = notes_of(session)
    if _RING not in notes:
        notes[_RING] = session.scalar(select(Ring.name)) or "Ringbuch"
    return str(notes[_RING])


def queue_or_record(
    session: Session,
    notification: Notification,
    to: Recipient,
    *,
    key: str,
    now: datetime,
    link_ends_at: datetime | None = None,
) -> None:
    """Queue a mail as queue_keyed() does; one that cannot be composed is recorded among those that were given up.

    So it stops no other of the same run. Call inside write_transaction(), which is repeated where the database failed.
    """
    try:
        with session.begin_nested():
            queue_keyed(session, notification, to, key=key, now=now, link_ends_at=link_ends_at)
    except (Unavailable, SQLAlchemyError):
        raise
    except Exception as error:
        log.exception("mail %s could not be composed", key)
        with force_locale(to.language):
            subject = str(TEXTS[KIND_OF_TEMPLATE[notification.template].code][0])
        record_unwritten(
            session,
            key=key,
            to_address=to.address,
            to_name=to.name,
            subject=subject,
            error=error,
            document_sending_id=notification.document_sending_id,
            now=now,
        )


class WithVariants(Protocol):
    """A time on a machine, with variants of its tariff: a reservation, an offer, a half of an exchange."""

    @property
    def machine_id(self) -> int: ...

    @property
    def span(self) -> TimeSpan: ...

    @property
    def choices(self) -> tuple[str, ...]: ...


Lacks = Callable[[WithVariants], Sequence[str]]


def _lacks(session: Session) -> Lacks:
    """Return what tells which of its variants the machine of a reservation does not have: a mail promises none."""
    lacking = LackingVariants(session)
    return lambda one: lacking(one.machine_id, one.span.start, one.choices)


def compose(
    notification: Notification, to: Recipient, ring: str, *, lacks: Lacks, off_url: str = ""
) -> tuple[str, str]:
    """Return subject and body in the current language. Texts of people stay data: one line, or quoted.

    lacks: the variants that are not there, of what a mail is about. off_url: where mails of its kind are switched off.
    """
    environment = current_app.jinja_env
    values = {
        **notification.facts,
        "to": to,
        "has_file": notification.with_calendar and bool(notification.entries),
        "ring": ring,
        "quoted": quoted,
        "one_line": one_line,
        "absolute": absolute,
        "lacks": lacks,
    }
    template = environment.get_template(f"mail/{notification.template}.txt")
    variables = template.new_context(values)
    subject, text = ("".join(template.blocks[name](variables)) for name in ("subject", "text"))
    frame = environment.get_template("mail/_frame.txt")
    link = absolute(notification.path)
    body = frame.render(text=text.strip(), to=to, ring=ring, link=link, off_url=off_url, one_line=one_line)
    return one_line(subject), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def quoted(text: str) -> str:
    """Return text that a person wrote, each line marked with ">", so that it cannot pass for ours."""
    lines = plain_text(text).strip()[:QUOTED_LENGTH_MAX].splitlines()
    return "\n".join(f"> {line}" for line in lines)
