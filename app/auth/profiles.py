"""What a login sets for itself: name, language, theme and keys, and the end of its tour."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.auth.errors import LoginNotFound
from app.auth.models import User
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import Actor, record


@dataclass(frozen=True, slots=True)
class Profile:
    """What a login sets for itself. uses_search_key: "/" leads to the search."""

    name: str
    language: str
    theme: str
    uses_search_key: bool


def change_profile(session: Session, user_id: int, profile: Profile, *, now: datetime) -> None:
    """Change a login's own profile. Call inside write_transaction(). Raises LoginNotFound."""
    user, wanted = session.get(User, user_id, with_for_update=True), asdict(profile)
    if user is None:
        raise LoginNotFound(id=user_id)
    changed = [field for field in wanted if getattr(user, field) != wanted[field]]
    for field in changed:
        setattr(user, field, wanted[field])
    if changed:
        facts = RecordChanged(table="login", record_id=user_id, what=",".join(changed))
        record(session, facts, by=Actor(user_id=user_id), at=now)


def end_tour(session: Session, user_id: int, *, now: datetime) -> None:
    """Never offer the tour to a login again. Call inside write_transaction()."""
    session.execute(update(User).where(User.id == user_id, User.tour_ended_at.is_(None)).values(tour_ended_at=now))
