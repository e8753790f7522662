"""What became free in a write transaction: noted where it is released, read once before the commit.

Whoever releases places need not know of the waiting list, and what follows from the release is stored with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from booking.kernel.transaction import notes_of
from booking.places.occupancy_rows import Freed

_NAME = "freed time"


@dataclass(slots=True)
class FreedTime:
    """Places of which something was released: id -> from when, until when, as one span for each. at: when it was."""

    spans: dict[int, tuple[datetime, datetime]] = field(default_factory=dict)
    at: datetime | None = None

    def add(self, place_id: int, since: datetime, until: datetime) -> None:
        """Add a span of a place."""
        before = self.spans.get(place_id, (since, until))
        self.spans[place_id] = (min(since, before[0]), max(until, before[1]))


def note(session: Session, freed: Iterable[Freed], *, now: datetime | None = None) -> None:
    """Note what was released. now: where no event will say when."""
    found = notes_of(session).setdefault(_NAME, FreedTime())
    for place_id, since, until in freed:
        found.add(place_id, since, until)
    found.at = now or found.at


def note_time(session: Session, now: datetime) -> None:
    """Note when something was released, if it was."""
    if (found := notes_of(session).get(_NAME)) is not None:
        found.at = now


def take(session: Session) -> FreedTime | None:
    """Return what was noted, once; None for nothing."""
    found: FreedTime | None = notes_of(session).pop(_NAME, None)
    return found
