"""Request and response models of reservations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from app.api.fields import (
    PAGE_LENGTH,
    TEXT_PATTERN,
    WHOLE,
    Id,
    Instant,
    PageLength,
    Places,
    QueryId,
    RequestModel,
    ResponseModel,
    Text,
)
from app.api.use.asked_amounts import Choices
from booking.models import MAY_MOVE_MAX_MIN, Status
from booking.queries import ReservationView
from booking.reservations.reservations import RequestResult
from booking.reservations.wishes import Wish
from booking.rules.persons import PERSON_LENGTH_MAX

CURSOR_PATTERN = r"^[0-9]{1,16}-[0-9]{1,9}$"

PersonName = Annotated[str, StringConstraints(strict=True, max_length=PERSON_LENGTH_MAX, pattern=TEXT_PATTERN)]
Tolerance = Annotated[int, Field(strict=True, ge=0, le=MAY_MOVE_MAX_MIN), WHOLE]
Cursor = Annotated[str, StringConstraints(pattern=CURSOR_PATTERN)]


class NewReservation(RequestModel):
    """A reservation to request. member_id: the member it is for, by default the member of the login.

    may_move_min: by how many minutes it may be moved without asking when the machine breaks down.
    second_person: the name of the person who is there as well, where a machine needs two persons.
    choices: variants of the tariff of the first day, see `GET /machines/{id}/asked`; the hand-back takes them over.

    machine_id or group_id, exactly one of them: of a group, the machine is chosen, and named in the response.

    approve and overrule_reason are for managers of the workshop and administrators. Their entry is confirmed at once,
    also on a machine that needs approval; `approve: false` leaves it a request. overrule_reason: overrules notice,
    horizon, opening hours, shortest and longest length, and is kept in the event log.
    """

    machine_id: Id | None = None
    group_id: Id | None = None
    starts_at: Instant
    ends_at: Instant
    purpose: Text = ""
    places: Places = 1
    may_move_min: Tolerance = 0
    second_person: PersonName = ""
    choices: Choices = Field(default_factory=list)
    member_id: Id | None = None
    approve: StrictBool | None = None
    overrule_reason: Text = ""


class ReservationMove(RequestModel):
    """What changes of a reservation; what is left out, or null, stays.

    machine_id: another machine, for members one of the same group. overrule_reason: as in NewReservation.
    """

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    machine_id: Id | None = None
    places: Places | None = None
    may_move_min: Tolerance | None = None
    second_person: PersonName | None = None
    choices: Choices | None = None
    overrule_reason: Text = ""

    @property
    def changes(self) -> bool:
        """Whether anything changes."""
        facts = self.may_move_min, self.second_person, self.choices
        return self.moves or any(one is not None for one in facts)

    @property
    def moves(self) -> bool:
        """Whether anything but tolerance, second person and variants changes."""
        return any(value is not None for value in (self.starts_at, self.ends_at, self.machine_id, self.places))


class Reason(RequestModel):
    """The reason for a rejection or cancellation."""

    reason: Text = ""


class ReservationFilter(RequestModel):
    """Filter of reservations. from and until: reservations that overlap this span, also by their `former` time."""

    machine_id: QueryId | None = None
    member_id: QueryId | None = None
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    status: Status | None = None
    cursor: Cursor | None = None
    limit: PageLength = PAGE_LENGTH


class Former(ResponseModel):
    """A confirmed span and number of places, beside a move that waits for approval."""

    starts_at: Instant
    ends_at: Instant
    places: int


class Reservation(ResponseModel):
    """A reservation in full: for its member, the managers of its workshop, the treasurer and administrators.

    occupied_from and occupied_until include set-up and cleaning. second_person: who is there as well, "" for
    nobody. choices: variants of the tariff. decide_until: when an undecided request expires.
    cancel_until: a cancellation after this instant counts as late. reason: of the rejection or cancellation.
    awaits_answer: a manager proposed this time because of a closure, and the member has not accepted or declined it.
    former: what is confirmed and still held while a move waits for approval; then starts_at and ends_at are the wished
    time, and cancel_until is that of the former. A move that is rejected or expires restores the former time.
    """

    id: int
    uid: str
    status: Status
    revision: int
    machine_id: int
    member_id: int
    starts_at: Instant
    ends_at: Instant
    occupied_from: Instant
    occupied_until: Instant
    places: int
    purpose: str
    may_move_min: int
    second_person: str
    choices: list[str]
    created_at: Instant
    changed_at: Instant
    decide_until: Instant | None
    cancel_until: Instant
    reason: str
    is_late_cancel: bool
    awaits_answer: bool
    former: Former | None


class BusySpan(ResponseModel):
    """A reservation of another member: only that the machine is busy.

    former_starts_at, former_ends_at: the time that is held as well while a move waits for approval.
    """

    id: int
    status: Literal["busy"]
    machine_id: int
    starts_at: Instant
    ends_at: Instant
    former_starts_at: Instant | None
    former_ends_at: Instant | None

    @classmethod
    def of(cls, view: ReservationView) -> BusySpan:
        """Return a reservation for a login that may not see it in full."""
        return cls(
            id=view.id,
            status="busy",
            machine_id=view.machine_id,
            starts_at=view.starts_at,
            ends_at=view.ends_at,
            former_starts_at=view.former_starts_at,
            former_ends_at=view.former_ends_at,
        )


class ReservationList(ResponseModel):
    """Reservations in order of their start. next: the cursor of the next page, null on the last one."""

    items: list[Reservation | BusySpan]
    next: str | None


def of_view(view: ReservationView) -> Reservation:
    """Return a reservation as read."""
    values = {name: getattr(view, name) for name in Reservation.model_fields} | {"choices": list(view.choices)}
    if view.former is not None:
        values["former"] = Former.model_construct(**{name: getattr(view.former, name) for name in Former.model_fields})
    return Reservation.model_construct(**values)


def of_entered(entered: RequestResult, wish: Wish, instant: datetime) -> Reservation:
    """Return a reservation as it was just entered, without reading it again."""
    return Reservation.model_construct(
        id=entered.id,
        uid=entered.uid,
        status=entered.status,
        revision=entered.revision,
        machine_id=wish.machine_id,
        member_id=wish.member_id,
        starts_at=wish.span.start,
        ends_at=wish.span.end,
        occupied_from=entered.occupied.start,
        occupied_until=entered.occupied.end,
        places=wish.places,
        purpose=wish.purpose,
        may_move_min=wish.may_move_min,
        second_person=wish.second.name if wish.second else "",
        choices=list(wish.choices),
        created_at=instant,
        changed_at=instant,
        decide_until=entered.decide_until,
        cancel_until=entered.cancel_until,
        reason="",
        is_late_cancel=False,
        awaits_answer=False,
        former=None,
    )
