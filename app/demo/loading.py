"""Loading the demo ring: into an empty instance, or as sample data beside what the set-up entered."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.demo.agenda import ZONE, Agenda
from app.demo.books import Books
from app.demo.season import Season
from app.demo.stage import build
from app.notifications import subscribers as mail
from booking.kernel import cursors
from booking.models import Member

SEASON_DAYS = 200
SAMPLE_SCALE = 0.3  # somebody waits in the browser while it loads
MORNING = time(7, 30)
DOMAIN = "@demo.example"


class StrangersHere(Exception):
    """The instance holds members or logins that are not the demo's; nothing was changed."""


def is_loaded(session: Session) -> bool:
    """Whether the demo ring is here already."""
    return bool(session.scalar(select(exists().where(User.email.like(f"%{DOMAIN}")))))


def load(session: Session, today: date, *, seed: int = 1, scale: float = 1.0, now: datetime) -> bool:
    """Fill an empty instance. Returns False, and changes nothing, where the demo is already. Call inside
    write_transaction().

    The same seed, day and scale give the same data. now: the clock; the demo's present is the morning of
    `today`, or earlier when that has not come yet.

    Raises StrangersHere.
    """
    if is_loaded(session):
        return False
    if session.scalar(select(exists().where(Member.id > 0))) or session.scalar(select(exists().where(User.id > 0))):
        raise StrangersHere
    _live(session, today, seed=seed, scale=scale, now=now, with_ring=True)
    return True


def load_sample(session: Session, *, now: datetime) -> None:
    """Put the demo's members, machines and season beside what is there. Call inside write_transaction()."""
    if not is_loaded(session):
        _live(session, now.astimezone(ZONE).date(), seed=1, scale=SAMPLE_SCALE, now=now, with_ring=False)


def _live(session: Session, today: date, *, seed: int, scale: float, now: datetime, with_ring: bool) -> None:
    rng = Random(f"{seed} {today.isoformat()} {scale}")
    present = datetime.combine(today, MORNING, tzinfo=ZONE)
    if today == now.astimezone(ZONE).date():
        present = min(present, now)
    begin = today - timedelta(days=SEASON_DAYS)
    opened = datetime.combine(begin - timedelta(days=30), MORNING, tzinfo=ZONE)
    stage = build(session, today, begin, rng, now=opened, with_ring=with_ring)
    season, books = Season(session, stage, rng, now=present), Books(session, stage)
    Agenda((*season.lives(scale), *books.lives())).live(session, until=present)
    _count_as_told(session, now=present)


def _count_as_told(session: Session, *, now: datetime) -> None:
    """Send no mails about the invented past; what people do from now on is notified as usual."""
    for subscription in mail.SUBSCRIPTIONS:
        cursor = cursors.claim(session, subscription.subscriber, now=now)
        if cursor is not None:
            cursors.advance(session, cursor, None, now=now)
