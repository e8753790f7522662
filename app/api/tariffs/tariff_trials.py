"""The endpoint that tries a tariff before it is entered."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from pydantic import Field

from app.api import problems
from app.api.endpoints import Endpoint
from app.api.fields import ResponseModel
from app.api.problems import Refusal
from app.api.tariffs.tariff_models import Number, TariffFacts, WrongNumber, small_of
from app.api.tariffs.tariffs import TREASURERS, entry_of, refusal_of
from app.clock import now
from app.extensions import db
from billing.prices.slip_pricing import SlipUse
from billing.tariffs.tariff_trial import ClassCost, last_season, price_example, terms_by_class
from booking.charge_units import CHARGE_UNITS
from booking.queries import MachineCard, machine_card
from booking.times.wall_clock import local_day


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
    terms = terms_by_class(session, entry_of(body, card.charge_unit), card.charge_unit)
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
    faults = [
        problems.field_error("amounts", _("no line %(name)s", name=name)) for name in body.amounts if name not in units
    ]
    if faults:
        raise Refusal(problems.invalid(*faults))
    try:
        amount = small_of(body.example or "0", unit, "example")
        amounts = {name: small_of(number, units[name], "amounts") for name, number in body.amounts.items()}
    except WrongNumber as error:
        raise refusal_of(error) from error
    return SlipUse(amount, amount if unit.from_clock else None, amounts=amounts)
