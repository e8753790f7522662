"""Endpoints of tariffs: those of a machine, entering one, and trying one before it is entered."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field, StrictBool

from app.api import problems
from app.api.endpoints import Endpoint, reply
from app.api.fields import ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.tariff_models import (
    AdjustmentFacts,
    LineFacts,
    MainFacts,
    Number,
    TariffFacts,
    WrongNumber,
    exact_prices,
    facts_of,
    parts_of,
    small_of,
    written,
)
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, Access
from app.clock import now
from app.extensions import db
from billing import queries
from billing.slip_pricing import SlipUse
from billing.tariff_trial import ClassCost, last_season, price_example, terms_by_class
from billing.tariffs import TariffEntry, enter_tariff
from booking.charge_units import CHARGE_UNITS
from booking.queries import MachineCard, machine_card, price_classes
from booking.wall_clock import local_day

TREASURERS = Access(treasurer=ALL, admin=ALL)


class NewTariff(TariffFacts):
    """A tariff to be entered. reprice: uses that are priced already within its time are priced again."""

    reprice: StrictBool = False


class TariffAnswer(ResponseModel):
    """A tariff as it was entered, in the order of days. is_used: it has priced a use, so it is never changed."""

    id: int
    machine_id: int
    charge_unit: str
    valid_from: date
    valid_until: date | None
    is_replaced: bool
    is_used: bool
    prices: dict[str, str]
    basis: str
    step: str
    minimum: str
    minimum_cents: int
    cap_day_cents: int | None
    vat_code: str | None
    price_includes_vat: bool
    note: str
    main: MainFacts
    lines: list[LineFacts]
    adjustments: list[AdjustmentFacts]


class TariffAnswers(ResponseModel):
    """The tariffs of a machine, the newest first."""

    items: list[TariffAnswer]
    next: str | None = None


class TariffToTry(TariffFacts):
    """A tariff to be tried. example: an amount in the charge unit of the machine; amounts: of its lines, by name.

    The example has no variants and lies in no times: surcharges for those are not in its price.
    """

    example: Number | None = None
    amounts: dict[str, Number] = Field(default_factory=dict, max_length=20)


class ExamplePrice(ResponseModel):
    """What the example costs a price class. lines: the cents of each line of its working, in order."""

    price_class: str
    cents: int
    lines: list[int]


class SeasonOfClass(ResponseModel):
    """The uses of a price class in the last year. unpriced: how many would have no price."""

    price_class: str
    uses: int
    unpriced: int
    charged_cents: int
    cents: int


class TrialAnswer(ResponseModel):
    """What a tariff would cost. since, until: the days of service looked at. is_cut: at most 10,000 uses were.

    charged_cents, cents: what these uses were charged, and what they would cost.
    """

    examples: list[ExamplePrice]
    since: date
    until: date
    is_cut: bool
    charged_cents: int
    cents: int
    classes: list[SeasonOfClass]


@Endpoint("GET", "/machines/<id:machine_id>/tariffs", access=LOGGED_IN, response=TariffAnswers, errors=(404,))
def list_tariffs(machine_id: int) -> TariffAnswers:
    """List all tariffs of a machine, also those that another one of the same day replaced."""
    card = machine_card(db.session(), machine_id)
    return TariffAnswers(items=[_answer(view) for view in queries.tariff_history(db.session(), card.id)])


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/tariffs",
    access=TREASURERS,
    body=NewTariff,
    response=TariffAnswer,
    status=201,
    errors=(404, 409),
    idempotent=True,
)
def post_tariff(machine_id: int, body: NewTariff) -> Reply:
    """Enter a tariff. The one before it ends on the day before. Slips without a price are priced at once.

    409 `tariff_in_use` where uses within its time are priced already, unless `reprice` is true.
    """
    session, by, instant = db.session(), current_actor(), now()
    card = machine_card(session, machine_id)
    entry = _entry(body, card)

    def write() -> Reply:
        made = enter_tariff(session, card.id, entry, by=by, now=instant, reprice=body.reprice)
        return reply(_answer(queries.tariff(session, made.id)), 201)

    return run_idempotent(body, write)


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/tariff-trials",
    access=TREASURERS,
    body=TariffToTry,
    response=TrialAnswer,
    errors=(404,),
)
def try_tariff(machine_id: int, body: TariffToTry) -> TrialAnswer:
    """Calculate what a tariff would cost, without storing it: an example, and the uses of the last year."""
    session = db.session()
    card = machine_card(session, machine_id)
    terms = terms_by_class(session, _entry(body, card), card.charge_unit)
    season = last_season(session, card, terms, until=local_day(now(), card.zone))
    total = season.total
    priced = price_example(terms, _example(body, card)) if body.example is not None or body.amounts else {}
    return TrialAnswer(
        examples=[
            ExamplePrice(price_class=code, cents=one.cents, lines=[line.cents for line in one.lines] or [one.cents])
            for code, one in priced.items()
        ],
        since=season.since,
        until=season.until,
        is_cut=season.is_cut,
        charged_cents=total.charged_cents,
        cents=total.cents,
        classes=[_of_class(code, cost) for code, cost in sorted(season.by_class.items())],
    )


def _of_class(price_class: str, cost: ClassCost) -> SeasonOfClass:
    return SeasonOfClass(
        price_class=price_class,
        uses=cost.uses,
        unpriced=cost.unpriced,
        charged_cents=cost.charged_cents,
        cents=cost.cents,
    )


def _example(body: TariffToTry, card: MachineCard) -> SlipUse:
    unit = CHARGE_UNITS[card.charge_unit]
    units = {line.name: CHARGE_UNITS[line.unit] for line in body.lines}
    faults = [problems.field_error("amounts", f"no line {name}") for name in body.amounts if name not in units]
    if faults:
        raise Refusal(problems.invalid(*faults))
    try:
        amount = small_of(body.example or "0", unit, "example")
        amounts = {name: small_of(number, units[name], "amounts") for name, number in body.amounts.items()}
    except WrongNumber as error:
        raise _refusal(error) from error
    return SlipUse(amount, amount if unit.from_clock else None, amounts=amounts)


def _entry(body: TariffFacts, card: MachineCard) -> TariffEntry:
    """Return what was sent. Raises Refusal for an unknown price class and an amount that is too fine."""
    known = {each.code for each in price_classes(db.session())}
    if unknown := sorted(set(body.prices) - known):
        raise Refusal(problems.invalid(problems.field_error("prices", f"no price class {unknown[0]}")))
    unit = CHARGE_UNITS[card.charge_unit]
    try:
        return TariffEntry(
            valid_from=body.valid_from,
            prices=exact_prices(body.prices),
            step_amount=1 if body.step is None else small_of(body.step, unit, "step"),
            minimum_amount=small_of(body.minimum, unit, "minimum"),
            minimum_cents=body.minimum_cents,
            basis=body.basis,
            note=body.note,
            parts=parts_of(body, card.charge_unit),
            cap_day_cents=body.cap_day_cents,
            tax_code=body.vat_code,
            price_includes_vat=body.price_includes_vat,
        )
    except WrongNumber as error:
        raise _refusal(error) from error


def _refusal(error: WrongNumber) -> Refusal:
    return Refusal(problems.invalid(problems.field_error(error.field, str(error))))


def _answer(view: queries.TariffView) -> TariffAnswer:
    unit = CHARGE_UNITS[view.charge_unit]
    main, lines, adjustments = facts_of(view.parts, view.charge_unit)
    fields: dict[str, Any] = {
        name: getattr(view, name)
        for name in ("id", "machine_id", "charge_unit", "valid_from", "valid_until", "is_replaced", "is_used", "basis")
    }
    return TariffAnswer.model_construct(
        **fields,
        prices={code: str(price) for code, price in view.prices.items()},
        step=written(view.step_amount, unit),
        minimum=written(view.minimum_amount, unit),
        minimum_cents=view.minimum_cents,
        cap_day_cents=view.cap_day_cents,
        vat_code=view.tax_code,
        price_includes_vat=view.price_includes_vat,
        note=view.note,
        main=main,
        lines=lines,
        adjustments=adjustments,
    )
