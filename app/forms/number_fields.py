"""Fields for money, prices and amounts of use: they keep what was typed and return exact numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import StringField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.wording.billing import too_fine_sentence
from app.wording.numbers import AmountError, parse_decimal, parse_length
from app.wording.units import CLOCK_UNITS
from booking.charge_units import ChargeUnit

CENT_DECIMALS = 2


class ExactNumberField(StringField):
    """An exact number. number: None when nothing was typed."""

    decimals: int | None = 4
    number: Decimal | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Read what was typed. Raises ValidationError in the language of the page."""
        text = (self.data or "").strip()
        self.number = None
        if not text:
            return
        try:
            self.number = parse_decimal(text, decimals=self.decimals)
        except AmountError as error:
            raise ValidationError(str(error)) from error
        self.check(self.number)

    def check(self, number: Decimal) -> None:
        """Raise ValidationError for a number that this field does not allow."""

    def show(self, number: Decimal | None) -> None:
        """Put a stored number into the field, in the format of the language."""
        language = getattr(get_locale(), "language", "en")
        self.data = "" if number is None else format_decimal(number, format="0.00##", locale=language)


class PriceField(ExactNumberField):
    """Euro per unit, with up to four decimals; not negative."""

    def check(self, number: Decimal) -> None:
        """Refuse a price below zero."""
        if number < 0:
            raise ValidationError(_("A price cannot be negative."))


class EuroField(ExactNumberField):
    """An amount of money in euro and cents."""

    decimals = CENT_DECIMALS

    @property
    def cents(self) -> int | None:
        """Euro cents; None when nothing was typed."""
        return None if self.number is None else int(self.number.scaleb(CENT_DECIMALS))

    def show_cents(self, cents: int) -> None:
        """Put stored cents into the field."""
        self.show(Decimal(cents).scaleb(-CENT_DECIMALS))


class UseField(ExactNumberField):
    """An amount of use in the large unit (hours, hectares); must be whole small units (seconds, ares)."""

    decimals = None  # the unit decides, and names its finest step
    unit: ChargeUnit | None = None
    seconds: int | None = None  # of a time typed as 4:15 or 4 h 15 min

    def pre_validate(self, form: BaseForm) -> None:
        """Read what was typed; a time also as people say it."""
        is_time = self.unit is not None and self.unit.small_unit == "seconds"
        self.seconds = parse_length(self.data or "") if is_time else None
        if self.seconds is None:
            super().pre_validate(form)

    @property
    def small(self) -> int | None:
        """The amount in small units; None when nothing was typed."""
        if self.seconds is not None:
            return self.seconds
        return None if self.number is None else int(self._small(self.number))

    def check(self, number: Decimal) -> None:
        """Refuse an amount below zero, or with a finer fraction than the unit is counted in."""
        if number < 0:
            raise ValidationError(_("An amount cannot be negative."))
        if self._small(number) % 1:
            assert self.unit is not None
            raise ValidationError(too_fine_sentence(self.unit.code))

    def show_small(self, small: int) -> None:
        """Put a stored amount into the field; hours of the clock as 4:15."""
        assert self.unit is not None
        if small and self.unit.code in CLOCK_UNITS and small % 60 == 0:
            self.data = f"{small // 3_600}:{small // 60 % 60:02}"
            return
        number = Decimal(small) / self.unit.small_per_unit
        self.show(number.quantize(Decimal("0.0001")).normalize() if small else None)

    def _small(self, number: Decimal) -> Any:
        assert self.unit is not None
        return number * self.unit.small_per_unit
