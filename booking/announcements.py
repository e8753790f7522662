"""What the schedule announces: the facts that mail, money and feeds listen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from booking.kernel.events import Event


def seconds(instant: datetime) -> int:
    """An instant as events tell it: whole seconds since 1970."""
    return int(instant.timestamp())


@dataclass(frozen=True, slots=True)
class ReservationEvent(Event):
    """Something happened to a reservation. starts_at and ends_at: seconds since 1970, as they are now."""

    reservation_id: int
    machine_id: int
    member_id: int
    revision: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class ReservationRequested(ReservationEvent):
    """A member asked; the machine is held until a manager decides or the deadline passes."""

    type: ClassVar[str] = "reservation_requested"


@dataclass(frozen=True, slots=True)
class ReservationConfirmed(ReservationEvent):
    """Confirmed at once or by a manager; was_request tells which."""

    was_request: bool = False
    type: ClassVar[str] = "reservation_confirmed"


@dataclass(frozen=True, slots=True)
class ReservationTakenOver(ReservationEvent):
    """Confirmed by another program before the ring moved in; the member knows of it, so nobody is written to."""

    type: ClassVar[str] = "reservation_taken_over"


@dataclass(frozen=True, slots=True)
class ReservationRejected(ReservationEvent):
    """A manager declined a request; its reason stands in the reservation."""

    type: ClassVar[str] = "reservation_rejected"


@dataclass(frozen=True, slots=True)
class ReservationMoved(ReservationEvent):
    """To another time; old_starts_at and old_ends_at in seconds since 1970."""

    old_starts_at: int = 0
    old_ends_at: int = 0
    needs_decision: bool = False
    type: ClassVar[str] = "reservation_moved"


@dataclass(frozen=True, slots=True)
class ReservationCancelled(ReservationEvent):
    """Given back before it was used; is_late: later than the rule of the machine allows."""

    is_late: bool = False
    type: ClassVar[str] = "reservation_cancelled"


@dataclass(frozen=True, slots=True)
class ReservationExpired(ReservationEvent):
    """Nobody decided a request before its deadline."""

    type: ClassVar[str] = "reservation_expired"


@dataclass(frozen=True, slots=True)
class ReservationNotUsed(ReservationEvent):
    """A manager reported that nobody came."""

    type: ClassVar[str] = "reservation_no_show"


@dataclass(frozen=True, slots=True)
class UsageEvent(Event):
    """Something happened to a usage slip."""

    usage_id: int
    machine_id: int
    member_id: int
    reservation_id: int | None


@dataclass(frozen=True, slots=True)
class MachineHandedOut(UsageEvent):
    """The machine left with the member; the slip is open."""

    type: ClassVar[str] = "machine_handed_out"


@dataclass(frozen=True, slots=True)
class MachineHandedBack(UsageEvent):
    """The slip is filled in: the use can be priced. Also for a use that nobody reserved."""

    type: ClassVar[str] = "machine_handed_back"


@dataclass(frozen=True, slots=True)
class SlipObjected(UsageEvent):
    """A member disputes a slip and waits for a manager's answer."""

    type: ClassVar[str] = "slip_objected"


@dataclass(frozen=True, slots=True)
class SlipAnswered(UsageEvent):
    """A manager answered an objection; was_corrected: the amounts were changed."""

    was_corrected: bool = False
    type: ClassVar[str] = "slip_answered"


@dataclass(frozen=True, slots=True)
class MachineClosed(Event):
    """A closure was entered. starts_at and ends_at: seconds since 1970."""

    blocking_id: int
    machine_id: int
    starts_at: int
    ends_at: int
    type: ClassVar[str] = "machine_closed"


@dataclass(frozen=True, slots=True)
class ClosureChanged(Event):
    """A closure was given another span or reason. starts_at and ends_at: seconds since 1970, as they are now."""

    blocking_id: int
    machine_id: int
    starts_at: int
    ends_at: int
    type: ClassVar[str] = "closure_changed"


@dataclass(frozen=True, slots=True)
class ClosureLifted(Event):
    """A closure was ended before its time."""

    blocking_id: int
    machine_id: int
    type: ClassVar[str] = "closure_lifted"


@dataclass(frozen=True, slots=True)
class RecordChanged(Event):
    """A master record (member, machine, workshop, induction, tariff ...) was entered or changed.

    table: its kind in one word. what: the names of the changed fields, comma-separated; never their values.
    """

    table: str
    record_id: int
    what: str = ""
    type: ClassVar[str] = "record_changed"
