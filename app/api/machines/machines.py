"""Endpoints of machines: their rules, and when they are free."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pydantic import Field, create_model

from app.api.endpoints import Endpoint
from app.api.fields import Instant, RequestModel, ResponseModel, Text
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from booking import availability, queries
from booking.machines import machines
from booking.members import prerequisites
from booking.members.prerequisites import Requirements
from booking.queries import MachineCard
from booking.rules.lending_rules import LENGTH_MINUTES_MAX, RULE_FIELDS
from booking.times.opening_hours import Opening
from booking.timespan import TimeSpan

FREE_SPANS_MAX = 500


class Workshop(ResponseModel):
    """The workshop that a machine belongs to."""

    id: int
    slug: str
    name: str


MachineRules = create_model(
    "MachineRules",
    __base__=ResponseModel,
    __doc__="Rules of reserving a machine. The end of each name is its unit. inductions_required: on which it builds.",
    **{rule.name: (bool if rule.is_switch else int, ...) for rule in RULE_FIELDS},
    induction_kind=(str | None, ...),
    inductions_required=(list[str], ...),
)  # type: ignore[call-overload]


class OwnOpening(ResponseModel):
    """Own opening hours of a machine on one day of the week. weekday: 0 is Monday; minutes of the day."""

    weekday: int
    opens_minute: int
    closes_minute: int


class StillOut(ResponseModel):
    """Places of a machine that should be back. due_at: until when the first of them was reserved."""

    places: int
    due_at: Instant


class Machine(ResponseModel):
    """A machine. places: the number of parts that can be reserved separately. charge_unit: the unit of use.

    sort: machine, room, person or tool.

    still_out: null unless places are out after the end of their reservation; they are not there until handed back.
    """

    id: int
    slug: str
    name: str
    sort: str
    kind: str
    description: str
    location: str
    workshop: Workshop
    timezone: str
    places: int
    charge_unit: str
    rules: MachineRules  # type: ignore[valid-type]
    own_hours: list[OwnOpening]
    still_out: StillOut | None


class MachineList(ResponseModel):
    """The machines of the ring, by workshop and name. next: always null, because the list is complete."""

    items: list[Machine]
    next: str | None = None


class FreeSpanFilter(RequestModel):
    """Search span, length and places. minutes: elapsed time, or wall-clock time for machines reserved by the day.

    Without minutes the machine's shortest length is used.
    """

    since: Instant = Field(alias="from")
    until: Instant
    minutes: int | None = Field(None, ge=1, le=LENGTH_MINUTES_MAX)
    places: int = Field(1, ge=1, le=10_000)


class FreeSpan(ResponseModel):
    """A span within which every such reservation would be accepted."""

    starts_at: Instant
    ends_at: Instant


class FreeSpanList(ResponseModel):
    """Free spans in order, 500 at most. next: always null; for more, ask again from the end of the last one.

    still_out: as of the machine. What is still out keeps nobody from reserving, but may not be there in time.
    """

    items: list[FreeSpan]
    next: str | None = None
    still_out: StillOut | None = None


class FreeMachineFilter(RequestModel):
    """Length, places, kind of machine, workshop (its slug), and the search span, which starts now by default.

    minutes: elapsed time, or wall-clock time for machines reserved by the day.
    """

    minutes: int = Field(ge=1, le=LENGTH_MINUTES_MAX)
    places: int = Field(1, ge=1, le=10_000)
    kind: Text | None = None
    workshop: Text | None = None
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    limit: int = Field(10, ge=1, le=100)


class FreeMachine(ResponseModel):
    """The earliest span of a machine in which such a reservation would be accepted."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant


class FreeMachineList(ResponseModel):
    """Machines, the earliest free first. next: always null; `limit` sets the length of the list."""

    items: list[FreeMachine]
    next: str | None = None


@Endpoint("GET", "/machines", access=LOGGED_IN, response=MachineList)
def list_machines() -> MachineList:
    """List the machines that can be reserved."""
    session = db.session()
    cards = queries.machine_cards(session, limit=None).items
    late = queries.still_out(session, now())
    required, hours = prerequisites.requirements(session), machines.all_own_openings(session)
    return MachineList(items=[_machine(card, late.get(card.id), required, hours) for card in cards])


@Endpoint("GET", "/machines/<id:machine_id>", access=LOGGED_IN, response=Machine, errors=(404,))
def get_machine(machine_id: int) -> Machine:
    """Get a machine, also a retired one."""
    return machine_model(queries.machine_card(db.session(), machine_id))


def machine_model(card: MachineCard) -> Machine:
    """Return a machine as its endpoints do."""
    session = db.session()
    late = queries.still_out(session, now(), machine_ids=[card.id]).get(card.id)
    return _machine(card, late, prerequisites.requirements(session), {card.id: machines.own_openings(session, card.id)})


@Endpoint(
    "GET",
    "/machines/<id:machine_id>/free",
    access=LOGGED_IN,
    query=FreeSpanFilter,
    response=FreeSpanList,
    errors=(404,),
)
def list_free_spans(machine_id: int, query: FreeSpanFilter) -> FreeSpanList:
    """List the spans in which such a reservation would be accepted.

    Opening hours, set-up and cleaning, notice, horizon and steps are observed; inductions are not checked.
    If `until` is not after `from`, the list is empty.
    """
    session, instant = db.session(), now()
    if query.since >= query.until:
        queries.machine_card(session, machine_id)
        return FreeSpanList(items=[])
    late = queries.still_out(session, instant, machine_ids=[machine_id]).get(machine_id)
    found = availability.free_spans(
        session,
        machine_id,
        TimeSpan(query.since, query.until),
        minutes=query.minutes,
        places=query.places,
        now=instant,
        limit=FREE_SPANS_MAX,
    )
    items = [FreeSpan(starts_at=span.start, ends_at=span.end) for span in found]
    return FreeSpanList(items=items, still_out=_still_out(late))


@Endpoint("GET", "/machines/free", access=LOGGED_IN, query=FreeMachineFilter, response=FreeMachineList)
def list_free_machines(query: FreeMachineFilter) -> FreeMachineList:
    """List the machines that are free first for such a reservation, each with its earliest span.

    Opening hours, set-up and cleaning, notice, horizon and steps are observed; inductions are not checked.
    """
    found = availability.earliest_free(
        db.session(),
        minutes=query.minutes,
        places=query.places,
        kind=query.kind,
        workshop_slug=query.workshop,
        after=query.since,
        until=query.until,
        now=now(),
        count=query.limit,
    )
    items = [FreeMachine(machine_id=one.machine_id, starts_at=one.span.start, ends_at=one.span.end) for one in found]
    return FreeMachineList(items=items)


def _machine(
    card: MachineCard,
    late: queries.StillOut | None,
    all_required: Requirements,
    hours: Mapping[int, Sequence[Opening]],
) -> Machine:
    required = [one.name for one in all_required.get(card.induction_kind_id or 0, ())]
    return Machine(
        id=card.id,
        slug=card.slug,
        name=card.name,
        sort=card.sort,
        kind=card.kind,
        description=card.description,
        location=card.location,
        workshop=Workshop(id=card.workshop_id, slug=card.workshop_slug, name=card.workshop_name),
        timezone=card.zone.key,
        places=card.places,
        charge_unit=card.charge_unit,
        rules=MachineRules(**asdict(card.rules), induction_kind=card.induction_kind, inductions_required=required),
        own_hours=[
            OwnOpening(weekday=weekday, opens_minute=opens, closes_minute=closes)
            for weekday, opens, closes in hours.get(card.id, ())
        ],
        still_out=_still_out(late),
    )


def _still_out(late: queries.StillOut | None) -> StillOut | None:
    return None if late is None else StillOut(places=late.places, due_at=late.due_at)
