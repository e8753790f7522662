"""What is asked for beside the amount of a use: fields of requests and answers, and the endpoint that says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Protocol

from flask_babel import gettext as _
from pydantic import Field

from app.api import problems
from app.api.endpoints import Endpoint
from app.api.fields import Amount, Day, RequestModel, ResponseModel, ShortText
from app.api.problems import Refusal
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import Asked, asked_on
from booking.queries import machine_card
from booking.queries.other_amounts import NamedAmount as StoredAmount
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from booking.use.other_amounts import OtherAmount

OTHERS_MAX = 20


class NamedAmount(RequestModel):
    """An amount beside the amount of the use, by the name that the tariff gives it."""

    name: ShortText
    amount: Amount


OtherAmounts = Annotated[list[NamedAmount], Field(max_length=OTHERS_MAX)]
Choices = Annotated[list[ShortText], Field(max_length=OTHERS_MAX)]


class HasAsked(Protocol):
    """A body with other amounts and choices."""

    @property
    def amounts(self) -> list[NamedAmount]:
        """The other amounts."""

    @property
    def choices(self) -> list[str]:
        """The names of variants."""


class AskedDay(RequestModel):
    """The day on which a use begins. Default: today."""

    day: Day | None = None


class AskedAmount(ResponseModel):
    """An amount that is asked for. is_required: it must be sent, even if it is 0."""

    name: str
    unit: str
    is_required: bool


class AskedAnswer(ResponseModel):
    """What the tariff asks for beside the amount. name: of the amount itself, "" for none. choices: its variants."""

    name: str
    amounts: list[AskedAmount]
    choices: list[str]


@Endpoint(
    "GET",
    "/machines/<id:machine_id>/asked",
    access=LOGGED_IN,
    query=AskedDay,
    response=AskedAnswer,
    errors=(404,),
)
def get_asked(machine_id: int, query: AskedDay) -> AskedAnswer:
    """Get what is to be sent with a use of a machine beside its amount, by the tariff of a day."""
    card = machine_card(db.session(), machine_id)
    asked = asked_on(db.session(), card.id, query.day or local_day(now(), card.zone))
    amounts = [AskedAmount(name=one.name, unit=one.charge_unit, is_required=one.is_required) for one in asked.amounts]
    return AskedAnswer(name=asked.main, amounts=amounts, choices=list(asked.choices))


def read_asked(body: HasAsked, machine_id: int, day: date) -> tuple[tuple[OtherAmount, ...], tuple[str, ...]]:
    """Return the other amounts and choices that were sent. Refuses what the tariff of the day does not ask for."""
    return read_known(body.amounts, body.choices, asked_on(db.session(), machine_id, day))


def read_known(
    amounts: Sequence[NamedAmount], choices: Sequence[str], asked: Asked
) -> tuple[tuple[OtherAmount, ...], tuple[str, ...]]:
    """Return the other amounts and choices that were sent. Refuses what is not asked for."""
    faults = [*_faults(amounts, choices, asked)]
    if faults:
        raise Refusal(problems.invalid(*(problems.field_error(name, text) for name, text in faults)))
    return tuple(OtherAmount(one.name, one.amount.unit, one.amount.small) for one in amounts), tuple(choices)


def asked_of_machines(machine_ids: Iterable[int], span: TimeSpan) -> dict[int, Asked]:
    """Return what the tariffs of machines ask for on the first day of a span."""
    session = db.session()
    cards = [machine_card(session, machine_id) for machine_id in machine_ids]
    return {card.id: asked_on(session, card.id, local_day(span.start, card.zone)) for card in cards}


def read_choices(choices: Sequence[str], asked: Sequence[Asked]) -> tuple[str, ...]:
    """Return the variants that were sent. Refuses those that none of some tariffs has."""
    if not choices:
        return ()
    known = Asked(choices=tuple(dict.fromkeys(name for one in asked for name in one.choices)))
    return read_known((), choices, known)[1]


def _faults(amounts: Sequence[NamedAmount], choices: Sequence[str], asked: Asked) -> Iterable[tuple[str, str]]:
    """Yield a field and what is wrong with it."""
    units = {one.name: one.charge_unit for one in asked.amounts}
    known = ", ".join(units) or _("none")
    for number, one in enumerate(amounts):
        if one.name not in units:
            yield f"amounts.{number}.name", _("the tariff asks for no such amount; it asks for: %(names)s", names=known)
        elif one.amount.unit != units[one.name]:
            yield f"amounts.{number}.amount.unit", _wrong_unit(one, units[one.name])
    names = [one.name for one in amounts]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield "amounts", _("%(name)s is there twice", name=name)
    for name in asked.missing(names):
        yield "amounts", _("%(name)s must be sent, even if it is 0", name=name)
    for number, name in enumerate(choices):
        if name not in asked.choices:
            allowed = ", ".join(asked.choices) or _("none")
            yield f"choices.{number}", _("the tariff has no such variant; it has: %(names)s", names=allowed)


def _wrong_unit(sent: NamedAmount, unit: str) -> str:
    return _("the unit of %(name)s is %(unit)s, not %(actual)s", name=sent.name, unit=unit, actual=sent.amount.unit)


def named_amounts(stored: Iterable[StoredAmount]) -> list[NamedAmount]:
    """Return stored amounts as they are answered."""
    found = ((one.name, Amount.of(one.amount, one.charge_unit)) for one in stored)
    return [NamedAmount.model_construct(name=name, amount=amount) for name, amount in found if amount is not None]
