"""Pictures: of a machine, of its state when it changes hands, the ring's logo. Never changed, so a number means one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from booking.models import Photo


def keep(session: Session, content: bytes, media_type: str, *, now: datetime) -> int:
    """Store a picture, already re-encoded and small, and return its id. Call inside write_transaction()."""
    photo = Photo(content=content, media_type=media_type, taken_at=now)
    session.add(photo)
    session.flush()
    return photo.id
