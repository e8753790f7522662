"""The price of a use while it is handed back: by what is typed so far, and by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.pages.usage.forms import MeasureForm, written_meanwhile
from app.wording.rules import violation_sentence
from billing import charges
from billing.pricing import PriceCalculation, price_cents
from booking import usage
from booking.errors import UsageRefused
from booking.queries import SlipView
from booking.usage import Measurement


@dataclass(frozen=True, slots=True)
class LivePrice:
    """What a hand-back would cost now. calculation: None where the sentence says what is missing or wrong."""

    charge_unit: str
    calculation: PriceCalculation | None = None
    sentence: str = ""
    is_fault: bool = False


def live_price(session: Session, slip: SlipView | None, form: MeasureForm, *, now: datetime) -> LivePrice:
    """Return the price by a validated form, complete or not; slip: None where nothing is out."""
    if slip is None or slip.reservation_id is None or slip.handed_back_at is not None:
        return LivePrice(form.unit.code, sentence=written_meanwhile())
    for field in (form.reading, form.amount):
        if field.errors:
            return LivePrice(slip.charge_unit, sentence=f"{field.label.text}: {field.errors[0]}", is_fault=True)
    measured = form.measured(None)
    if not form.unit.from_clock and not _is_measured(slip, measured):
        return LivePrice(slip.charge_unit, sentence=_missing(slip))
    try:
        amount = usage.amount_by_now(session, slip.reservation_id, measured, now=now)
    except UsageRefused as refusal:
        sentences = (violation_sentence(each, slip.zone, slip.charge_unit) for each in refusal.violations)
        return LivePrice(slip.charge_unit, sentence=" ".join(sentences), is_fault=True)
    return _priced(session, slip, amount)


def _is_measured(slip: SlipView, measured: Measurement) -> bool:
    has_readings = measured.reading is not None and slip.reading_before is not None
    return measured.amount is not None or has_readings


def _missing(slip: SlipView) -> str:
    if slip.reading_before is None:
        return _("The price stands here as soon as the amount is entered.")
    return _("The price stands here as soon as the reading is entered.")


def _priced(session: Session, slip: SlipView, amount: int) -> LivePrice:
    """Return the price of an amount as the charge of the slip will have it."""
    tariff = charges.tariff_on(session, slip.machine_id, slip.service_date)
    terms = charges.terms_of(session, tariff, slip.price_class) if tariff is not None else None
    if tariff is None or terms is None or tariff.charge_unit != slip.charge_unit:
        return LivePrice(
            slip.charge_unit, sentence=_("There is no price yet. It follows as soon as the tariff is entered.")
        )
    return LivePrice(slip.charge_unit, price_cents(terms, amount, slip.booked_amount))
