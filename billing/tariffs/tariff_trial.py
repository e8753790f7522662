"""Trying a tariff before it is stored: on an example, and on the uses of the last year. Nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.charges.slip_prices import free_of_each
from billing.models import Charge
from billing.prices.pricing import PriceCalculation, PriceTerms, cents_of_many, counted_amount
from billing.prices.slip_pricing import SlipTerms, SlipUse, price_slip
from billing.tariff_terms import slip_terms
from billing.tariffs.tariffs import TariffEntry, check_entry, entry_vat
from booking.charge_units import CHARGE_UNITS
from booking.queries import MachineCard
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts
from booking.queries.season_uses import SeasonUse, season_uses
from booking.timespan import TimeSpan

USES_MAX = 10_000
SEASON = timedelta(days=365)


@dataclass(slots=True)
class ClassCost:
    """What the uses of a price class cost: as charged, and by the tariff that is tried. unpriced: it has no price."""

    uses: int = 0
    unpriced: int = 0
    charged_cents: int = 0
    cents: int = 0


@dataclass(frozen=True, slots=True)
class SeasonCost:
    """The uses of a season by price class. is_cut: there were more, and only those since the first day count."""

    since: date
    until: date
    is_cut: bool
    by_class: Mapping[str, ClassCost] = field(default_factory=dict)

    @property
    def total(self) -> ClassCost:
        """The sums of all classes."""
        found = self.by_class.values()
        return ClassCost(
            sum(one.uses for one in found),
            sum(one.unpriced for one in found),
            sum(one.charged_cents for one in found),
            sum(one.cents for one in found),
        )


def terms_by_class(session: Session, entry: TariffEntry, charge_unit: str) -> dict[str, SlipTerms]:
    """Return price class -> terms of a tariff that is not stored, with the VAT of its first day.

    Raises what entering it would.
    """
    parts, vat = check_entry(entry, charge_unit), entry_vat(session, entry)
    found = {}
    for price_class, unit_price in entry.prices.items():
        main = PriceTerms(
            unit_price=unit_price,
            small_per_unit=CHARGE_UNITS[charge_unit].small_per_unit,
            step_amount=entry.step_amount,
            minimum_amount=entry.minimum_amount,
            minimum_cents=entry.minimum_cents,
            basis=entry.basis,
        )
        found[price_class] = slip_terms(main, charge_unit, entry.cap_day_cents, parts, price_class, vat)
    return found


def price_example(terms: Mapping[str, SlipTerms], use: SlipUse) -> dict[str, PriceCalculation]:
    """Return price class -> the price of an example."""
    return {price_class: price_slip(of_class, use) for price_class, of_class in terms.items()}


def last_season(
    session: Session, card: MachineCard, terms: Mapping[str, SlipTerms], *, until: date, since: date | None = None
) -> SeasonCost:
    """Return what the uses of a year, or since a day, would have cost, at most 10,000 of them, the newest."""
    since = since or until - SEASON
    uses = season_uses(session, card.id, since, until, at_most=USES_MAX)
    is_cut = len(uses) == USES_MAX
    if is_cut:
        since = uses[0].service_date + timedelta(days=1)  # of its first day there may be more
        uses = [use for use in uses if use.service_date >= since]
    by_class: defaultdict[str, ClassCost] = defaultdict(ClassCost)
    for price_class, charged in _charged(session, card.id, since, until):
        by_class[price_class].charged_cents = charged
    beside = beside_amounts(session, [use.id for use in uses])
    priced = _Season(card.zone)
    at_once: defaultdict[str, list[int]] = defaultdict(list)  # price class -> amounts, where each has one price
    for use in uses:
        cost, of_class = by_class[use.price_class], terms.get(use.price_class)
        cost.uses += 1
        if of_class is not None and use.id not in beside and _has_one_price(of_class, use):
            at_once[use.price_class].append(counted_amount(of_class.main.basis, use.used_amount, use.booked_amount))
            continue
        cents = priced.cents(of_class, use, beside.get(use.id, NOTHING_BESIDE))
        if cents is None:
            cost.unpriced += 1
        else:
            cost.cents += cents
    for price_class, amounts in at_once.items():
        by_class[price_class].cents += sum(cents_of_many(terms[price_class].main, amounts))
    return SeasonCost(since, until, is_cut, dict(by_class))


def _has_one_price(terms: SlipTerms, use: SeasonUse) -> bool:
    return terms.is_plain and use.charge_unit == terms.charge_unit


def _charged(session: Session, machine_id: int, since: date, until: date) -> list[tuple[str, int]]:
    wanted = (Charge.machine_id == machine_id, Charge.service_date.between(since, until))
    statement = select(Charge.price_class, func.sum(Charge.cents)).where(*wanted).group_by(Charge.price_class)
    return [(price_class, int(cents)) for price_class, cents in session.execute(statement)]


class _Season:
    """Prices uses one after another; what earlier ones took of a cap or a free amount is known."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._cents: defaultdict[tuple[int, date], int] = defaultdict(int)
        self._amounts: defaultdict[tuple[int, int, int], int] = defaultdict(int)

    def cents(self, terms: SlipTerms | None, use: SeasonUse, beside: BesideAmount) -> int | None:
        """Return the price of a use; None where the tariff has none for it."""
        if terms is None or use.charge_unit != terms.charge_unit:
            return None
        plain = SlipUse(use.used_amount, use.booked_amount)
        amounts = {one.name: one.amount for one in beside.amounts}
        if not terms.fits(amounts, beside.choices):
            return None
        day, month = (use.member_id, use.service_date), (use.member_id, use.service_date.year, use.service_date.month)
        has_length = use.handed_out_at < use.handed_back_at
        priced = price_slip(
            terms,
            replace(
                plain,
                amounts=amounts,
                choices=frozenset(beside.choices),
                span=TimeSpan(use.handed_out_at, use.handed_back_at) if has_length else None,
                zone=self._zone,
                places=use.places,
                earlier_cents=self._cents[day],
                earlier_amount=self._amounts[month],
            ),
        )
        self._cents[day] += priced.cents - priced.added_vat_cents
        self._amounts[month] += max(priced.charged_amount - free_of_each(terms), 0)
        return priced.cents
