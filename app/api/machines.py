"""Calls: the machines, under which rules they are lent, and when they are free."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field, create_model

from app.api.endpoints import Endpoint
from app.api.fields import Instant, RequestModel, ResponseModel, Text
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from booking import availability, queries
from booking.queries import MachineCard
from booking.rules import LENGTH_MINUTES_MAX, RULE_FIELDS
from booking.timespan import TimeSpan

FREE_SPANS_MAX = 500


class Workshop(ResponseModel):
    """The place where a machine stands."""

    id: int
    slug: str
    name: str


Rules = create_model(
    "Rules",
    __base__=ResponseModel,
    __doc__="Under which rules a machine is lent, in the unit of each name.",
    **{rule.name: (bool if rule.is_switch else int, ...) for rule in RULE_FIELDS},
    induction_kind=(str | None, ...),
)  # type: ignore[call-overload]


class Machine(ResponseModel):
    """A machine that is lent. places: how many equal parts can be held apart. charge_unit: how use is counted."""

    id: int
    slug: str
    name: str
    kind: str
    description: str
    location: str
    workshop: Workshop
    timezone: str
    places: int
    charge_unit: str
    rules: Rules  # type: ignore[valid-type]


class MachineList(ResponseModel):
    """The machines of the ring, by workshop and name. next: always null, the list is whole."""

    items: list[Machine]
    next: str | None = None


class FreeFilter(RequestModel):
    """When, how long and how many places. Elapsed minutes; by the clock for machines lent by the day.

    Without minutes the shortest length that the machine is lent for.
    """

    since: Instant = Field(alias="from")
    until: Instant
    minutes: int | None = Field(None, ge=1, le=LENGTH_MINUTES_MAX)
    places: int = Field(1, ge=1, le=10_000)


class FreeSpan(ResponseModel):
    """Time within which every such reservation would be accepted."""

    starts_at: Instant
    ends_at: Instant


class FreeList(ResponseModel):
    """Free spans in order, the first 500 at most. next: always null; ask again from the end of the last one."""

    items: list[FreeSpan]
    next: str | None = None


class FreeMachineFilter(RequestModel):
    """How long, how many places, on machines of which kind and workshop (its slug), from when (now) and until when.

    Elapsed minutes; by the clock for machines lent by the day.
    """

    minutes: int = Field(ge=1, le=LENGTH_MINUTES_MAX)
    places: int = Field(1, ge=1, le=10_000)
    kind: Text | None = None
    workshop: Text | None = None
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    limit: int = Field(10, ge=1, le=100)


class FreeMachine(ResponseModel):
    """The earliest such reservation of a machine that would be accepted."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant


class FreeMachineList(ResponseModel):
    """Machines, the earliest free first. next: always null; ask for more by `limit`."""

    items: list[FreeMachine]
    next: str | None = None


@Endpoint("GET", "/machines", access=LOGGED_IN, response=MachineList)
def list_machines() -> MachineList:
    """List the machines that are lent."""
    cards = queries.machine_cards(db.session(), limit=None).items
    return MachineList(items=[_machine(card) for card in cards])


@Endpoint("GET", "/machines/<id:machine_id>", access=LOGGED_IN, response=Machine, errors=(404,))
def get_machine(machine_id: int) -> Machine:
    """Look at one machine, also at one that is no longer lent."""
    return _machine(queries.machine_card(db.session(), machine_id))


@Endpoint("GET", "/machines/<id:machine_id>/free", access=LOGGED_IN, query=FreeFilter, response=FreeList, errors=(404,))
def list_free_spans(machine_id: int, query: FreeFilter) -> FreeList:
    """List the free spans in which such a reservation would be accepted.

    Opening hours, set-up and cleaning, notice, horizon and steps are kept; inductions are not asked about.
    Where `until` does not lie after `from` there is no time to be free, and the list is empty.
    """
    session = db.session()
    if query.since >= query.until:
        queries.machine_card(session, machine_id)
        return FreeList(items=[])
    found = availability.free_spans(
        session,
        machine_id,
        TimeSpan(query.since, query.until),
        minutes=query.minutes,
        places=query.places,
        now=now(),
        limit=FREE_SPANS_MAX,
    )
    return FreeList(items=[FreeSpan(starts_at=span.start, ends_at=span.end) for span in found])


@Endpoint("GET", "/machines/free", access=LOGGED_IN, query=FreeMachineFilter, response=FreeMachineList)
def list_free_machines(query: FreeMachineFilter) -> FreeMachineList:
    """List the machines that are free earliest for such a reservation, each with its first such time.

    Opening hours, set-up and cleaning, notice, horizon and steps are kept; inductions are not asked about.
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


def _machine(card: MachineCard) -> Machine:
    return Machine(
        id=card.id,
        slug=card.slug,
        name=card.name,
        kind=card.kind,
        description=card.description,
        location=card.location,
        workshop=Workshop(id=card.workshop_id, slug=card.workshop_slug, name=card.workshop_name),
        timezone=card.zone.key,
        places=card.places,
        charge_unit=card.charge_unit,
        rules=Rules(**asdict(card.rules), induction_kind=card.induction_kind),
    )
