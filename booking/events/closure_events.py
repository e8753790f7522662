"""The events of closures, damage and reservations outside new rules; see events.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self

from booking.events.reservation_events import MemberScheduleEvent, ScheduleEvent, to_timestamp
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
    def of(cls, closure: ClosureRecord, **details: Any) -> Self:
        """Build the event from a stored closure as it is now; details: the fields of this kind of event."""
        return cls(
            blocking_id=closure.id,
            machine_id=closure.machine_id,
            starts_at=to_timestamp(closure.starts_at),
            ends_at=to_timestamp(closure.ends_at),
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineClosed(ClosureEvent):
    """A closure was entered."""

    type: ClassVar[str] = "machine_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureChanged(ClosureEvent):
    """A closure was given another span or reason. old_ends_at: when it was to end before."""

    old_ends_at: int

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
class ProposalEvent(ScheduleEvent):
    """Something happened to a proposal of a re-plan. machine_id, starts_at, ends_at: what was proposed.

    An open one changes what is free of its machine and is in nobody's calendar: it bumps that version alone.
    """

    reservation_id: int
    member_id: int
    blocking_id: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalMade(ProposalEvent):
    """Another machine or time is held for a reservation of a closed machine until its member answers."""

    lapses_at: int
    type: ClassVar[str] = "proposal_made"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDeclined(ProposalEvent):
    """The member does not want it; the reservation, which has an event of its own, is cancelled."""

    type: ClassVar[str] = "proposal_declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalLapsed(ProposalEvent):
    """Nobody answered in time; the reservation, which has an event of its own, is cancelled."""

    type: ClassVar[str] = "proposal_lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithdrawn(ProposalEvent):
    """It is no longer held: the reservation was changed or needs none, or the proposed machine is not lent then."""

    type: ClassVar[str] = "proposal_withdrawn"


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
