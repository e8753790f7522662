"""Endpoints of the waiting list: join, list, get, leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from flask_babel import gettext as _
from flask_login import current_user
from pydantic import Field, StrictBool

from app.api import problems, revisions
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
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
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.reservations.alternatives import alternative
from app.api.reservations.reservation_models import PersonName
from app.api.use.asked_amounts import Choices, asked_of_machines, read_choices
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import LackingVariants
from booking import queries
from booking.errors.schedule_errors import GroupNotFound
from booking.errors.waiting_errors import TimeIsFree
from booking.kernel.errors import DomainError
from booking.models import DayPart
from booking.queries import waiting as waiting_queries
from booking.queries.waiting import WaitingView
from booking.records import catalogue
from booking.rules.lending_rules import LENGTH_MINUTES_MAX
from booking.waiting import entries
from booking.waiting.matching import WaitingWish

MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)

Length = Annotated[int, Field(strict=True, ge=1, le=LENGTH_MINUTES_MAX), WHOLE]


class NewWaitingEntry(RequestModel):
    """A wish for the waiting list: machine_id or group_id, exactly one of them.

    Without length_minutes exactly starts_at to ends_at is wished for. With it any time of this length between the two
    will do, also one that lies in a part of the day: `morning` (6:00 to 12:00 by the clock of the workshop),
    `afternoon` (12:00 to 18:00) or `evening` (18:00 to 24:00). is_automatic: what is offered is accepted at once,
    without asking; second_person: who is there as well then, as in NewReservation, where the machine needs two persons
    (without one, who hands it out is asked). choices: variants of the tariff, as in NewReservation; an offer that is
    accepted becomes a reservation with them. member_id: by default the member of the login.
    """

    machine_id: Id | None = None
    group_id: Id | None = None
    starts_at: Instant
    ends_at: Instant
    length_minutes: Length | None = None
    part: DayPart = DayPart.ANY
    places: Places = 1
    purpose: Text = ""
    is_automatic: StrictBool = False
    second_person: PersonName = ""
    choices: Choices = Field(default_factory=list)
    member_id: Id | None = None


class WaitingFilter(RequestModel):
    """Filter of the waiting list. machine_id: entries that the machine can serve, also those for its group."""

    machine_id: QueryId | None = None
    group_id: QueryId | None = None
    member_id: QueryId | None = None
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class WaitingEntry(ResponseModel):
    """An entry of the waiting list. position: 1 for the next one that is served; null for one that waits no more.

    offer_id: of an open offer.
    """

    id: int
    revision: int
    member_id: int
    machine_id: int | None
    group_id: int | None
    starts_at: Instant
    ends_at: Instant
    length_minutes: int | None
    part: DayPart
    places: int
    purpose: str
    is_automatic: bool
    second_person: str
    choices: list[str]
    position: int | None
    offer_id: int | None
    created_at: Instant
    left_at: Instant | None


class WaitingList(ResponseModel):
    """Entries that wait, in the order in which they are served. next: the cursor of the next page, null at the end."""

    items: list[WaitingEntry]
    next: int | None


@Endpoint(
    "POST",
    "/waiting-list",
    access=MEMBER_OR_MANAGER,
    body=NewWaitingEntry,
    response=WaitingEntry,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def join_waiting_list(body: NewWaitingEntry) -> Reply:
    """Join the waiting list of a machine or group. An equal wish that waits already is returned.

    The rules have to accept the wish, else 422 `request_refused`. What can be reserved now gives 409 `time_is_free`,
    with that time in `alternatives`. Of an equal wish `is_automatic` and `choices` are those sent last.
    """
    if (body.machine_id is None) == (body.group_id is None):
        raise Refusal(
            problems.invalid(problems.field_error("machine_id", _("either machine_id or group_id is required")))
        )
    if body.length_minutes is None and body.part is not DayPart.ANY:
        raise Refusal(problems.invalid(problems.field_error("part", _("only together with length_minutes"))))
    by, instant, member_id = current_actor(), now(), _member_of(body)
    wish = WaitingWish(
        member_id,
        body.machine_id,
        body.group_id,
        span_of(body),
        body.length_minutes,
        body.part,
        body.places,
        body.purpose.strip(),
        body.is_automatic,
        person_named(db.session(), member_id, body.second_person),
        _choices_of(body),
    )

    def join() -> Reply:
        entry_id = entries.join(db.session(), wish, by=by, now=instant)
        return _reply(entry_id, 201, {"Location": f"/api/v1/waiting-list/{entry_id}"})

    return run_idempotent(body, join, partial(_free_time, wish.choices))


@Endpoint("GET", "/waiting-list", access=READ, query=WaitingFilter, response=WaitingList)
def list_waiting(query: WaitingFilter) -> WaitingList:
    """List who waits, in the order in which they are served: one's own entries, those of one's workshops, or all.

    `member_id` finds only those that the login may see.
    """
    everything = current_user.is_admin or current_user.is_treasurer
    found = waiting_queries.waiting_list(
        db.session(),
        now=now(),
        member_id=query.member_id,
        machine_id=query.machine_id,
        group_id=query.group_id,
        workshop_ids=None if everything else current_user.managed_workshop_ids,
        or_member_id=current_user.member_id,
        after=query.cursor,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    return WaitingList(
        items=[_of_view(view) for view in shown], next=shown[-1].id if len(found) > query.limit else None
    )


@Endpoint("GET", "/waiting-list/<id:entry_id>", access=READ, response=WaitingEntry, errors=(404,), conditional=True)
def get_waiting_entry(entry_id: int) -> Reply:
    """Get an entry of the waiting list, also one that waits no more."""
    lookups.waiting_entry(entry_id)
    return _reply(entry_id)


@Endpoint(
    "POST",
    "/waiting-list/<id:entry_id>/leave",
    access=MEMBER_OR_MANAGER,
    response=WaitingEntry,
    errors=(404, 409, 412),
    idempotent=True,
    conditional=True,
)
def leave_waiting_list(entry_id: int) -> Reply:
    """Leave the waiting list. Who left already has left: nothing happens."""
    view, by, instant = lookups.waiting_entry(entry_id), current_actor(), now()
    leave = partial(entries.leave, by=by, now=instant, revision=revisions.expected(view.revision))

    def act() -> Reply:
        leave(db.session(), entry_id)
        return _reply(entry_id)

    return run_idempotent(None, act)


def _choices_of(body: NewWaitingEntry) -> tuple[str, ...]:
    """Return the variants. Refuses those that no tariff of the machine, or of the group, has on the first day."""
    if not body.choices:
        return ()
    group = None if body.group_id is None else queries.group(db.session(), body.group_id)
    ids = [body.machine_id or 0] if group is None else [one.id for one in group.lent]
    return read_choices(body.choices, [*asked_of_machines(ids, span_of(body)).values()])


def _member_of(body: NewWaitingEntry) -> int:
    """Return the member: the login's own, or any other for a manager of the workshop."""
    session = db.session()
    if body.machine_id is not None:
        workshop_id = catalogue.bookable_machine(session, body.machine_id).workshop_id
    else:
        group = queries.group(session, body.group_id or 0)
        if group.retired_at is not None:
            raise GroupNotFound(id=group.id)
        workshop_id = group.workshop_id
    member_id = body.member_id or current_user.member_id
    if member_id is None:
        raise Refusal(
            problems.invalid(problems.field_error("member_id", _("required, because this login acts for no member")))
        )
    permissions.require(member_id=member_id, workshop_id=workshop_id)
    return member_id


def _free_time(choices: Sequence[str], refusal: DomainError) -> list[dict[str, Any]]:
    if not isinstance(refusal, TimeIsFree):
        return []
    machine_id, span = refusal.facts["machine_id"], refusal.facts["span"]
    return [alternative(machine_id, span, choices, LackingVariants(db.session()))]


def _reply(entry_id: int, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    view = waiting_queries.waiting_entry(db.session(), entry_id, now=now())
    return reply(_of_view(view), status, {**(headers or {}), **revisions.etag(view.revision)})


def _of_view(view: WaitingView) -> WaitingEntry:
    return WaitingEntry(
        id=view.id,
        revision=view.revision,
        member_id=view.member_id,
        machine_id=view.machine_id,
        group_id=view.group_id,
        starts_at=view.window.start,
        ends_at=view.window.end,
        length_minutes=view.length_min,
        part=view.part,
        places=view.places,
        purpose=view.purpose,
        is_automatic=view.is_automatic,
        second_person=view.second_person,
        choices=list(view.choices),
        position=view.position,
        offer_id=view.offer_id,
        created_at=view.created_at,
        left_at=view.left_at,
    )
