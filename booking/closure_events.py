"""The events of closures, damage and reservations outside new rules; see events.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, Self

from booking.events import MemberScheduleEvent, ScheduleEvent, to_timestamp
from booking.kernel.events import Event


class ClosureRecord(Protocol):
    """What an event needs of a closure."""

    @property
    def id(self) -> int: ...

    @property
    def machine_id(self) -> int: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureEvent(ScheduleEvent):
    """Something happened to a closure. starts_at and ends_at: its span afterwards, in seconds since 1970."""

    blocking_id: int
    starts_at: int
    ends_at: int

    @classmethod
    def of(cls, closure: ClosureRecord) -> Self:
        """Build the event from a stored closure as it is now."""
        return cls(
            blocking_id=closure.id,
            machine_id=closure.machine_id,
            starts_at=to_timestamp(closure.starts_at),
            ends_at=to_timestamp(closure.ends_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineClosed(ClosureEvent):
    """A closure was entered."""

    type: ClassVar[str] = "machine_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureChanged(ClosureEvent):
    """A closure was given another span or reason."""

    type: ClassVar[str] = "closure_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureLifted(ClosureEvent):
    """A closure was ended before its time."""

    type: ClassVar[str] = "closure_lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationsReplanned(MemberScheduleEvent):
    """A manager decided on a member's reservations in the span of a closure, each of which has an event of its own.

    cancelled, kept, left (nothing was found), at_risk (after the repair): ids of reservations. moved: the id of each,
    its start and end before in seconds since 1970. offered: the id of each, the machine, start and end proposed.
    """

    blocking_id: int
    cancelled: tuple[int, ...]
    moved: tuple[tuple[int, int, int], ...]
    kept: tuple[int, ...]
    offered: tuple[tuple[int, int, int, int], ...] = ()
    left: tuple[int, ...] = ()
    at_risk: tuple[int, ...] = ()
    type: ClassVar[str] = "reservations_replanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageEvent(Event):
    """Something happened to a damage report of a machine."""

    machine_id: int
    damage_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageReported(DamageEvent):
    """Somebody reported damage; the managers look at it."""

    type: ClassVar[str] = "damage_reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class DamageDone(DamageEvent):
    """A manager marked a damage report as done."""

    type: ClassVar[str] = "damage_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutsideRules(Event):
    """A manager had a member told of reservations that lie outside new opening hours or rules."""

    member_id: int
    reservation_ids: tuple[int, ...]
    type: ClassVar[str] = "member_outside_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAccepted(Event):
    """A manager accepted a reservation that lies outside new opening hours or rules."""

    reservation_id: int
    machine_id: int
    type: ClassVar[str] = "reservation_accepted"
