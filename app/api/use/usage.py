"""Endpoints of usage slips, also for meters and machine controllers."""

from __future__ import annotations

from datetime import date

from flask_login import current_user
from pydantic import Field, StrictBool

from app.api.conversions import span_of, to_small_units
from app.api.endpoints import Endpoint, reply
from app.api.fields import (
    PAGE_LENGTH,
    Amount,
    Day,
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
from app.api.problems import Reply
from app.api.use.asked_amounts import Choices, NamedAmount, OtherAmounts, named_amounts, read_asked
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.queries import SlipPrice, prices_of_slips
from booking import queries
from booking.errors.schedule_errors import UsageRefused
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts
from booking.rule_changes import condition_changes
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from booking.use.usage import Measurement, UnreservedUse


class UsageFilter(RequestModel):
    """Filter of usage slips. from and until: service dates, inclusive. cursor: `next` of the previous page."""

    machine_id: QueryId | None = None
    member_id: QueryId | None = None
    since: Day | None = Field(None, alias="from")
    until: Day | None = None
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class NewUsage(RequestModel):
    """Usage without a reservation. amount and readings: in the charge unit of the machine.

    reading_before and reading: of the meter before and after the use; both together give the amount. `amount` takes
    precedence over them.
    amounts, choices: what the tariff of the day asks for beside it, see `GET /machines/{id}/asked`.
    allow_overlap: store it although other slips of this time leave no place for it, or one of the member covers it.
    """

    machine_id: Id
    member_id: Id
    starts_at: Instant
    ends_at: Instant
    amount: Amount | None = None
    reading_before: Amount | None = None
    reading: Amount | None = None
    amounts: OtherAmounts = Field(default_factory=list)
    choices: Choices = Field(default_factory=list)
    note: Text = ""
    places: Places = 1
    allow_overlap: StrictBool = False


class UsageSlip(ResponseModel):
    """A usage slip. reserved: null for units that are known only after use, such as hectares.

    amounts, choices: what it has beside the amount used.
    used: null until hand-back. charge_cents: null while it has no price. price_class: the member's on the service date.
    operator: who ran a machine that needs an induction, "" for the member itself.
    second_person: who was there as well, "" for nobody.
    """

    id: int
    reservation_id: int | None
    machine_id: int
    member_id: int
    service_date: date
    price_class: str
    handed_out_at: Instant
    handed_back_at: Instant | None
    reserved: Amount | None
    used: Amount | None
    charged: Amount | None
    charge_cents: int | None
    amounts: list[NamedAmount]
    choices: list[str]
    places: int
    operator: str
    second_person: str
    is_disputed: bool


class UsageSlipList(ResponseModel):
    """Usage slips in the order of their creation. next: the cursor of the next page, null on the last one."""

    items: list[UsageSlip]
    next: str | None


@Endpoint(
    "GET",
    "/usage",
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN),
    query=UsageFilter,
    response=UsageSlipList,
)
def list_usage(query: UsageFilter) -> UsageSlipList:
    """List usage slips: those of the login's member and managed workshops, or all for treasurer and administrator."""
    session = db.session()
    found = queries.usage_slips(
        session,
        since=query.since,
        until=query.until,
        machine_id=query.machine_id,
        member_id=query.member_id,
        seen_by=reach(),
        after_id=query.cursor or 0,
        limit=query.limit + 1,
    )
    page = found[: query.limit]
    return UsageSlipList(items=_slips(page), next=str(page[-1].id) if len(found) > len(page) else None)


@Endpoint(
    "POST",
    "/usage",
    access=Access(manager=WORKSHOP, admin=ALL),
    body=NewUsage,
    response=UsageSlip,
    status=201,
    extra_statuses=(200,),
    errors=(404, 409),
    idempotent=True,
)
def report_usage(body: NewUsage) -> Reply:
    """Enter a completed slip for usage without a reservation, for example from a machine controller.

    The same use reported again (machine, member, times, places, amount, amounts, choices) is answered with its slip
    and 200.
    """
    card = lookups.managed_machine(body.machine_id)
    span = span_of(body, UsageRefused)
    use = _use(body, span, card)
    by, instant = current_actor(), now()

    def write() -> Reply:
        session = db.session()
        slip, is_new = condition_changes.record_usage(session, use, by=by, now=instant)
        return reply(usage_slip_answer(slip.id), 201 if is_new else 200)

    return run_idempotent(body, write)


def _use(body: NewUsage, span: TimeSpan, card: queries.MachineCard) -> UnreservedUse:
    unit = card.charge_unit
    others, choices = read_asked(body, card.id, local_day(span.start, card.zone))
    measured = Measurement(
        reading=to_small_units(body.reading, unit, "reading"),
        amount=to_small_units(body.amount, unit, "amount"),
        note=body.note,
        others=others,
        choices=choices,
    )
    return UnreservedUse(
        machine_id=body.machine_id,
        member_id=body.member_id,
        span=span,
        measured=measured,
        places=body.places,
        allow_overlap=body.allow_overlap,
        reading_before=to_small_units(body.reading_before, unit, "reading_before"),
    )


def reach() -> tuple[int | None, frozenset[int]] | None:
    """Return whose slips the login may see: None for all, else a member and workshops."""
    scopes = permissions.scopes_of(current_user, permissions.access_to("api.list_usage"))
    if ALL in scopes:
        return None
    managed = current_user.managed_workshop_ids if WORKSHOP in scopes else frozenset()
    return (current_user.member_id if OWN in scopes else None), managed


def usage_slip_answer(usage_id: int) -> UsageSlip:
    """Return a slip as it is answered."""
    return _slips((queries.usage_slip(db.session(), usage_id),))[0]


def _slips(found: tuple[queries.UsageSlip, ...]) -> list[UsageSlip]:
    ids = [slip.id for slip in found]
    prices, beside = prices_of_slips(db.session(), ids), beside_amounts(db.session(), ids)
    return [_slip(slip, prices.get(slip.id), beside.get(slip.id, NOTHING_BESIDE)) for slip in found]


def _slip(slip: queries.UsageSlip, price: SlipPrice | None, beside: BesideAmount) -> UsageSlip:
    return UsageSlip.model_construct(
        id=slip.id,
        reservation_id=slip.reservation_id,
        machine_id=slip.machine_id,
        member_id=slip.member_id,
        service_date=slip.service_date,
        price_class=slip.price_class,
        handed_out_at=slip.handed_out_at,
        handed_back_at=slip.handed_back_at,
        reserved=Amount.of(slip.booked_amount, slip.charge_unit),
        used=Amount.of(slip.used_amount, slip.charge_unit),
        charged=Amount.of(price.charged_amount, slip.charge_unit) if price else None,
        charge_cents=price.cents if price else None,
        amounts=named_amounts(beside.amounts),
        choices=list(beside.choices),
        places=slip.places,
        operator=slip.operator_name,
        second_person=slip.second_person,
        is_disputed=slip.is_disputed,
    )
