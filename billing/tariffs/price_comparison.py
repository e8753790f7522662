"""Whether a reservation would cost its member more on another machine or at another time, for plans of many."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.documents.treatment import Taxation
from billing.errors.document_errors import VatUnknown
from billing.models import Tariff, TariffPrice
from billing.prices.price_vat import VatTerms
from billing.prices.slip_pricing import CHOSEN, Adjustment, LineTerms, SlipTerms, SlipUse, price_slip
from billing.prices.tariff_parts import NO_PARTS, TariffParts
from billing.tariff_terms import latest_first, parts_of, plain_terms, slip_terms
from billing.tariff_vat import ring_taxation, vat_terms
from booking.charge_units import CHARGE_UNITS
from booking.records.catalogue import lending_terms
from booking.records.price_classes import price_class_on
from booking.reservations.wishes import Wish
from booking.times.wall_clock import local_day


class PriceComparison:
    """Reads the tariffs of a machine once, whatever is compared: call it with two wishes of one member.

    A machine without a price for the member costs nothing. Where the units differ, or what a meter will show decides,
    and the price of a unit or the least price is higher, the member is asked; with more than one price on a side, where
    the terms differ at all. Of what is known only after the use (other amounts, variants that are chosen at the
    hand-back), also where time is charged; variants that are chosen already are part of both prices. So is it where
    VAT is added and its rate is not entered yet: such a use is charged as soon as it is.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tariffs: dict[int, list[Tariff]] = {}
        self._zones: dict[int, ZoneInfo] = {}
        self._taxation: Taxation | None = None
        self._parts: dict[int, TariffParts] = {}
        self._prices: dict[tuple[int, str], Decimal] = {}
        self._classes: dict[tuple[int, date], str] = {}

    def __call__(self, wish: Wish, instead: Wish) -> bool:
        """Return whether the second wish costs the member more than the first."""
        if (wish.machine_id, wish.span) == (instead.machine_id, instead.span):
            return False
        try:
            before, after = self._priced(wish), self._priced(instead)
        except VatUnknown:
            return True
        if after is None:
            return False
        if before is None:
            return _least(after) > (Decimal(0), 0) or not after[1].is_plain
        if before[0] != after[0]:
            return True
        unit = CHARGE_UNITS[after[0]]
        if unit.from_clock:
            is_dearer = self._cents(after, instead) > self._cents(before, wish)
            return is_dearer or _known_afterwards(after[1], instead) != _known_afterwards(before[1], wish)
        if after[1].is_plain and before[1].is_plain:
            return _least(after) > _least(before)
        return after[1] != before[1]

    def _cents(self, priced: tuple[str, SlipTerms], wish: Wish) -> int:
        unit, terms = priced
        amount = wish.span.seconds * (wish.places if CHARGE_UNITS[unit].places_count else 1)
        zone = self._zones[wish.machine_id]
        chosen = frozenset(wish.choices)
        use = SlipUse(amount, amount, span=wish.span, zone=zone, places=wish.places, choices=chosen)
        return price_slip(terms, use).cents

    def _priced(self, wish: Wish) -> tuple[str, SlipTerms] | None:
        """Return the charge unit and terms of a wish by the tariff of its first day. Raises VatUnknown."""
        tariffs = self._tariffs_of(wish.machine_id)
        if not tariffs:
            return None
        day = local_day(wish.span.start, self._zones[wish.machine_id])
        tariff = next((one for one in tariffs if one.valid_from <= day), None)
        price = None if tariff is None else self._prices.get((tariff.id, self._class_of(wish.member_id, day)))
        if tariff is None or price is None:
            return None
        parts = self._parts.get(tariff.id, NO_PARTS)
        main, price_class = plain_terms(tariff, price), self._class_of(wish.member_id, day)
        vat = self._vat_of(tariff, day)
        return tariff.charge_unit, slip_terms(main, tariff.charge_unit, tariff.cap_day_cents, parts, price_class, vat)

    def _vat_of(self, tariff: Tariff, day: date) -> VatTerms | None:
        if tariff.tax_code is None or tariff.price_includes_vat:
            return None  # included VAT changes no price
        if self._taxation is None:
            self._taxation = ring_taxation(self._session)
        return vat_terms(self._taxation, tariff.tax_code, day, is_included=False)

    def _tariffs_of(self, machine_id: int) -> list[Tariff]:
        """Return the tariffs of a machine, the latest and highest version first, and note their prices."""
        if machine_id not in self._tariffs:
            found = latest_first(self._session, machine_id)
            ids = [one.id for one in found]
            prices = select(TariffPrice.tariff_id, TariffPrice.price_class, TariffPrice.price)
            for tariff_id, price_class, price in self._session.execute(prices.where(TariffPrice.tariff_id.in_(ids))):
                self._prices[tariff_id, price_class] = price
            self._parts |= parts_of(self._session, [one.id for one in found if one.has_parts])
            self._tariffs[machine_id] = found
            self._zones[machine_id] = lending_terms(self._session, machine_id).policy.hours.zone
        return self._tariffs[machine_id]

    def _class_of(self, member_id: int, day: date) -> str:
        if (member_id, day) not in self._classes:
            self._classes[member_id, day] = price_class_on(self._session, member_id, day)
        return self._classes[member_id, day]


def _known_afterwards(terms: SlipTerms, wish: Wish) -> tuple[tuple[LineTerms, ...], tuple[Adjustment, ...]]:
    """Return the amounts that are entered with a use, and the variants not chosen yet: no price of it contains them."""
    later = (one for one in terms.adjustments if one.applies == CHOSEN and one.name not in wish.choices)
    return terms.entered_lines, tuple(later)


def _least(priced: tuple[str, SlipTerms]) -> tuple[Decimal, int]:
    return priced[1].main.unit_price, priced[1].main.minimum_cents
