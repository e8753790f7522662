"""Fields for what the tariff of a machine asks for beside the amount: other amounts, and variants."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar
from zlib import crc32

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field
from wtforms.validators import Optional, ValidationError

from app.forms.base_form import BaseForm
from app.forms.number_fields import UseField
from app.forms.required import Required
from billing.tariffs.asked_amounts import NOTHING_ASKED, Asked
from booking.charge_units import CHARGE_UNITS
from booking.queries.other_amounts import BesideAmount
from booking.use.other_amounts import OtherAmount
from booking.use.use_limits import AMOUNT_MAX

OTHER, CHOICE = "other_", "choice_"  # how the names of such fields begin


def amount_field(name: str, charge_unit: str) -> str:
    """Return the name of the field of an amount.

    By its name in the tariff, not by its place: a tariff that is entered while somebody types must not turn
    kilometres into bales.
    """
    return f"{OTHER}{crc32(f'{name} {charge_unit}'.encode()):08x}"


def choice_field(name: str) -> str:
    """Return the name of the field of a variant."""
    return f"{CHOICE}{crc32(name.encode()):08x}"


class AmountField(UseField):
    """An amount beside the first one, no larger than a slip holds."""

    def check(self, number: Decimal) -> None:
        """Refuse an amount below zero, a finer one than its unit is counted in, and one that is too large."""
        super().check(number)
        if self._small(number) > AMOUNT_MAX:
            raise ValidationError(_("This number is too large."))


class AskedFields(BaseForm):
    """The base of forms with such fields. See asking(), which adds them."""

    tariff_asks: Asked = NOTHING_ASKED
    has_unknown = False  # something was sent that is not asked for

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        """Take what was sent, and note what no field takes."""
        super().process(formdata, *args, **kwargs)
        sent = self.meta.wrap_formdata(self, formdata) or {}
        self.has_unknown = any(
            name.startswith((OTHER, CHOICE)) and name not in self and str(sent[name]).strip() for name in sent
        )

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Refuse what was typed for an amount that is not asked for: it would be lost."""
        is_valid = super().validate(extra_validators)
        if self.has_unknown:
            self.form_errors.append(
                _("For this day the tariff asks for something else than the page did. Please look at the amounts.")
            )
        return is_valid and not self.has_unknown

    def tell_units(self) -> None:
        """Tell each field its unit. Call before validation."""
        for field, one in zip(self.other_fields, self.tariff_asks.amounts, strict=True):
            field.unit = CHARGE_UNITS[one.charge_unit]

    @property
    def other_fields(self) -> list[UseField]:
        """The fields of the other amounts, in the order of the tariff."""
        fields: list[UseField] = [self[amount_field(one.name, one.charge_unit)] for one in self.tariff_asks.amounts]
        return fields

    @property
    def choice_fields(self) -> list[Field]:
        """The fields of the variants, in the order of the tariff."""
        return [self[choice_field(name)] for name in self.tariff_asks.choices]

    def show_beside(self, beside: BesideAmount) -> None:
        """Show what a slip has."""
        amounts = {(one.name, one.charge_unit): one.amount for one in beside.amounts}
        for amount_of, one in zip(self.other_fields, self.tariff_asks.amounts, strict=True):
            if (small := amounts.get((one.name, one.charge_unit))) is not None:
                amount_of.show_small(small)
                amount_of.data = amount_of.data or "0"  # none of it was used, which is not the same as not entered
        for choice, name in zip(self.choice_fields, self.tariff_asks.choices, strict=True):
            choice.data = name in beside.choices

    def others(self) -> tuple[OtherAmount, ...]:
        """Return the amounts that were entered. Call only after validation."""
        pairs = zip(self.other_fields, self.tariff_asks.amounts, strict=True)
        return tuple(
            OtherAmount(one.name, one.charge_unit, field.small) for field, one in pairs if field.small is not None
        )

    def choices(self) -> tuple[str, ...]:
        """Return the variants that were chosen."""
        return tuple(
            name for field, name in zip(self.choice_fields, self.tariff_asks.choices, strict=True) if field.data
        )


Form = TypeVar("Form", bound=AskedFields)


def asking(form: type[Form], asked: Asked) -> type[Form]:
    """Return a form that also asks for what a tariff asks for."""
    if asked == NOTHING_ASKED:
        return form
    fields: dict[str, Any] = {"tariff_asks": asked}
    for one in asked.amounts:
        required = [Required(_l("Please enter this amount; 0 if there is none."))] if one.is_required else [Optional()]
        fields[amount_field(one.name, one.charge_unit)] = AmountField(one.name, required)
    for name in asked.choices:
        fields[choice_field(name)] = BooleanField(name)
    return type(form.__name__, (form,), fields)
