"""What every page needs of the ring's record, its time zone included, read from the database every few seconds.

The stored zone is the ring's clock: by it days begin that belong to no workshop, members leave and nights are counted.
The setting TIMEZONE is what a new ring begins with, and counts only as long as there is no record.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.extensions import db
from booking.kernel.orm import table_of
from booking.models import Ring

CARD_SECONDS = 5.0  # after which a change made in another process holds here, too
EXTENSION = "ring_card"

_ring = table_of(Ring)
_CARD = select(
    _ring.c.name,
    _ring.c.address_town,
    _ring.c.email,
    _ring.c.colour,
    _ring.c.is_catalogue_public,
    _ring.c.logo_photo_id,
    _ring.c.timezone,
    _ring.c.is_demo,
).where(_ring.c.id == 1)


@dataclass(frozen=True, slots=True)
class RingCard:
    """What every page shows of the ring."""

    name: str = "Ringbuch"
    town: str = ""
    email: str = ""
    colour: str = "#14532d"
    is_catalogue_public: bool = False
    logo_id: int | None = None
    timezone: str = ""  # empty: no record yet
    is_demo: bool = False


def ring_card() -> RingCard:
    """Return the ring's name, town, colour, logo and zone."""
    card = _cached(current_app)
    if card is None or not card.timezone:  # the first step of the set-up, perhaps in another process, ends this state
        card = _read(current_app, db.session())
    return card


def ring_zone(app: Flask | None = None, reader: Session | Connection | None = None) -> ZoneInfo:
    """Return the ring's own time zone. app, reader: needed outside an application context."""
    app = app or current_app
    card = _cached(app) or _read(app, reader or db.session())
    return ZoneInfo(card.timezone or app.config["TIMEZONE"])


def forget_ring_card() -> None:
    """Drop the cached card after a change of the ring's settings."""
    current_app.extensions.pop(EXTENSION, None)


def _cached(app: Flask) -> RingCard | None:
    cached = app.extensions.get(EXTENSION)
    return cached[1] if cached is not None and time.monotonic() - cached[0] < CARD_SECONDS else None


def _read(app: Flask, reader: Session | Connection) -> RingCard:
    row = reader.execute(_CARD).one_or_none()
    card = RingCard() if row is None else RingCard(*row)
    app.extensions[EXTENSION] = (time.monotonic(), card)
    return card
