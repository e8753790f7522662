"""The events of the schedule, to which mail, money and feeds subscribe.

Every event is built by name, never by position: `of()` reads it from the record that it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from booking.events.event_records import ReservationRecord, SlipRecord
from booking.kernel.events import Event


def to_timestamp(instant: datetime) -> int:
    """Return an instant as events store it: whole seconds since 1970."""
    return int(instant.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEvent(Event):
    """An event that changes a schedule: publish() bumps the version of every machine and member that it names."""

    machine_id: int

    @property
    def machine_ids(self) -> tuple[int, ...]:
        """The machines with a changed schedule."""
        return (self.machine_id,)

    @property
    def member_ids(self) -> tuple[int, ...]:
        """The members with a changed schedule."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberScheduleEvent(ScheduleEvent):
    """An event that changes the schedule of a machine and of a member."""

    member_id: int

    @property
    def member_ids(self) -> tuple[int, ...]:
        """The members with a changed schedule."""
        return (self.member_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationEvent(MemberScheduleEvent):
    """Something happened to a reservation. starts_at and ends_at: its span afterwards, in seconds since 1970.

    series_id: the series together with which it happened; one event of the series tells of all its dates.
    """

    reservation_id: int
    revision: int
    starts_at: int
    ends_at: int
    series_id: int | None = None

    @classmethod
    def of(cls, reservation: ReservationRecord, **details: Any) -> Self:
        """Build the event from a reservation as it is now; details: the fields that only this kind of event has."""
        return cls(
            reservation_id=reservation.id,
            machine_id=reservation.machine_id,
            member_id=reservation.member_id,
            revision=reservation.revision,
            starts_at=to_timestamp(reservation.starts_at),
            ends_at=to_timestamp(reservation.ends_at),
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRequested(ReservationEvent):
    """A member asked; it is held until a manager decides or the deadline passes. exchange_id: by which it got it."""

    exchange_id: int | None = None
    second_person: str | None = None
    type: ClassVar[str] = "reservation_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationConfirmed(ReservationEvent):
    """Confirmed at once, or by a manager (was_request).

    old_starts_at, old_ends_at: of an approved move, the span of before. exchange_id, second_person: as above.
    """

    exchange_id: int | None = None
    second_person: str | None = None
    was_request: bool = False
    old_starts_at: int | None = None
    old_ends_at: int | None = None
    type: ClassVar[str] = "reservation_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationImported(ReservationEvent):
    """Confirmed by another program before the ring moved in; the member knows it, so no mail is sent."""

    second_person: str | None = None
    type: ClassVar[str] = "reservation_imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationImportUndone(ReservationEvent):
    """Its import was undone: nobody has reserved it, and its span is free. Calendars get a cancellation, no mail."""

    type: ClassVar[str] = "reservation_import_undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRejected(ReservationEvent):
    """A manager declined a request; the reason is stored with the reservation.

    is_restored: it was a move, and the reservation is confirmed for its former time, its span afterwards.
    old_starts_at and old_ends_at: then the span that was declined.
    """

    is_restored: bool = False
    old_starts_at: int | None = None
    old_ends_at: int | None = None
    type: ClassVar[str] = "reservation_rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationMoved(ReservationEvent):
    """Moved to another span or machine. old_starts_at and old_ends_at: its span before, in seconds since 1970.

    old_machine_id: its machine before, where that is another one. blocking_id: the closure because of which a manager
    moved it.
    """

    old_starts_at: int
    old_ends_at: int
    needs_decision: bool
    old_machine_id: int | None = None
    blocking_id: int | None = None
    type: ClassVar[str] = "reservation_moved"

    @property
    def machine_ids(self) -> tuple[int, ...]:
        """The machines with a changed schedule: the one before, too."""
        return (self.machine_id,) if self.old_machine_id is None else (self.old_machine_id, self.machine_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPersonChanged(ReservationEvent):
    """Somebody else is there as well (second_person: the name, "" for nobody)."""

    second_person: str
    type: ClassVar[str] = "second_person_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToleranceChanged(ReservationEvent):
    """The member changed by how many minutes it may be moved when the machine breaks down (may_move_min)."""

    may_move_min: int
    type: ClassVar[str] = "tolerance_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeChanged(ReservationEvent):
    """It has another purpose."""

    type: ClassVar[str] = "purpose_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalAccepted(ReservationEvent):
    """The member accepted the time that a manager proposed because of a closure."""

    type: ClassVar[str] = "proposal_accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationCancelled(ReservationEvent):
    """Cancelled before use. is_late: late by its rule. blocking_id: the closure. promised_...: what was confirmed."""

    is_late: bool
    blocking_id: int | None = None
    promised_starts_at: int | None = None
    promised_ends_at: int | None = None
    promised_places: int | None = None
    type: ClassVar[str] = "reservation_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationExpired(ReservationEvent):
    """No manager decided on a request before its deadline. is_restored and old_...: as in ReservationRejected."""

    is_restored: bool = False
    old_starts_at: int | None = None
    old_ends_at: int | None = None
    type: ClassVar[str] = "reservation_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationNoShow(ReservationEvent):
    """A manager reported that the member did not come."""

    type: ClassVar[str] = "reservation_no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesOverruled(Event):
    """Somebody who may decide overruled rules for a reservation. rules: their codes, comma-separated.

    reason: as it was typed. Changes no schedule: what was done despite the rules has an event of its own.
    """

    reservation_id: int
    machine_id: int
    member_id: int
    rules: str
    reason: str
    type: ClassVar[str] = "rules_overruled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationNoShowTakenBack(ReservationEvent):
    """The no-show was reported by mistake; the reservation is confirmed again."""

    type: ClassVar[str] = "reservation_no_show_taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTakenBack(ReservationEvent):
    """A manager took back an approval (was_approved) or a refusal; the request waits again."""

    was_approved: bool
    type: ClassVar[str] = "decision_taken_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageEvent(MemberScheduleEvent):
    """Something happened to a usage slip. reservation_id: null for a use without reservation."""

    usage_id: int
    reservation_id: int | None

    @classmethod
    def of(cls, slip: SlipRecord, **details: Any) -> Self:
        """Build the event from a stored slip; details: the fields that only this kind of event has."""
        return cls(
            usage_id=slip.id,
            machine_id=slip.machine_id,
            member_id=slip.member_id,
            reservation_id=slip.reservation_id,
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHandedOut(UsageEvent):
    """The member took the machine; the slip is open."""

    type: ClassVar[str] = "machine_handed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHandedBack(UsageEvent):
    """The slip is filled in, so the use can be priced. Also for a use without reservation."""

    type: ClassVar[str] = "machine_handed_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipObjected(UsageEvent):
    """A member objected to a slip; a manager has to answer."""

    type: ClassVar[str] = "slip_objected"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipAnswered(UsageEvent):
    """A manager answered an objection. was_corrected: the amount was changed."""

    was_corrected: bool
    type: ClassVar[str] = "slip_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChanged(Event):
    """A master record (member, machine, workshop, induction, tariff ...) was entered or changed.

    table: its kind in one word. what: names of changed fields and confirmations, with commas; never values.
    key: the number or short name of one that was deleted.
    """

    table: str
    record_id: int
    what: str = ""
    key: str = ""
    type: ClassVar[str] = "record_changed"
