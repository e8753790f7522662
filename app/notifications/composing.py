"""A letter's words: the template of an event, in the language of its recipient.

A template is a text file with two blocks, `subject` and `text`. The frame around the text (greeting, the one
link, signature) is templates/mail/letter.txt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.mail.links import absolute
from app.mail.outbox import one_line, plain_text, write_letter
from app.notifications.calendar_attachment import calendar_of
from app.notifications.recipients import Recipient
from booking.models import Ring

QUOTED_LENGTH_MAX = 2_000


@dataclass(frozen=True)
class News:
    """What is to be told: a template's name, the facts it shows, and the page to act on.

    with_calendar: the reservation among the facts goes along as a calendar entry.
    """

    template: str
    facts: Mapping[str, Any]
    path: str
    with_calendar: bool = False


def send_news(session: Session, news: News, to: Recipient, *, event_id: int, now: datetime) -> None:
    """Write the letter that tells a recipient of an event. Call inside write_transaction()."""
    ring = session.scalar(select(Ring.name)) or "Ringbuch"
    with force_locale(to.language):
        subject, body = compose(news, to, ring)
    write_letter(
        session,
        key=f"event{event_id}:{news.template}:{to.key}",
        to_address=to.address,
        to_name=to.name,
        subject=subject,
        body=body,
        now=now,
        calendar=calendar_of(session, news.facts["reservation"], to.language) if news.with_calendar else None,
    )


def compose(news: News, to: Recipient, ring: str) -> tuple[str, str]:
    """Subject and body in the present language. Texts of people stay data: one line, or quoted."""
    environment = current_app.jinja_env
    values = {**news.facts, "to": to, "ring": ring, "quoted": quoted, "one_line": one_line}
    template = environment.get_template(f"mail/{news.template}.txt")
    words = template.new_context(values)
    subject, text = ("".join(template.blocks[name](words)) for name in ("subject", "text"))
    frame = environment.get_template("mail/letter.txt")
    body = frame.render(text=text.strip(), to=to, ring=ring, link=absolute(news.path), one_line=one_line)
    return one_line(subject), re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"


def quoted(text: str) -> str:
    """What a person wrote, marked as such line by line, so that it cannot pass for our own words."""
    lines = plain_text(text).strip()[:QUOTED_LENGTH_MAX].splitlines()
    return "\n".join(f"> {line}" for line in lines)
