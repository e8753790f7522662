"""The small pictures of machines whose photo was stored before there were any."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from app.forms.images import card_photo, square_thumb
from app.forms.picture_headers import NotAPicture, TooManyPixels
from booking import queries
from booking.kernel.transaction import in_write_transaction
from booking.records import records

AT_ONCE = 5
NONE = b""  # of a photo that cannot be decoded: it is shown as it is, and not tried again


def make_thumbnails(session: Session) -> int:
    """Make the missing small pictures of a few photos, each in its own transaction; return of how many."""
    waiting = queries.photos_without_small(session, limit=AT_ONCE)
    for photo_id in waiting:
        picture = queries.photo(session, photo_id)
        content = picture.content if picture is not None else NONE
        small = {"thumb": _scaled(content, square_thumb), "card": _scaled(content, card_photo)}
        in_write_transaction(session, partial(records.store_small, session, photo_id, **small))
    return len(waiting)


def _scaled(content: bytes, scale: Callable[[bytes, Path], bytes]) -> bytes:
    try:
        return scale(content, Path(current_app.instance_path))
    except (NotAPicture, TooManyPixels):
        return NONE
