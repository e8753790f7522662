"""Where the picture of a machine is: templates name a machine by its slug, and need no query of their own."""

from __future__ import annotations

import time
from collections.abc import Mapping

from flask import current_app, url_for

from app.extensions import db
from booking import queries

CACHE_SECONDS = 5.0  # after which a change made in another process holds here, too
EXTENSION = "machine_pictures"
SMALL_SIZES = ("thumb", "card")


def picture_url(slug: str, size: str = "photo") -> str | None:
    """Return the address of a machine's picture, or None without one.

    size: photo (960 px), card (480 px) or thumb (112 px square).
    """
    photo_id = _photo_ids().get(slug)
    if photo_id is None:
        return None
    return url_for("machines.photo", slug=slug, v=photo_id, size=size if size in SMALL_SIZES else None)


def first_picture_url() -> str | None:
    """Return the address of the picture of the ring's first machine that has one, or None."""
    return next((picture_url(slug) for slug in _photo_ids()), None)


def forget_pictures() -> None:
    """Drop what is cached, after a change of a picture."""
    current_app.extensions.pop(EXTENSION, None)


def _photo_ids() -> Mapping[str, int]:
    cached: tuple[float, Mapping[str, int]] | None = current_app.extensions.get(EXTENSION)
    if cached is None or time.monotonic() - cached[0] >= CACHE_SECONDS:
        cached = (time.monotonic(), queries.photo_ids(db.session()))
        current_app.extensions[EXTENSION] = cached
    return cached[1]
