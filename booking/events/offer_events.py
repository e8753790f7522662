"""The events of offers to the waiting list; see events.py.

An offer changes what is free of its machine and is in nobody's calendar, so it bumps the version of the machine alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from booking.events.reservation_events import ScheduleEvent, to_timestamp


class OfferRecord(Protocol):
    """What an event needs of an offer."""

    @property
    def id(self) -> int: ...

    @property
    def entry_id(self) -> int: ...

    @property
    def machine_id(self) -> int: ...

    @property
    def member_id(self) -> int: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEvent(ScheduleEvent):
    """Something happened to an offer. starts_at and ends_at: the working time, in seconds since 1970."""

    offer_id: int
    entry_id: int
    member_id: int
    starts_at: int
    ends_at: int

    @classmethod
    def of(cls, offer: OfferRecord, **details: Any) -> Self:
        """Build the event from an offer; details: the fields of this kind of event."""
        return cls(
            offer_id=offer.id,
            entry_id=offer.entry_id,
            machine_id=offer.machine_id,
            member_id=offer.member_id,
            starts_at=to_timestamp(offer.starts_at),
            ends_at=to_timestamp(offer.ends_at),
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(OfferEvent):
    """Time that became free is held for the first in line whom the rules accept.

    is_automatic: it is accepted without asking. Where its machine lacks a chosen variant a second event says that it
    is not, and its member is asked.
    """

    is_automatic: bool
    type: ClassVar[str] = "offer_made"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(OfferEvent):
    """An offer became a reservation, which has an event of its own."""

    reservation_id: int
    type: ClassVar[str] = "offer_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(OfferEvent):
    """The member does not want it; its time is free, or offered to the next."""

    type: ClassVar[str] = "offer_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(OfferEvent):
    """Nobody answered in time; its time is free, or offered to the next."""

    type: ClassVar[str] = "offer_lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(OfferEvent):
    """The member left the waiting list, or the machine was closed."""

    type: ClassVar[str] = "offer_withdrawn"
