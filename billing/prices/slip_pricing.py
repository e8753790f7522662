"""The price of a usage slip with all lines of its tariff: one pure function that returns its whole working."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.prices.price_limits import days_of, limit_lines
from billing.prices.price_vat import VatTerms, added_vat, with_included_vat
from billing.prices.price_windows import PriceWindow
from billing.prices.pricing import PriceCalculation, PriceTerms, price_cents
from billing.prices.working import FIXED, LINE, PER_UNIT, PERCENT, USE, Part, WorkingLine
from billing.rounding import cents_of
from booking.charge_units import CHARGE_UNITS
from booking.timespan import TimeSpan

ADJUSTMENT_KINDS = (PERCENT, FIXED, PER_UNIT)
ALWAYS, CHOSEN, TIMES = "always", "chosen", "times"
APPLIES = (ALWAYS, CHOSEN, TIMES)
ZERO = Decimal(0)
Tier = tuple[int, Decimal]  # from which amount, in small units; euro per charge unit


@dataclass(frozen=True, slots=True)
class LineTerms:
    """An amount of a use with its prices for one price class; amounts in small units of charge_unit.

    tiers: the first from 0, in rising order; each ends where the next begins. is_volume: the price of the tier that
    the amount reaches holds for all of it, else each tier for its part. free_amount: free of each use, free_times of
    it (2: on the way there and on the way back). month_free_amount: free for a member in a calendar month.
    is_required: a slip without the amount gets no price.
    """

    name: str
    charge_unit: str
    tiers: tuple[Tier, ...]
    is_volume: bool = False
    step_amount: int = 1
    minimum_amount: int = 0
    free_amount: int = 0
    free_times: int = 1
    month_free_amount: int = 0
    is_required: bool = False

    def __post_init__(self) -> None:
        starts = [start for start, _price in self.tiers]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError(f"tiers overlap or leave a gap in {self!r}")
        if min(self.step_amount, self.free_times) < 1:
            raise ValueError(f"no step or times in {self!r}")
        if min(self.minimum_amount, self.free_amount, self.month_free_amount) < 0:
            raise ValueError(f"negative number in {self!r}")

    @property
    def from_clock(self) -> bool:
        """Whether the amount is the time of the use, which nobody enters."""
        return CHARGE_UNITS[self.charge_unit].from_clock


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A surcharge, or a discount below zero. value: percent, euro per use, or euro per charge unit of the use.

    applies: to each use, where it was chosen (a variant: with operator), or to the part of a use in some times.
    """

    name: str
    kind: str
    value: Decimal
    applies: str = ALWAYS
    window: PriceWindow | None = None

    def __post_init__(self) -> None:
        if self.kind not in ADJUSTMENT_KINDS or self.applies not in APPLIES:
            raise ValueError(f"no kind in {self!r}")
        if (self.applies == TIMES) != (self.window is not None) or (self.applies == TIMES and self.kind != PERCENT):
            raise ValueError(f"times for a percentage only in {self!r}")


@dataclass(frozen=True, slots=True)
class SlipTerms:
    """A tariff for one price class. main: of the use itself, with what has always been there; line: what it has beyond.

    lines: of the other amounts. cap_day_cents: the most that a member pays for a day. vat: None where the tariff says
    nothing of it, or there is none. Minimum and cap are with or without it as the prices are.
    """

    main: PriceTerms
    charge_unit: str
    line: LineTerms | None = None
    lines: tuple[LineTerms, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    cap_day_cents: int | None = None
    vat: VatTerms | None = None

    def __post_init__(self) -> None:
        own = None if self.line is None else (self.line.step_amount, self.line.minimum_amount)
        if own is not None and own != (self.main.step_amount, self.main.minimum_amount):
            raise ValueError(f"two steps or minimums in {self!r}")

    @property
    def is_plain(self) -> bool:
        """Whether the use has one price, as every tariff had before there were lines."""
        has_one = self.line is None and self.cap_day_cents is None and not self.lines and not self.adjustments
        return has_one and not self.adds_vat

    @property
    def adds_vat(self) -> bool:
        """Whether VAT is added to the prices."""
        return self.vat is not None and not self.vat.is_included

    @property
    def looks_back(self) -> bool:
        """Whether earlier uses of the member decide the price."""
        return self.cap_day_cents is not None or (self.line is not None and self.line.month_free_amount > 0)

    @property
    def entered_lines(self) -> tuple[LineTerms, ...]:
        """Return the lines whose amounts are entered with a use."""
        return tuple(line for line in self.lines if not line.from_clock)

    @property
    def choices(self) -> tuple[str, ...]:
        """Return the names of the variants."""
        return tuple(one.name for one in self.adjustments if one.applies == CHOSEN)

    def fits(self, amounts: Mapping[str, int], choices: Sequence[str] | frozenset[str]) -> bool:
        """Return whether every amount and choice of a slip has a line here, and every required line its amount."""
        entered = {line.name: line for line in self.entered_lines}
        has_required = all(name in amounts for name, line in entered.items() if line.is_required)
        return has_required and amounts.keys() <= entered.keys() and set(choices) <= set(self.choices)


@dataclass(frozen=True, slots=True)
class SlipUse:
    """What a use was; amounts in small units.

    used_amount, booked_amount: in the charge unit of the machine. amounts: of other lines, by name. choices: names of
    variants. span: when it was, by the clock of zone; None where that is not known yet. earlier_cents: charged to the
    member for earlier uses of the machine on the same day of service, without added VAT; earlier_amount: charged in the
    same month, beyond what was free of each use.
    """

    used_amount: int
    booked_amount: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    choices: frozenset[str] = frozenset()
    span: TimeSpan | None = None
    zone: ZoneInfo | None = None
    places: int = 1
    earlier_cents: int = 0
    earlier_amount: int = 0


def price_slip(terms: SlipTerms, use: SlipUse) -> PriceCalculation:
    """Price a use by all lines of a tariff and return the whole calculation; its `cents` are the price.

    Each line is rounded once, half up away from zero. Percentages are of the sum of the amounts' lines. Then the
    minimum price, then the cap of the day, then the VAT where the prices do not include it. A use of nothing costs
    nothing.

    Raises:
        ValueError: an amount is below zero. That is a bug in the caller, slips cannot hold one.

    Source: "Tariffs with lines" in billing/README.md.
    """
    return with_included_vat(_price(terms, use), terms.vat)


def _price(terms: SlipTerms, use: SlipUse) -> PriceCalculation:
    plain = price_cents(terms.main, use.used_amount, use.booked_amount)
    if terms.is_plain:
        return plain
    lines = [_main_line(terms, use, plain), *(_other_line(line, use) for line in terms.lines)]
    if not any(line.charged_amount for line in lines):
        return replace(plain, priced_cents=0, cents=0)
    base = sum(line.cents for line in lines)
    lines += _adjustments(terms, use, base, lines[0])
    lines += limit_lines(
        sum(line.cents for line in lines),
        terms.main.minimum_cents,
        terms.cap_day_cents,
        days=days_of(use.span, use.zone),
        earlier_cents=use.earlier_cents,
    )
    lines += added_vat(terms.vat, sum(line.cents for line in lines))
    total = sum(line.cents for line in lines)
    return replace(plain, priced_cents=lines[0].cents, cents=total, lines=tuple(lines))


def _main_line(terms: SlipTerms, use: SlipUse, plain: PriceCalculation) -> WorkingLine:
    line = _bare_line(terms.main, terms.charge_unit) if terms.line is None else terms.line
    month_left = max(0, line.month_free_amount - use.earlier_amount)
    return _amount_line(USE, line, plain.used_amount, plain.counted_amount, month_left)


@lru_cache(maxsize=256)
def _bare_line(main: PriceTerms, charge_unit: str) -> LineTerms:
    """Return the use itself as a line where it has nothing beyond one price."""
    tiers = ((0, main.unit_price),)
    return LineTerms("", charge_unit, tiers, step_amount=main.step_amount, minimum_amount=main.minimum_amount)


def _other_line(line: LineTerms, use: SlipUse) -> WorkingLine:
    amount = use.amounts.get(line.name, 0)
    if line.from_clock:
        unit = CHARGE_UNITS[line.charge_unit]
        amount = 0 if use.span is None else use.span.seconds * (use.places if unit.places_count else 1)
    if amount < 0:
        raise ValueError(f"negative amount of {line.name}: {amount}")
    return _amount_line(LINE, line, amount, amount, 0)


def _amount_line(kind: str, line: LineTerms, used: int, counted: int, month_left: int) -> WorkingLine:
    stepped = -(-counted // line.step_amount) * line.step_amount
    charged = max(stepped, line.minimum_amount) if counted else 0
    free = min(charged, line.free_amount * line.free_times + month_left)
    parts = tier_parts(line.tiers, charged - free, is_volume=line.is_volume)
    small = CHARGE_UNITS[line.charge_unit].small_per_unit
    euro = sum((part.unit_price * part.amount for part in parts), ZERO)
    return WorkingLine(
        kind=kind,
        cents=cents_of(euro, small),
        name=line.name,
        charge_unit=line.charge_unit,
        small_per_unit=small,
        used_amount=used,
        counted_amount=counted,
        step_amount=line.step_amount,
        stepped_amount=stepped,
        minimum_amount=line.minimum_amount,
        charged_amount=charged,
        free_amount=free,
        parts=parts,
    )


def tier_parts(tiers: tuple[Tier, ...], amount: int, *, is_volume: bool) -> tuple[Part, ...]:
    """Return the parts of an amount by the tiers it reaches. An amount at the end of a tier belongs to that tier."""
    reached = [tier for tier in tiers if tier[0] < amount]
    if not reached:
        return (Part(0, tiers[0][1]),)
    if is_volume:
        return (Part(amount, reached[-1][1]),)
    ends = [start for start, _price in reached[1:]] + [amount]
    return tuple(Part(end - start, price) for (start, price), end in zip(reached, ends, strict=True))


def _adjustments(terms: SlipTerms, use: SlipUse, base: int, main: WorkingLine) -> list[WorkingLine]:
    found = []
    for one in terms.adjustments:
        if one.applies == CHOSEN and one.name not in use.choices:
            continue
        line = _percentage(one, use, base) if one.kind == PERCENT else _per_use_or_unit(one, main)
        if line is not None:
            found.append(line)
    return found


def _percentage(one: Adjustment, use: SlipUse, base: int) -> WorkingLine | None:
    """Return the line of a percentage; None where the use does not lie in its times."""
    share, whole = 1, 1
    if one.window is not None:
        if use.span is None or use.zone is None:
            return None
        share, whole = one.window.seconds_within(use.span, use.zone), use.span.seconds
        if not share:
            return None
        if share == whole:
            share = whole = 1
    cents = cents_of(one.value * base * share, 10_000 * whole)  # base is in cents, the value in percent
    return WorkingLine(
        PERCENT,
        cents,
        name=one.name,
        percent=one.value,
        base_cents=base,
        share_seconds=share,
        of_seconds=whole,
    )


def _per_use_or_unit(one: Adjustment, main: WorkingLine) -> WorkingLine:
    unit, small, amount = "", 1, 1
    if one.kind == PER_UNIT:
        unit, small, amount = main.charge_unit, main.small_per_unit, main.charged_amount
    cents = cents_of(one.value * amount, small)
    part = Part(amount, one.value)
    return WorkingLine(one.kind, cents, name=one.name, charge_unit=unit, small_per_unit=small, parts=(part,))
