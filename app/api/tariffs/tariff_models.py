"""Fields of the endpoints of tariffs, and their conversion to and from the values of billing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from flask_babel import gettext as _
from pydantic import AfterValidator, Field, StrictBool, StringConstraints, model_validator

from app.api.fields import DECIMAL_PATTERN, Day, RequestModel, Text, Unit
from app.wording.billing import too_fine_sentence
from billing.limits import CENTS_MAX
from billing.prices.price_windows import PriceWindow
from billing.prices.slip_pricing import TIMES
from billing.prices.tariff_parts import (
    ADJUSTMENTS_MAX,
    LINES_MAX,
    PART_NAME_LENGTH_MAX,
    TIERS_MAX,
    AdjustmentEntry,
    LineEntry,
    MainEntry,
    TariffParts,
    TierEntry,
)
from billing.prices.working import PERCENT
from booking.charge_units import CHARGE_UNITS, ChargeUnit, TooFine, to_exact_decimal, to_small
from booking.kernel.texts import is_fit

Number = Annotated[str, StringConstraints(strict=True, pattern=DECIMAL_PATTERN)]
Signed = Annotated[str, StringConstraints(strict=True, pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,4})?$")]
PriceByClass = Annotated[dict[str, Number], Field(min_length=1, max_length=50)]
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
YEAR_DAY = r"^((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$"
Weekday = Annotated[int, Field(strict=True, ge=0, le=6)]
Cents = Annotated[int, Field(strict=True, ge=0, le=CENTS_MAX)]


def _fit_name(name: str) -> str:
    if not name.strip() or not is_fit(name):
        raise ValueError(_("a name of visible characters"))
    return name


PartName = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=PART_NAME_LENGTH_MAX), AfterValidator(_fit_name)
]


class TierFacts(RequestModel):
    """Prices beyond an amount, in the unit of the line. until_amount: where the next tier begins; may be left out."""

    from_amount: Number
    until_amount: Number | None = None
    prices: PriceByClass


class MainFacts(RequestModel):
    """What the use itself has beyond its prices. free, month_free: in the charge unit, per use, and per month."""

    name: Annotated[str, StringConstraints(strict=True, max_length=PART_NAME_LENGTH_MAX)] = ""
    tiers: Annotated[list[TierFacts], Field(max_length=TIERS_MAX)] = Field(default_factory=list)
    is_volume: StrictBool = False
    free: Number = "0"
    month_free: Number = "0"


class LineFacts(RequestModel):
    """A further amount of a use. free: of each use, free_times of it (2: there and back). is_required: even if 0."""

    name: PartName
    unit: Unit
    prices: PriceByClass
    tiers: Annotated[list[TierFacts], Field(max_length=TIERS_MAX)] = Field(default_factory=list)
    is_volume: StrictBool = False
    step: Number | None = None
    minimum: Number = "0"
    free: Number = "0"
    free_times: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    is_required: StrictBool = False


class WindowFacts(RequestModel):
    """A time that comes again, by the clock of the workshop. weekdays: 0 is Monday. Days as month and day: 12-01."""

    weekdays: Annotated[list[Annotated[int, Field(strict=True, ge=0, le=6)]], Field(min_length=1, max_length=7)] = (
        Field(default_factory=lambda: list(range(7)))
    )
    from_time: Annotated[str, StringConstraints(pattern=rf"^{CLOCK}$")] = "00:00"
    until_time: Annotated[str, StringConstraints(pattern=rf"^({CLOCK}|24:00)$")] = "24:00"
    from_day: Annotated[str, StringConstraints(pattern=YEAR_DAY)] = "01-01"
    until_day: Annotated[str, StringConstraints(pattern=YEAR_DAY)] = "12-31"

    @property
    def window(self) -> PriceWindow:
        """The time as a value."""
        return PriceWindow(
            sum(1 << day for day in set(self.weekdays)),
            _minute(self.from_time),
            _minute(self.until_time),
            int(self.from_day.replace("-", "")),
            int(self.until_day.replace("-", "")),
        )

    @classmethod
    def of(cls, window: PriceWindow) -> Self:
        """Return a time as it is answered."""
        return cls.model_construct(
            weekdays=[day for day in range(7) if window.weekdays >> day & 1],
            from_time=f"{window.from_minute // 60:02}:{window.from_minute % 60:02}",
            until_time=f"{window.until_minute // 60:02}:{window.until_minute % 60:02}",
            from_day=f"{window.from_day // 100:02}-{window.from_day % 100:02}",
            until_day=f"{window.until_day // 100:02}-{window.until_day % 100:02}",
        )


class AdjustmentFacts(RequestModel):
    """A surcharge, or a discount below zero. value: percent, euro per use, or euro per unit. times: of `times` only."""

    name: PartName
    kind: Literal["percent", "fixed", "per_unit"]
    value: Signed
    applies: Literal["always", "chosen", "times"] = "always"
    times: WindowFacts | None = None

    @model_validator(mode="after")
    def _check_times(self) -> Self:
        if (self.applies == TIMES) != (self.times is not None):
            raise ValueError(_("times are for `applies: times`, which needs them"))
        if self.applies == TIMES and self.kind != PERCENT:
            raise ValueError(_("only a percentage can hold at some times"))
        return self


class TariffFacts(RequestModel):
    """A tariff: prices by price class in euro per charge unit, as text; step and minimum in charge units.

    vat_code: null for what is said for all documents. price_includes_vat: else the VAT of the day is added to the price
    of each use, which then needs a vat_code; minimum_cents and cap_day_cents are with or without it as the prices.
    """

    valid_from: Day
    prices: PriceByClass
    basis: Literal["used", "larger", "booked"] = "used"
    step: Number | None = None
    minimum: Number = "0"
    minimum_cents: Cents = 0
    cap_day_cents: Annotated[int, Field(strict=True, ge=1, le=CENTS_MAX)] | None = None
    vat_code: Literal["standard", "reduced", "exempt", "outside"] | None = None
    price_includes_vat: StrictBool = True
    note: Text = ""
    main: MainFacts = Field(default_factory=MainFacts)
    lines: Annotated[list[LineFacts], Field(max_length=LINES_MAX)] = Field(default_factory=list)
    adjustments: Annotated[list[AdjustmentFacts], Field(max_length=ADJUSTMENTS_MAX)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_vat(self) -> Self:
        if not self.price_includes_vat and self.vat_code is None:
            raise ValueError(_("prices without VAT need a vat_code"))
        return self


class WrongNumber(ValueError):
    """An amount is finer than its unit is counted, in a field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def parts_of(facts: TariffFacts, charge_unit: str) -> TariffParts:
    """Return the parts that were sent. Raises WrongNumber."""
    unit, main = CHARGE_UNITS[charge_unit], facts.main
    return TariffParts(
        MainEntry(
            main.name,
            _tiers(main.tiers, unit, "main"),
            main.is_volume and bool(main.tiers),
            small_of(main.free, unit, "main.free"),
            small_of(main.month_free, unit, "main.month_free"),
        ),
        tuple(_line(line, f"lines.{number}") for number, line in enumerate(facts.lines)),
        tuple(
            AdjustmentEntry(
                one.name, one.kind, Decimal(one.value), one.applies, one.times.window if one.times else None
            )
            for one in facts.adjustments
        ),
    )


def _line(line: LineFacts, field: str) -> LineEntry:
    unit = CHARGE_UNITS[line.unit]
    return LineEntry(
        line.name,
        line.unit,
        exact_prices(line.prices),
        _tiers(line.tiers, unit, field),
        line.is_volume,
        step_amount=1 if line.step is None else small_of(line.step, unit, f"{field}.step"),
        minimum_amount=small_of(line.minimum, unit, f"{field}.minimum"),
        free_amount=small_of(line.free, unit, f"{field}.free"),
        free_times=line.free_times,
        is_required=line.is_required,
    )


def _tiers(tiers: Iterable[TierFacts], unit: ChargeUnit, field: str) -> tuple[TierEntry, ...]:
    return tuple(
        TierEntry(
            small_of(tier.from_amount, unit, f"{field}.tiers.{number}.from_amount"),
            exact_prices(tier.prices),
            None
            if tier.until_amount is None
            else small_of(tier.until_amount, unit, f"{field}.tiers.{number}.until_amount"),
        )
        for number, tier in enumerate(tiers)
    )


def exact_prices(prices: Mapping[str, str]) -> dict[str, Decimal]:
    """Return price class -> exact price."""
    return {price_class: Decimal(price) for price_class, price in prices.items()}


def small_of(number: str, unit: ChargeUnit, field: str) -> int:
    """Return an amount in small units. Raises WrongNumber."""
    try:
        return to_small(Decimal(number), unit)
    except TooFine as error:
        raise WrongNumber(field, too_fine_sentence(unit.code)) from error


def written(small: int, unit: ChargeUnit) -> str:
    """Return an amount of small units as it is sent."""
    return f"{to_exact_decimal(small, unit).quantize(Decimal('0.0001')).normalize():f}"


def facts_of(parts: TariffParts, charge_unit: str) -> tuple[MainFacts, list[LineFacts], list[AdjustmentFacts]]:
    """Return stored parts as they are answered."""
    unit, main = CHARGE_UNITS[charge_unit], parts.main
    main_facts = MainFacts.model_construct(
        name=main.name,
        tiers=_tier_facts(main.tiers, unit),
        is_volume=main.is_volume,
        free=written(main.free_amount, unit),
        month_free=written(main.month_free_amount, unit),
    )
    return (
        main_facts,
        [_line_facts(line) for line in parts.lines],
        [_adjustment_facts(one) for one in parts.adjustments],
    )


def _line_facts(line: LineEntry) -> LineFacts:
    unit = CHARGE_UNITS[line.charge_unit]
    return LineFacts.model_construct(
        name=line.name,
        unit=line.charge_unit,
        prices={code: str(price) for code, price in line.prices.items()},
        tiers=_tier_facts(line.tiers, unit),
        is_volume=line.is_volume,
        step=written(line.step_amount, unit),
        minimum=written(line.minimum_amount, unit),
        free=written(line.free_amount, unit),
        free_times=line.free_times,
        is_required=line.is_required,
    )


def _tier_facts(tiers: Iterable[TierEntry], unit: ChargeUnit) -> list[TierFacts]:
    return [
        TierFacts.model_construct(
            from_amount=written(tier.from_amount, unit),
            until_amount=None,
            prices={code: str(price) for code, price in tier.prices.items()},
        )
        for tier in tiers
    ]


def _adjustment_facts(one: AdjustmentEntry) -> AdjustmentFacts:
    return AdjustmentFacts.model_construct(
        name=one.name,
        kind=one.kind,
        value=str(one.value),
        applies=one.applies,
        times=None if one.window is None else WindowFacts.of(one.window),
    )


def _minute(text: str) -> int:
    hours, _colon, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
