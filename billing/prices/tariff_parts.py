"""What a tariff has beyond one price: lines, tiers, surcharges and variants, as values with their limits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.errors.money_errors import SameName, TierClasses, TierGap, TiersOverlap, WrongAmount, WrongTiers
from billing.limits import AMOUNT_MAX, CENTS_MAX, PRICE_MAX, require_between, require_text
from billing.prices.price_windows import PriceWindow
from billing.prices.slip_pricing import ALWAYS
from billing.prices.working import PERCENT

PRICE_DIGITS = 4  # a hundredth of a cent
LINES_MAX, TIERS_MAX, ADJUSTMENTS_MAX = 8, 16, 8  # tiers of all lines together
PART_NAME_LENGTH_MAX = 60  # characters
PERCENT_MIN, PERCENT_MAX = Decimal(-100), Decimal(1_000)
FREE_TIMES_MAX = 2  # the way there and the way back

Prices = Mapping[str, Decimal]  # price class -> euro per charge unit


@dataclass(frozen=True, slots=True)
class TierEntry:
    """Prices from an amount on, in small units. until_amount: where the next begins; None need not be stated."""

    from_amount: int
    prices: Prices
    until_amount: int | None = None


@dataclass(frozen=True, slots=True)
class LineEntry:
    """An amount of a use. name: what the form asks for at hand-back. tiers: beyond `prices`, which hold from 0."""

    name: str
    charge_unit: str
    prices: Prices
    tiers: tuple[TierEntry, ...] = ()
    is_volume: bool = False
    step_amount: int = 1
    minimum_amount: int = 0
    free_amount: int = 0
    free_times: int = 1
    month_free_amount: int = 0
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class AdjustmentEntry:
    """A surcharge, discount or variant; see Adjustment in billing/prices/slip_pricing.py."""

    name: str
    kind: str
    value: Decimal
    applies: str = ALWAYS
    window: PriceWindow | None = None


@dataclass(frozen=True, slots=True)
class MainEntry:
    """What the use itself has beyond its first price. name: "" for that of its unit."""

    name: str = ""
    tiers: tuple[TierEntry, ...] = ()
    is_volume: bool = False
    free_amount: int = 0
    month_free_amount: int = 0


NOTHING_MORE = MainEntry()


@dataclass(frozen=True, slots=True)
class TariffParts:
    """All that a tariff has beyond one price."""

    main: MainEntry = NOTHING_MORE
    lines: tuple[LineEntry, ...] = ()
    adjustments: tuple[AdjustmentEntry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.main != NOTHING_MORE or self.lines or self.adjustments)


NO_PARTS = TariffParts()


def main_line(main: MainEntry, charge_unit: str, prices: Prices) -> LineEntry:
    """Return the use itself as a line."""
    return LineEntry(
        main.name,
        charge_unit,
        prices,
        main.tiers,
        main.is_volume,
        free_amount=main.free_amount,
        month_free_amount=main.month_free_amount,
    )


def checked(parts: TariffParts, charge_unit: str, prices: Prices) -> TariffParts:
    """Return the parts of a tariff in order, with stripped names. prices: its first ones; they say the price classes.

    Raises WrongAmount, WrongText, WrongTiers, SameName.
    """
    require_between("lines", len(parts.lines), 0, LINES_MAX)
    require_between("adjustments", len(parts.adjustments), 0, ADJUSTMENTS_MAX)
    tiers = len(parts.main.tiers) + sum(len(line.tiers) for line in parts.lines)
    require_between("tiers", tiers, 0, TIERS_MAX)
    main = _checked_line(main_line(parts.main, charge_unit, prices), prices, shortest_name=0)
    lines = tuple(_checked_line(line, prices, shortest_name=1) for line in parts.lines)
    adjustments = tuple(_checked_adjustment(one) for one in parts.adjustments)
    _refuse_same_names([main.name, *(line.name for line in lines)], [one.name for one in adjustments])
    return TariffParts(replace(parts.main, name=main.name, tiers=main.tiers), lines, adjustments)


def _checked_line(line: LineEntry, base: Prices, *, shortest_name: int) -> LineEntry:
    require_text("line_name", line.name, PART_NAME_LENGTH_MAX, shortest=shortest_name)
    require_between("step_amount", line.step_amount, 1, AMOUNT_MAX)
    require_between("free_times", line.free_times, 1, FREE_TIMES_MAX)
    for field in ("minimum_amount", "free_amount", "month_free_amount"):
        require_between(field, getattr(line, field), 0, AMOUNT_MAX)
    _check_prices(line.prices, base, line, 0)
    return replace(line, name=line.name.strip(), tiers=_in_order(line, base))


def _in_order(line: LineEntry, base: Prices) -> tuple[TierEntry, ...]:
    """Return the tiers in order. Raises WrongTiers where two overlap, or amounts between them have no price."""
    tiers = tuple(sorted(line.tiers, key=lambda tier: tier.from_amount))
    before = 0
    for tier in tiers:
        require_between("from_amount", tier.from_amount, 0, AMOUNT_MAX)
        if tier.from_amount <= before:
            raise _wrong(TiersOverlap, line, tier.from_amount)
        before = tier.from_amount
        _check_prices(tier.prices, base, line, tier.from_amount)
    for tier, following in zip(tiers, (*tiers[1:], None), strict=False):
        end = None if following is None else following.from_amount
        if tier.until_amount is not None and tier.until_amount != end:
            is_overlap = end is not None and tier.until_amount > end
            raise _wrong(TiersOverlap if is_overlap else TierGap, line, end if is_overlap else tier.until_amount)
    return tuple(replace(tier, until_amount=None) for tier in tiers)


def _wrong(error: type[WrongTiers], line: LineEntry, amount: int | None) -> WrongTiers:
    return error(line=line.name.strip(), amount=amount or 0, charge_unit=line.charge_unit)


def _check_prices(prices: Prices, base: Prices, line: LineEntry, from_amount: int) -> None:
    """Refuse prices for other classes than the tariff has, and those beyond the limits."""
    if prices.keys() != base.keys():
        raise _wrong(TierClasses, line, from_amount)
    for price_class, price in prices.items():
        require_price(f"prices.{price_class}", price, Decimal(0), PRICE_MAX)


def require_price(field: str, price: Decimal, lowest: Decimal, highest: Decimal) -> None:
    """Raise WrongAmount for a number outside the limits or finer than a hundredth of a cent."""
    require_between(field, price, lowest, highest)
    if round(price, PRICE_DIGITS) != price:
        raise WrongAmount(field=field, lowest=lowest, highest=highest, actual=price)


def _checked_adjustment(one: AdjustmentEntry) -> AdjustmentEntry:
    require_text("adjustment_name", one.name, PART_NAME_LENGTH_MAX, shortest=1)
    highest = Decimal(CENTS_MAX) / 100
    limits = (PERCENT_MIN, PERCENT_MAX) if one.kind == PERCENT else (-highest, highest)
    require_price("adjustment_value", one.value, *limits)
    return replace(one, name=one.name.strip())


def _refuse_same_names(*groups: Collection[str]) -> None:
    for names in groups:
        for name in _doubled(names):
            raise SameName(name=name)


def _doubled(names: Collection[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
