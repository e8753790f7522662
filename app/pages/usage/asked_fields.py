"""Fields for what the tariff of a machine asks for beside the amount: other amounts, and variants."""

from __future__ import annotations

from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field
from wtforms.validators import Optional

from app.forms.base_form import BaseForm
from app.forms.number_fields import UseField
from app.forms.required import Required
from billing.asked_amounts import NOTHING_ASKED, Asked
from booking.charge_units import CHARGE_UNITS
from booking.other_amounts import OtherAmount


class AskedFields(BaseForm):
    """The base of forms with such fields. See asking(), which adds them."""

    tariff_asks: Asked = NOTHING_ASKED

    def tell_units(self) -> None:
        """Tell each field its unit. Call before validation."""
        for field, one in zip(self.other_fields, self.tariff_asks.amounts, strict=True):
            field.unit = CHARGE_UNITS[one.charge_unit]

    @property
    def other_fields(self) -> list[UseField]:
        """The fields of the other amounts, in the order of the tariff."""
        fields: list[UseField] = [self[f"other_{number}"] for number in range(len(self.tariff_asks.amounts))]
        return fields

    @property
    def choice_fields(self) -> list[Field]:
        """The fields of the variants, in the order of the tariff."""
        return [self[f"choice_{number}"] for number in range(len(self.tariff_asks.choices))]

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
    if not asked.amounts and not asked.choices:
        return form
    fields: dict[str, Any] = {"tariff_asks": asked}
    for number, one in enumerate(asked.amounts):
        required = [Required(_l("Please enter this amount; 0 if there is none."))] if one.is_required else [Optional()]
        fields[f"other_{number}"] = UseField(one.name, required)
    for number, name in enumerate(asked.choices):
        fields[f"choice_{number}"] = BooleanField(name)
    return type(form.__name__, (form,), fields)
