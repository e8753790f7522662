"""The lifecycle of a reservation: one table of its statuses and of the steps between them. Pure.

Every verb that sets the status of a reservation does it through this module; no other module assigns it, and
WrongStatus for a reservation is raised only here. booking/README.md shows the same table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from booking.errors.schedule_errors import WrongStatus
from booking.models import Status


class Step(StrEnum):
    """What can be done with a reservation."""

    REQUEST = "request"
    CONFIRM = "confirm at once"  # a request for a machine that needs no approval
    IMPORT = "import"
    UNDO_IMPORT = "undo import"  # it was imported by mistake
    IMPORT_AGAIN = "import again"  # after its import was undone
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    MOVE = "move"
    MOVE_FOR_APPROVAL = "move for approval"  # on a machine that needs approval, by somebody who may not approve
    RESTORE = "restore"  # a move that waits for approval is declined, expires or is withdrawn
    CANCEL = "cancel"
    HAND_OVER = "hand over"  # another member gets its time, in a reservation of their own
    ACCEPT_PROPOSAL = "accept proposal"  # the member accepts a time that was proposed because of a closure
    HAND_OUT = "hand out"
    HAND_BACK = "hand back"
    REPORT_NO_SHOW = "report no-show"
    TAKE_BACK_NO_SHOW = "take back no-show"  # it was reported by mistake
    TAKE_BACK_DECISION = "take back decision"  # it was approved or declined by mistake


class When(StrEnum):
    """The time at which a step is possible."""

    ALWAYS = "at any time"
    BEFORE_START = "before its start"
    BEFORE_END = "before its end"
    BEFORE_DEADLINE = "before its deadline"
    FROM_DEADLINE = "from its deadline"
    FROM_START = "from its start"
    WHILE_MOVING = "while a move waits"
    WHILE_PROPOSED = "while a proposal waits"
    WHEN_DECIDED = "after a decision and before its start"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a step leads: status before -> status after, None before a reservation exists; and when."""

    statuses: Mapping[Status | None, Status]
    when: When = When.ALWAYS


TRANSITIONS: Mapping[Step, Transition] = {
    Step.REQUEST: Transition({None: Status.REQUESTED}),
    Step.CONFIRM: Transition({None: Status.CONFIRMED}),
    Step.IMPORT: Transition({None: Status.CONFIRMED}),
    Step.UNDO_IMPORT: Transition({Status.CONFIRMED: Status.CANCELLED}),
    Step.IMPORT_AGAIN: Transition({Status.CANCELLED: Status.CONFIRMED}),
    Step.APPROVE: Transition({Status.REQUESTED: Status.CONFIRMED}, When.BEFORE_DEADLINE),
    Step.REJECT: Transition({Status.REQUESTED: Status.REJECTED}),
    Step.EXPIRE: Transition({Status.REQUESTED: Status.EXPIRED}, When.FROM_DEADLINE),
    Step.MOVE: Transition(
        {
            Status.REQUESTED: Status.REQUESTED,
            Status.CONFIRMED: Status.CONFIRMED,
            Status.IN_USE: Status.IN_USE,
        },
        When.BEFORE_END,
    ),
    Step.MOVE_FOR_APPROVAL: Transition(
        {Status.REQUESTED: Status.REQUESTED, Status.CONFIRMED: Status.REQUESTED}, When.BEFORE_END
    ),
    Step.RESTORE: Transition({Status.REQUESTED: Status.CONFIRMED}, When.WHILE_MOVING),
    Step.CANCEL: Transition({Status.REQUESTED: Status.CANCELLED, Status.CONFIRMED: Status.CANCELLED}, When.BEFORE_END),
    Step.HAND_OVER: Transition({Status.CONFIRMED: Status.CANCELLED}, When.BEFORE_START),
    Step.ACCEPT_PROPOSAL: Transition(
        {Status.REQUESTED: Status.REQUESTED, Status.CONFIRMED: Status.CONFIRMED}, When.WHILE_PROPOSED
    ),
    Step.HAND_OUT: Transition({Status.CONFIRMED: Status.IN_USE}, When.BEFORE_END),
    Step.HAND_BACK: Transition({Status.IN_USE: Status.COMPLETED}),
    Step.REPORT_NO_SHOW: Transition({Status.CONFIRMED: Status.NO_SHOW}, When.FROM_START),
    Step.TAKE_BACK_NO_SHOW: Transition({Status.NO_SHOW: Status.CONFIRMED}),
    Step.TAKE_BACK_DECISION: Transition(
        {Status.CONFIRMED: Status.REQUESTED, Status.REJECTED: Status.REQUESTED}, When.WHEN_DECIDED
    ),
}


class LifecycleView(Protocol):
    """What of a reservation decides which steps are possible."""

    @property
    def status(self) -> str: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...

    @property
    def decide_until(self) -> datetime | None: ...

    @property
    def former_starts_at(self) -> datetime | None: ...

    @property
    def proposed_at(self) -> datetime | None: ...

    @property
    def decided_at(self) -> datetime | None: ...


class HasLifecycle(LifecycleView, Protocol):
    """A reservation whose status a step can change."""

    status: str


def first_status(step: Step) -> Status:
    """Return the status of a reservation that a step creates."""
    return TRANSITIONS[step].statuses[None]


def require(reservation: LifecycleView, step: Step, now: datetime) -> None:
    """Raise WrongStatus unless the step is possible for the reservation as it is now."""
    if refusal := _refusal(reservation, step, now):
        raise refusal


def is_possible(reservation: LifecycleView, step: Step, now: datetime) -> bool:
    """Return whether the step is possible for the reservation as it is now."""
    return _refusal(reservation, step, now) is None


def advance(reservation: HasLifecycle, step: Step, now: datetime) -> None:
    """Set the status that a step leads to. Raises WrongStatus."""
    require(reservation, step, now)
    reservation.status = TRANSITIONS[step].statuses[Status(reservation.status)]


def _refusal(reservation: LifecycleView, step: Step, now: datetime) -> WrongStatus | None:
    transition = TRANSITIONS[step]
    if reservation.status not in transition.statuses:
        return _wrong(reservation.status, *filter(None, transition.statuses))
    deadline = reservation.decide_until
    match transition.when:
        case When.BEFORE_START if reservation.starts_at <= now:
            return _wrong("started", "not_started")
        case When.BEFORE_END if reservation.ends_at <= now:
            return _wrong("over", reservation.status)
        case When.BEFORE_DEADLINE if deadline is not None and deadline <= now:
            return _wrong(Status.EXPIRED, reservation.status)
        case When.FROM_DEADLINE if deadline is None or now < deadline:
            return _wrong(reservation.status, Status.EXPIRED)
        case When.FROM_START if now < reservation.starts_at:
            return _wrong("not_started", "started")
    return _refusal_by_state(reservation, transition.when, now)


def _refusal_by_state(reservation: LifecycleView, when: When, now: datetime) -> WrongStatus | None:
    match when:
        case When.WHILE_PROPOSED if reservation.proposed_at is None or reservation.ends_at <= now:
            return _wrong("not_proposed", "proposed")
        case When.WHILE_MOVING if reservation.former_starts_at is None:
            return _wrong("not_moving", "moving")
        case When.WHEN_DECIDED if reservation.decided_at is None or reservation.starts_at <= now:
            return _wrong("not_decided", "decided")
    return None


def _wrong(status: str, *wanted: str) -> WrongStatus:
    return WrongStatus(status=str(status), wanted=[str(each) for each in wanted])
