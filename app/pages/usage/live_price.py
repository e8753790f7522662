"""The price of a use while it is handed back or entered: by what is typed so far, and by the clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.usage.forms import MeasureForm, written_meanwhile
from app.pages.usage.use_forms import UnreservedUseForm
from app.web.url_converters import ID_MAX
from app.wording.rules import violation_sentence
from billing.charges import charges
from billing.charges.slip_prices import price_of_use as price_by_terms
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import SlipUse
from billing.tariff_terms import terms_of
from booking.errors.schedule_errors import UsageRefused, Violation
from booking.kernel.events import Actor
from booking.queries import MachineCard, SlipView
from booking.records.price_classes import price_class_on
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from booking.use import usage
from booking.use.usage import Measurement


@dataclass(frozen=True, slots=True)
class LivePrice:
    """What a use would cost. calculation: None where the sentence says what is missing or wrong."""

    charge_unit: str
    calculation: PriceCalculation | None = None
    sentence: str = ""
    is_fault: bool = False


@dataclass(frozen=True, slots=True)
class PricedUse:
    """What decides the tariff of a use. id: of the slip; a new one comes after all others."""

    machine_id: int
    member_id: int
    service_date: date
    price_class: str
    charge_unit: str
    id: int = ID_MAX


def live_price(session: Session, slip: SlipView | None, form: MeasureForm, *, now: datetime) -> LivePrice:
    """Return the price by a validated form, complete or not; slip: None where nothing is out."""
    if slip is None or slip.reservation_id is None or slip.handed_back_at is not None:
        return LivePrice(form.unit.code, sentence=written_meanwhile())
    for field in (form.reading, form.amount, *form.other_fields):
        if field.errors:
            return LivePrice(slip.charge_unit, sentence=f"{field.label.text}: {field.errors[0]}", is_fault=True)
    measured = form.measured(None)
    if not form.unit.from_clock and not _is_measured(slip, measured):
        return LivePrice(slip.charge_unit, sentence=_missing(slip))
    try:
        amount = usage.amount_by_now(session, slip.reservation_id, measured, now=now)
    except UsageRefused as refusal:
        return _refused(refusal.violations, form)
    of = PricedUse(slip.machine_id, slip.member_id, slip.service_date, slip.price_class, slip.charge_unit, slip.id)
    span = TimeSpan(slip.handed_out_at, now) if slip.handed_out_at < now else None
    return _priced(session, of, SlipUse(amount, slip.booked_amount, span=span, places=slip.places), form)


def price_of_use(
    session: Session, card: MachineCard, form: UnreservedUseForm, member_id: int | None, *, by: Actor, now: datetime
) -> LivePrice:
    """Return the price of a use without reservation by a validated form, complete or not.

    member_id: None before the member is chosen.
    """
    for field in (form.places, form.reading_before, form.reading, form.amount, *form.other_fields):
        if field.errors:
            return LivePrice(card.charge_unit, sentence=f"{field.label.text}: {field.errors[0]}", is_fault=True)
    if member_id is None:
        return LivePrice(card.charge_unit, sentence=_("The price stands here as soon as the member is chosen."))
    if form.span is None:
        return LivePrice(card.charge_unit, sentence=_("The price stands here as soon as start and end are entered."))
    try:
        amount = usage.amount_of_use(session, form.to_use(card.id, member_id), by=by, now=now)
    except UsageRefused as refusal:
        if {each.rule for each in refusal.violations} == {"amount_missing"}:
            return LivePrice(card.charge_unit, sentence=_("The price stands here as soon as the amount is entered."))
        return _refused(refusal.violations, form)
    day = local_day(form.span.start, card.zone)
    of = PricedUse(card.id, member_id, day, price_class_on(session, member_id, day), card.charge_unit)
    return _priced(session, of, SlipUse(amount, span=form.span, places=form.places.data or 1), form)


def _refused(violations: Iterable[Violation], form: MeasureForm) -> LivePrice:
    sentences = (violation_sentence(each, form.zone, form.unit.code) for each in violations)
    return LivePrice(form.unit.code, sentence=" ".join(sentences), is_fault=True)


def _is_measured(slip: SlipView, measured: Measurement) -> bool:
    has_readings = measured.reading is not None and slip.reading_before is not None
    return measured.amount is not None or has_readings


def _missing(slip: SlipView) -> str:
    if slip.reading_before is None:
        return _("The price stands here as soon as the amount is entered.")
    return _("The price stands here as soon as the reading is entered.")


def _priced(session: Session, of: PricedUse, use: SlipUse, form: MeasureForm) -> LivePrice:
    """Return the price of a use as the charge of the slip will have it."""
    tariff = charges.tariff_on(session, of.machine_id, of.service_date)
    terms = terms_of(session, tariff, of.price_class, of.service_date) if tariff is not None else None
    if tariff is None or terms is None or tariff.charge_unit != of.charge_unit:
        return LivePrice(
            of.charge_unit,
            sentence=_("There is no price yet. It follows as soon as the treasurer has entered what it needs."),
        )
    amounts = {one.name: one.amount for one in form.others()}
    use = replace(use, amounts=amounts, choices=frozenset(form.choices()))
    calculation = price_by_terms(session, of, use, tariff.id, terms)
    if calculation is None:
        return LivePrice(of.charge_unit, sentence=_("The price stands here as soon as all amounts are entered."))
    return LivePrice(of.charge_unit, calculation)
