"""The rows of the tariff form: tiers, further amounts, surcharges and variants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError

from app.forms.base_form import RowForm
from app.forms.choices import select_choice
from app.forms.number_fields import ExactNumberField, PriceField, UseField
from app.forms.text_fields import text_of
from app.wording.numbers import parse_length
from app.wording.opening_hours import minute_text
from app.wording.tariffs import (
    APPLIES_LABELS,
    KIND_LABELS,
    WEEKDAY_LABELS,
    parse_season_day,
    season_day,
    weekdays_text,
)
from app.wording.units import UNIT_NAMES
from billing.prices.price_windows import DAY_MINUTES, EVERY_DAY, PriceWindow
from billing.prices.slip_pricing import ALWAYS, TIMES
from billing.prices.tariff_parts import (
    PART_NAME_LENGTH_MAX,
    PERCENT_MAX,
    PERCENT_MIN,
    AdjustmentEntry,
    LineEntry,
    TierEntry,
)
from billing.prices.working import PERCENT
from booking.charge_units import CHARGE_UNITS

NAME = Length(max=PART_NAME_LENGTH_MAX)
PER_WAY = "2"  # on the way there and on the way back


class PricedRow(RowForm):
    """A row with a price for each price class. See priced_row(), which adds their fields."""

    price_classes: tuple[str, ...] = ()
    before_prices: tuple[str, ...] = ()  # the fields that the page shows before the prices

    @property
    def price_fields(self) -> dict[str, PriceField]:
        """Return price class -> the field of its price."""
        fields: dict[str, PriceField] = {code: self[f"{code}_price"] for code in self.price_classes}  # type: ignore[misc]
        return fields

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into the row."""
        return not any(text_of(field) for field in self if isinstance(field, (StringField, ExactNumberField)))

    def _prices(self) -> dict[str, Decimal]:
        return {code: field.number for code, field in self.price_fields.items() if field.number is not None}

    def _require_prices(self) -> bool:
        """Return whether a row that is used has all its prices; mark those that are missing."""
        missing = [field for field in self.price_fields.values() if not text_of(field)]
        for field in missing:
            field.errors = [*field.errors, _("Please fill in “%(field)s”.", field=field.label.text)]
        return not missing


class TierRow(PricedRow):
    """From an amount on, other prices hold. line: the name of a further amount; "" for the use itself."""

    before_prices = ("from_amount",)

    line = StringField(_l("Of the further amount"), [NAME])
    from_amount = UseField(_l("Beyond"), [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """Require an amount and all prices, unless the row is empty."""
        is_valid = super().validate(extra_validators)
        if self.is_empty or not is_valid:
            return is_valid
        if self.from_amount.small is None:
            self.from_amount.errors = [_("Please enter the amount beyond which these prices hold.")]
            is_valid = False
        return self._require_prices() and is_valid

    def entry(self) -> TierEntry:
        """Return what was entered. Call only after validation."""
        return TierEntry(self.from_amount.small or 0, self._prices())

    def fill(self, line: str, tier: TierEntry) -> None:
        """Show what is stored."""
        self.line.data = line
        self.from_amount.show_small(tier.from_amount)
        for code, field in self.price_fields.items():
            field.show(tier.prices.get(code))


class LineRow(PricedRow):
    """A further amount of a use."""

    before_prices = ("name", "unit")

    name = StringField(_l("What is asked"), [NAME])
    unit = SelectField(_l("Unit"), default=next(iter(CHARGE_UNITS)))
    step = UseField(_l("Rounded up to steps of"), [Optional()])
    minimum_amount = UseField(_l("Minimum amount"), [Optional()])
    free_amount = UseField(_l("Free of charge"), [Optional()])
    free_times = SelectField(
        _l("Free for each"),
        choices=[select_choice("1", _l("use")), select_choice(PER_WAY, _l("way, there and back"))],
        default="1",
    )
    is_required = BooleanField(_l("Must be entered, even if it is 0"))
    is_volume = BooleanField(_l("The price of the tier reached holds for the whole amount"))
    example = UseField(_l("In the example"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit.choices = [select_choice(code, UNIT_NAMES[code]) for code in CHARGE_UNITS]
        self.unit.flags.required = self.free_times.flags.required = True  # one is always chosen
        chosen = CHARGE_UNITS.get(self.unit.data or "")
        for field in (self.step, self.minimum_amount, self.free_amount, self.example):
            field.unit = chosen or next(iter(CHARGE_UNITS.values()))

    def validate(self, extra_validators: Any = None) -> bool:
        """Require a name and all prices, unless the row is empty."""
        is_valid = super().validate(extra_validators)
        if self.is_empty or not is_valid:
            return is_valid
        if not text_of(self.name):
            self.name.errors = [_("Please give it a name.")]
            is_valid = False
        return self._require_prices() and is_valid

    def entry(self, tiers: tuple[TierEntry, ...], *, is_volume: bool) -> LineEntry:
        """Return what was entered. Call only after validation."""
        return LineEntry(
            text_of(self.name),
            self.unit.data,
            self._prices(),
            tiers,
            is_volume,
            step_amount=self.step.small or 1,
            minimum_amount=self.minimum_amount.small or 0,
            free_amount=self.free_amount.small or 0,
            free_times=int(self.free_times.data),
            is_required=self.is_required.data,
        )

    def fill(self, line: LineEntry) -> None:
        """Show what is stored."""
        unit = CHARGE_UNITS[line.charge_unit]
        self.name.data, self.unit.data, self.is_required.data = line.name, line.charge_unit, line.is_required
        self.is_volume.data = line.is_volume
        self.step.unit = self.minimum_amount.unit = self.free_amount.unit = unit
        self.step.show_small(line.step_amount if line.step_amount > 1 else 0)
        self.minimum_amount.show_small(line.minimum_amount)
        self.free_amount.show_small(line.free_amount)
        self.free_times.data = str(line.free_times)
        for code, field in self.price_fields.items():
            field.show(line.prices.get(code))


class AdjustmentRow(RowForm):
    """A surcharge, a discount or a variant."""

    name = StringField(_l("Name"), [NAME])
    value = ExactNumberField(_l("How much"), [Optional()])
    kind = SelectField(
        _l("Counted in"), choices=[select_choice(*pair) for pair in KIND_LABELS.items()], default=PERCENT
    )
    applies = SelectField(
        _l("Added"), choices=[select_choice(*pair) for pair in APPLIES_LABELS.items()], default=ALWAYS
    )
    weekdays = SelectField(_l("Days"), coerce=int, default=EVERY_DAY)
    from_time = StringField(_l("From o'clock"))
    until_time = StringField(_l("To o'clock"))
    from_day = StringField(_l("From day and month"))
    until_day = StringField(_l("To day and month"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_days()
        for field in (self.kind, self.applies, self.weekdays):
            field.flags.required = True  # one is always chosen

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed into the row."""
        return not (text_of(self.name) or text_of(self.value))

    def validate(self, extra_validators: Any = None) -> bool:
        """Require a name and a number, unless the row is empty; times only for a percentage."""
        is_valid = super().validate(extra_validators)
        if self.is_empty:
            return is_valid
        for field, missing in ((self.name, not text_of(self.name)), (self.value, self.value.number is None)):
            if missing and not field.errors:
                field.errors = [_("Please fill in “%(field)s”.", field=field.label.text)]
        if self.applies.data == TIMES and self.kind.data != PERCENT:
            self.kind.errors = [_("Only a percentage can hold at some times.")]
        if self.kind.data == PERCENT and not PERCENT_MIN <= (self.value.number or 0) <= PERCENT_MAX:
            self.value.errors = [_("Please enter a percentage from -100 to 1000.")]
        return not any(field.errors for field in self)

    def validate_from_time(self, field: StringField) -> None:
        """Accept a time of the clock or nothing."""
        _minute(field, 0)

    def validate_until_time(self, field: StringField) -> None:
        """Accept a time of the clock or nothing."""
        _minute(field, DAY_MINUTES)

    def validate_from_day(self, field: StringField) -> None:
        """Accept a day and month or nothing."""
        _season_day(field, 101)

    def validate_until_day(self, field: StringField) -> None:
        """Accept a day and month or nothing."""
        _season_day(field, 1231)

    def entry(self) -> AdjustmentEntry:
        """Return what was entered. Call only after validation."""
        assert self.value.number is not None
        window = None
        if self.applies.data == TIMES:
            window = PriceWindow(
                self.weekdays.data,
                _minute(self.from_time, 0) % DAY_MINUTES,
                _minute(self.until_time, DAY_MINUTES),
                _season_day(self.from_day, 101),
                _season_day(self.until_day, 1231),
            )
        return AdjustmentEntry(text_of(self.name), self.kind.data, self.value.number, self.applies.data, window)

    def fill(self, one: AdjustmentEntry) -> None:
        """Show what is stored."""
        self.name.data, self.kind.data, self.applies.data = one.name, one.kind, one.applies
        self.value.show(one.value)
        if one.window is not None:
            window = one.window
            self._offer_days(window.weekdays)
            self.weekdays.data = window.weekdays
            self.from_time.data, self.until_time.data = map(minute_text, (window.from_minute, window.until_minute))
            self.from_day.data, self.until_day.data = season_day(window.from_day), season_day(window.until_day)

    def _offer_days(self, stored: int = EVERY_DAY) -> None:
        """Offer the usual weekdays, those that are stored or were sent too."""
        sent = self.weekdays.data if isinstance(self.weekdays.data, int) else EVERY_DAY
        wanted = [*WEEKDAY_LABELS, *(days for days in {stored, sent} - set(WEEKDAY_LABELS) if 0 < days <= EVERY_DAY)]
        self.weekdays.choices = [select_choice(days, weekdays_text(days)) for days in wanted]


def _minute(field: StringField, default: int) -> int:
    """Return the minute of the day that was typed. Raises ValidationError."""
    text = text_of(field)
    if not text:
        return default
    seconds = parse_length(text if ":" in text else f"{text}:00")
    if seconds is None or seconds % 60 or seconds > DAY_MINUTES * 60:
        raise ValidationError(_("Enter a time such as 22:00."))
    return seconds // 60


def _season_day(field: StringField, default: int) -> int:
    """Return the day of a season that was typed. Raises ValidationError."""
    text = text_of(field)
    number = parse_season_day(text) if text else default
    if number is None:
        raise ValidationError(_("Enter day and month such as 1.12."))
    return number


def priced_row(base: type[PricedRow], labels: dict[str, str]) -> type[PricedRow]:
    """Return a row with a field for the price of each class. labels: price class -> label."""
    fields = {f"{code}_price": PriceField(label, [Optional()]) for code, label in labels.items()}
    order = (*base.before_prices, *fields)
    return type(base.__name__, (base,), {"price_classes": tuple(labels), "page_order": order, **fields})
