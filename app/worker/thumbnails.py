"""The small pictures of machines whose photo was stored before there were any."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from app.forms.images import square_thumb
from app.forms.picture_headers import NotAPicture, TooManyPixels
from booking import queries, records
from booking.kernel.transaction import in_write_transaction

AT_ONCE = 5
NONE = b""  # of a photo that cannot be decoded: it is shown as it is, and not tried again


def make_thumbnails(session: Session) -> int:
    """Make a few missing thumbnails, each in its own transaction; return how many."""
    waiting = queries.photos_without_thumb(session, limit=AT_ONCE)
    for photo_id in waiting:
        picture = queries.photo(session, photo_id)
        thumb = _thumb(picture.content) if picture is not None else NONE
        in_write_transaction(session, partial(records.store_thumb, session, photo_id, thumb))
    return len(waiting)


def _thumb(content: bytes) -> bytes:
    try:
        return square_thumb(content, Path(current_app.instance_path))
    except (NotAPicture, TooManyPixels):
        return NONE
