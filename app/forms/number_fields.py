"""Fields for money, prices and amounts of use: they keep what was typed and give exact figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import gettext as _
from wtforms import StringField
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from app.wording.numbers import AmountError, parse_decimal
from booking.charge_units import ChargeUnit

CENT_DECIMALS = 2


class FigureField(StringField):
    """An exact figure. figure: None when nothing was typed."""

    decimals = 4
    figure: Decimal | None = None

    def pre_validate(self, form: BaseForm) -> None:
        """Read what was typed. Raises ValidationError in the language of the page."""
        text = (self.data or "").strip()
        self.figure = None
        if not text:
            return
        try:
            self.figure = parse_decimal(text, decimals=self.decimals)
        except AmountError as error:
            raise ValidationError(str(error)) from error
        self.check(self.figure)

    def check(self, figure: Decimal) -> None:
        """Raises ValidationError for a figure that this field cannot mean."""

    def show(self, figure: Decimal | None) -> None:
        """Put a stored figure into the field, as the language writes it."""
        language = getattr(get_locale(), "language", "en")
        self.data = "" if figure is None else format_decimal(figure, format="0.00##", locale=language)


class PriceField(FigureField):
    """Euro per unit, with up to four decimals; not negative."""

    def check(self, figure: Decimal) -> None:
        """No price below zero."""
        if figure < 0:
            raise ValidationError(_("A price is not negative."))


class EuroField(FigureField):
    """An amount of money in euro and cents."""

    decimals = CENT_DECIMALS

    @property
    def cents(self) -> int | None:
        """Euro cents; None when nothing was typed."""
        return None if self.figure is None else int(self.figure.scaleb(CENT_DECIMALS))

    def show_cents(self, cents: int) -> None:
        """Put stored cents into the field."""
        self.show(Decimal(cents).scaleb(-CENT_DECIMALS))


class UseField(FigureField):
    """An amount of use in the large unit (hours, hectares); must be whole small units (seconds, ares)."""

    unit: ChargeUnit | None = None

    @property
    def small(self) -> int | None:
        """The amount in small units; None when nothing was typed."""
        return None if self.figure is None else int(self._small(self.figure))

    def check(self, figure: Decimal) -> None:
        """No amount below zero, and none finer than the unit is counted."""
        if figure < 0:
            raise ValidationError(_("An amount is not negative."))
        if self._small(figure) % 1:
            raise ValidationError(_("This is finer than the machine is measured."))

    def show_small(self, small: int) -> None:
        """Put a stored amount into the field."""
        assert self.unit is not None
        figure = Decimal(small) / self.unit.small_per_unit
        self.show(figure.quantize(Decimal("0.0001")).normalize() if small else None)

    def _small(self, figure: Decimal) -> Any:
        assert self.unit is not None
        return figure * self.unit.small_per_unit
