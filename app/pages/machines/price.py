"""Today's price of a machine, as its page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.wording import formats
from app.wording.units import UNIT_NAMES, UNIT_NAMES_ONE
from billing.charges import charges
from billing.prices.slip_pricing import SlipTerms, SlipUse, price_slip
from billing.tariff_terms import terms_of
from booking.charge_units import CHARGE_UNITS
from booking.members.members import STANDARD_PRICE_CLASS
from booking.queries import MachineCard
from booking.records.price_classes import price_class_on
from booking.times.wall_clock import local_day

EXAMPLES = {"hour": 2, "minute": 30, "place_day": 3}  # charge units of the example; of others ten


@dataclass(frozen=True, slots=True)
class Price:
    """Today's price of a use: of one unit, the minimum ("" for none), and an example."""

    amount: str
    unit: str
    minimum: str
    example: str


def price_of(session: Session, card: MachineCard, member_id: int | None, *, now: datetime) -> Price | None:
    """Return today's price of a use: for the member's price class; for a login without a member the standard class."""
    day = local_day(now, card.zone)
    tariff = charges.tariff_on(session, card.id, day)
    if tariff is None:
        return None
    price_class = STANDARD_PRICE_CLASS if member_id is None else price_class_on(session, member_id, day)
    terms = terms_of(session, tariff, price_class, day)
    if terms is None:
        return None
    main = terms.main
    plus = f" {_('plus VAT')}" if terms.adds_vat else ""
    unit = _("per %(unit)s", unit=UNIT_NAMES_ONE[tariff.charge_unit]) + plus
    minimum = _("at least %(sum)s", sum=formats.format_money(main.minimum_cents)) + plus if main.minimum_cents else ""
    return Price(formats.format_price(main.unit_price), unit, minimum, _example(terms, tariff.charge_unit))


def _example(terms: SlipTerms, unit_code: str) -> str:
    unit = CHARGE_UNITS[unit_code]
    count = EXAMPLES.get(unit_code, 10)
    amount = count * unit.small_per_unit
    cents = price_slip(terms, SlipUse(amount, amount if unit.from_clock else None)).cents
    is_time = unit.small_unit == "seconds"
    shown = formats.format_length(amount) if is_time else f"{count} {UNIT_NAMES[unit_code]}"
    values = {"amount": shown, "sum": formats.format_money(cents)}
    if terms.vat is not None:
        return _("for example %(amount)s for %(sum)s with VAT", **values)
    return _("for example %(amount)s for %(sum)s", **values)
