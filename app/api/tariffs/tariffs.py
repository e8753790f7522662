"""Endpoints of tariffs: those of a machine, entering, changing and withdrawing one, and trying one before."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from pydantic import StrictBool

from app.api import problems, revisions
from app.api.endpoints import Endpoint, reply
from app.api.fields import ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.tariffs.tariff_models import (
    AdjustmentFacts,
    LineFacts,
    MainFacts,
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
from billing.tariffs.tariffs import TariffEntry, change_tariff, enter_tariff, withdraw_tariff
from booking.charge_units import CHARGE_UNITS
from booking.kernel.transaction import in_write_transaction
from booking.queries import machine_card, price_classes

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


@Endpoint("GET", "/machines/<id:machine_id>/tariffs", access=LOGGED_IN, response=TariffAnswers, errors=(404,))
def list_tariffs(machine_id: int) -> TariffAnswers:
    """List all tariffs of a machine, also those that another one of the same day replaced."""
    return _all_of(machine_card(db.session(), machine_id).id)


def _all_of(machine_id: int) -> TariffAnswers:
    return TariffAnswers(items=[_answer(view) for view in queries.tariff_history(db.session(), machine_id)])


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
    entry = entry_of(body, card.charge_unit)

    def write() -> Reply:
        made = enter_tariff(session, card.id, entry, by=by, now=instant, reprice=body.reprice)
        return reply(_answer(queries.tariff(session, made.id)), 201)

    return run_idempotent(body, write)


@Endpoint("GET", "/tariffs/<id:tariff_id>", access=LOGGED_IN, response=TariffAnswer, errors=(404,), conditional=True)
def get_tariff(tariff_id: int) -> Reply:
    """Get one tariff."""
    return _reply(tariff_id)


@Endpoint(
    "PUT",
    "/tariffs/<id:tariff_id>",
    access=TREASURERS,
    body=TariffFacts,
    response=TariffAnswer,
    errors=(404, 409, 412),
    conditional=True,
)
def put_tariff(tariff_id: int, body: TariffFacts) -> Reply:
    """Change a tariff, all of it at once. What waits without a price is priced at once.

    409 `tariff_in_use` where it has priced a use, or would hold for uses that another one has priced: a correction is a
    new tariff for the same day.
    """
    session, by, instant = db.session(), current_actor(), now()
    view = queries.tariff(session, tariff_id)
    revision, entry = revisions.expected(view.revision), entry_of(body, view.charge_unit)

    def change() -> Reply:
        change_tariff(session, tariff_id, entry, by=by, now=instant, revision=revision)
        return _reply(tariff_id)

    return run_idempotent(body, change)


@Endpoint(
    "POST",
    "/tariffs/<id:tariff_id>/withdraw",
    access=TREASURERS,
    response=TariffAnswers,
    errors=(404, 409, 412),
    conditional=True,
)
def withdraw_one_tariff(tariff_id: int) -> Reply:
    """Delete a tariff that has priced nothing, and get those that are left. The one before it holds on.

    409 `tariff_in_use` where it has priced a use.
    """
    session, by, instant = db.session(), current_actor(), now()
    view = queries.tariff(session, tariff_id)
    revision = revisions.expected(view.revision)

    def withdraw() -> Reply:
        withdraw_tariff(session, tariff_id, by=by, now=instant, revision=revision)
        return reply(_all_of(view.machine_id))

    return in_write_transaction(session, withdraw)


def entry_of(body: TariffFacts, charge_unit: str) -> TariffEntry:
    """Return what was sent. Raises Refusal for an unknown price class and an amount that is too fine."""
    known = {each.code for each in price_classes(db.session())}
    if unknown := sorted(set(body.prices) - known):
        raise Refusal(problems.invalid(problems.field_error("prices", _("no price class %(name)s", name=unknown[0]))))
    unit = CHARGE_UNITS[charge_unit]
    try:
        return TariffEntry(
            valid_from=body.valid_from,
            prices=exact_prices(body.prices),
            step_amount=1 if body.step is None else small_of(body.step, unit, "step"),
            minimum_amount=small_of(body.minimum, unit, "minimum"),
            minimum_cents=body.minimum_cents,
            basis=body.basis,
            note=body.note,
            parts=parts_of(body, charge_unit),
            cap_day_cents=body.cap_day_cents,
            tax_code=body.vat_code,
            price_includes_vat=body.price_includes_vat,
        )
    except WrongNumber as error:
        raise refusal_of(error) from error


def refusal_of(error: WrongNumber) -> Refusal:
    """Return the answer to an amount that is too fine."""
    return Refusal(problems.invalid(problems.field_error(error.field, str(error))))


def _reply(tariff_id: int) -> Reply:
    view = queries.tariff(db.session(), tariff_id)
    return reply(_answer(view), headers=revisions.etag(view.revision))


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
