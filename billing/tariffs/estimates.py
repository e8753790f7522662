"""The price of a wish, as far as it is known before the use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from billing.charges import charges
from billing.prices.pricing import PriceCalculation
from billing.prices.slip_pricing import SlipTerms, SlipUse, price_slip
from billing.tariff_terms import terms_of
from booking.charge_units import CHARGE_UNITS
from booking.kernel.read_cache import cached_read
from booking.queries import MachineCard
from booking.records.price_classes import price_class_on
from booking.reservations.wishes import Wish
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan


@dataclass(frozen=True, slots=True)
class Estimate:
    """The price of a wish. calculation: None where the machine is charged by what its meter shows afterwards.

    unit_price: euro per charge unit for this member. terms: all that the tariff says; a price of them without what is
    known only afterwards (other amounts, what was charged before) is about right. choices: its variants that are
    chosen, which the price contains.
    """

    charge_unit: str
    unit_price: Decimal
    minimum_cents: int
    calculation: PriceCalculation | None
    terms: SlipTerms
    choices: tuple[str, ...] = ()


def estimate_for(session: Session, card: MachineCard, wish: Wish) -> Estimate | None:
    """Return the estimate for a wish by the tariff of its first day, or None if there is no price for the member."""
    price_class = price_class_on(session, wish.member_id, local_day(wish.span.start, card.zone))
    return estimate_of_class(session, card, wish.span, wish.places, price_class, choices=wish.choices)


def estimate_of_class(
    session: Session,
    card: MachineCard,
    span: TimeSpan,
    places: int,
    price_class: str,
    *,
    needs_vat: bool = True,
    choices: tuple[str, ...] = (),
) -> Estimate | None:
    """Return the estimate for a time by the tariff of its first day, or None if there is no price for the class.

    needs_vat: as of terms_of(). choices: names of variants; those that the tariff lacks count for nothing.

    Read once for a version of the database: those who want the same hour are shown the same price.
    """
    wanted = span, places, price_class, needs_vat, choices
    return cached_read(session, ("estimate", card.id, card.zone, *wanted), lambda: _estimate(session, card, *wanted))


def _estimate(
    session: Session,
    card: MachineCard,
    span: TimeSpan,
    places: int,
    price_class: str,
    needs_vat: bool,
    choices: tuple[str, ...],
) -> Estimate | None:
    day = local_day(span.start, card.zone)
    tariff = charges.tariff_on(session, card.id, day)
    if tariff is None:
        return None
    terms = terms_of(session, tariff, price_class, day, needs_vat=needs_vat)
    if terms is None:
        return None
    unit = CHARGE_UNITS[tariff.charge_unit]
    calculation, chosen = None, tuple(name for name in terms.choices if name in choices)
    if unit.from_clock:
        amount = span.seconds * (places if unit.places_count else 1)
        use = SlipUse(amount, amount, span=span, zone=card.zone, places=places, choices=frozenset(chosen))
        calculation = price_slip(terms, use)
    return Estimate(tariff.charge_unit, terms.main.unit_price, terms.main.minimum_cents, calculation, terms, chosen)


def price_of_amount(estimate: Estimate, card: MachineCard, wish: Wish, amount: int) -> PriceCalculation:
    """Return what a wish would cost if so much were used, in small units; about right, as the estimate itself."""
    chosen = frozenset(wish.choices)
    use = SlipUse(amount, None, span=wish.span, zone=card.zone, places=wish.places, choices=chosen)
    return price_slip(estimate.terms, use)
