"""Screens in workshops that show the plan without a log-in, each by a secret address: made, withdrawn, resolved.

Only the SHA-256 of a secret is stored. A screen belongs to its workshop, or to the whole ring: it is listed there, and
stays when who made it manages there no more. But who made it has seen its address, so that it ends as a calendar
subscription does: when that login is disabled, or its member leaves.
Verbs flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from app.auth import memberships
from app.auth.errors import TooManyScreens
from app.auth.models import User, WallScreen
from booking.errors.schedule_errors import NotFound
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.tokens import hash_of, new_token

SCREENS_MAX = 50  # of a ring
LABEL_LENGTH_MAX = 80
LENGTHS_OF_SECRETS = range(20, 200)  # what is worth hashing at all


@dataclass(frozen=True, slots=True)
class ScreenCard:
    """A screen as who manages it sees it; never its secret. workshop_id: None for all workshops.

    has_ended: with the login that made it; another one has to be made.
    """

    id: int
    workshop_id: int | None
    label: str
    language: str
    theme: str
    created_at: datetime
    has_ended: bool


def create(
    session: Session, *, workshop_id: int | None, label: str, language: str, theme: str, by: Actor, now: datetime
) -> tuple[int, str]:
    """Create a screen and return its id and its secret, to be shown once. Raises TooManyScreens."""
    held = select(func.count()).select_from(WallScreen).where(WallScreen.revoked_at.is_(None))
    if (session.scalar(held) or 0) >= SCREENS_MAX:
        raise TooManyScreens(limit=SCREENS_MAX)
    secret = new_token()
    screen = WallScreen(
        token_hash=hash_of(secret),
        workshop_id=workshop_id,
        label=label,
        language=language,
        theme=theme,
        created_at=now,
        made_by=by.user_id,
    )
    session.add(screen)
    session.flush()
    _record(session, screen.id, "entered", by, now)
    return screen.id, secret


def withdraw(session: Session, screen_id: int, *, by: Actor, now: datetime) -> None:
    """Withdraw a screen; its address then looks as if it had never existed. Raises NotFound."""
    screen = session.get(WallScreen, screen_id, with_for_update=True, populate_existing=True)
    if screen is None:
        raise NotFound(id=screen_id)
    if screen.revoked_at is None:
        screen.revoked_at = now
        session.flush()
        _record(session, screen_id, "revoked_at", by, now)


def screen(session: Session, screen_id: int, *, now: datetime) -> ScreenCard:
    """Return a screen that is not withdrawn. Raises NotFound."""
    found = _cards(session, now, WallScreen.id == screen_id)
    if not found:
        raise NotFound(id=screen_id)
    return found[0]


def screens(session: Session, workshop_ids: Collection[int] | None, *, now: datetime) -> list[ScreenCard]:
    """Return the screens of some workshops, the newest first; None: of all, with those of the whole ring."""
    return _cards(session, now, *([] if workshop_ids is None else [WallScreen.workshop_id.in_(workshop_ids)]))


def resolve(session: Session, secret: str, *, now: datetime) -> ScreenCard | None:
    """Return the screen of a secret, or None; None also for one that has ended."""
    if len(secret) not in LENGTHS_OF_SECRETS or not secret.isascii():
        return None
    found = _cards(session, now, WallScreen.token_hash == hash_of(secret))
    return found[0] if found and not found[0].has_ended else None


def _cards(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> list[ScreenCard]:
    columns = (WallScreen.id, WallScreen.workshop_id, WallScreen.label)
    looks = (WallScreen.language, WallScreen.theme, WallScreen.created_at)
    is_over = or_(User.disabled_at.is_not(None), memberships.has_left())
    has_ended = exists().where(User.id == WallScreen.made_by, is_over)
    found = select(*columns, *looks, has_ended).where(WallScreen.revoked_at.is_(None), *conditions)
    rows = session.execute(
        found.order_by(WallScreen.id.desc()).limit(SCREENS_MAX), {"today": memberships.ring_day(now)}
    )
    return [ScreenCard(*row) for row in rows]


def _record(session: Session, screen_id: int, what: str, by: Actor, now: datetime) -> None:
    events.record(session, RecordChanged(table="wall_screen", record_id=screen_id, what=what), by=by, at=now)
