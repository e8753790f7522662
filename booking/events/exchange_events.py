"""The events of exchanges between members; see events.py.

A proposal changes no schedule. An accepted one changes those of both members: its reservations have their own events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from booking.events.reservation_events import ReservationEvent
from booking.kernel.events import Event


class ExchangeRecord(Protocol):
    """What an event needs of an exchange."""

    @property
    def id(self) -> int: ...

    @property
    def given_id(self) -> int: ...

    @property
    def wanted_id(self) -> int | None: ...

    @property
    def proposer_id(self) -> int: ...

    @property
    def receiver_id(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeEvent(Event):
    """Something happened to an exchange. reservation_id and member_id: what is offered, by whom.

    other_reservation_id: what is wanted for it; other_member_id: of whom.
    """

    exchange_id: int
    reservation_id: int
    member_id: int
    other_reservation_id: int | None
    other_member_id: int

    @classmethod
    def of(cls, exchange: ExchangeRecord, **details: Any) -> Self:
        """Build the event from an exchange; details: the fields of this kind of event."""
        return cls(
            exchange_id=exchange.id,
            reservation_id=exchange.given_id,
            member_id=exchange.proposer_id,
            other_reservation_id=exchange.wanted_id,
            other_member_id=exchange.receiver_id,
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeProposed(ExchangeEvent):
    """A member offers a reservation to another one."""

    type: ClassVar[str] = "exchange_proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAccepted(ExchangeEvent):
    """The other member has agreed: the reservations have changed hands."""

    type: ClassVar[str] = "exchange_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAgreed(ExchangeEvent):
    """The other member has agreed to a swap about which the workshop decides now; nothing has changed yet."""

    type: ClassVar[str] = "exchange_agreed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRejected(ExchangeEvent):
    """The workshop does not want a swap on which both had agreed; everything stays as it was. reason: for both."""

    reason: str
    type: ClassVar[str] = "exchange_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeDeclined(ExchangeEvent):
    """The other member does not want it; everything stays as it was."""

    type: ClassVar[str] = "exchange_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeWithdrawn(ExchangeEvent):
    """Who proposed it took it back."""

    type: ClassVar[str] = "exchange_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLapsed(ExchangeEvent):
    """Nobody answered in time."""

    type: ClassVar[str] = "exchange_lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOutdated(ExchangeEvent):
    """One of its reservations was changed or ended meanwhile, so it cannot be accepted any more."""

    type: ClassVar[str] = "exchange_outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationHandedOver(ReservationEvent):
    """It ended because another member has its time now, by an exchange; the new reservation has an event of its own."""

    exchange_id: int
    type: ClassVar[str] = "reservation_handed_over"
