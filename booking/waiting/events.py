"""The events of the waiting list. They change no schedule: nothing is held by waiting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from booking.events.reservation_events import to_timestamp
from booking.kernel.events import Event
from booking.models import WaitingEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingEvent(Event):
    """Something happened to an entry of the waiting list. starts_at and ends_at: its window, in seconds since 1970."""

    entry_id: int
    member_id: int
    machine_id: int | None
    group_id: int | None
    starts_at: int
    ends_at: int

    @classmethod
    def of(cls, entry: WaitingEntry) -> Self:
        """Build the event from an entry."""
        return cls(
            entry_id=entry.id,
            member_id=entry.member_id,
            machine_id=entry.machine_id,
            group_id=entry.group_id,
            starts_at=to_timestamp(entry.window_from),
            ends_at=to_timestamp(entry.window_until),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingListJoined(WaitingEvent):
    """A member joined the waiting list."""

    type: ClassVar[str] = "waiting_list_joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingListLeft(WaitingEvent):
    """A member left the waiting list, or a manager took the entry off it."""

    type: ClassVar[str] = "waiting_list_left"
