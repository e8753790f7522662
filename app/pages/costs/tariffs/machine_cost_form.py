"""The form of the machine-cost calculator."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional, ValidationError

from app.forms.base_form import BaseForm
from app.forms.number_fields import EuroField, ExactNumberField, PriceField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.wording.formats import format_money
from billing.limits import CENTS_MAX
from billing.pools.machine_cost_entry import LIFE_YEARS_MAX, NEW, PERCENT_MAX, USE_MAX, MachineCostEntry
from billing.pools.machine_costs import MachineCostInput
from billing.queries.machine_costs import MachineCostView


class NotNegativeField(ExactNumberField):
    """An exact number of zero or more. largest: the most that it may be."""

    largest = USE_MAX

    def check(self, number: Decimal) -> None:
        """Refuse a number below zero or above the largest."""
        if not 0 <= number <= self.largest:
            raise ValidationError(_("Please enter a number from 0 to %(largest)s.", largest=f"{self.largest:f}"))


class PercentField(NotNegativeField):
    """A percentage from 0 to 100."""

    largest = PERCENT_MAX


class CostField(EuroField):
    """Euro and cents, zero or more."""

    def check(self, number: Decimal) -> None:
        """Refuse an amount below zero or above the largest."""
        if not 0 <= number <= Decimal(CENTS_MAX) / 100:
            raise ValidationError(_("Please enter an amount from 0 to %(largest)s.", largest=format_money(CENTS_MAX)))


class MachineCostForm(RevisionMixin, BaseForm):
    """What a machine costs to own and to use."""

    new_value = CostField(_l("New value, in euro"), [Required(_l("Please enter what the machine costs new."))])
    residual = CostField(_l("Value at the end of its life, in euro"), [Optional()])
    life_years = IntegerField(
        _l("Life, in years"),
        [Required(_l("Please enter the years that the machine lasts.")), NumberRange(1, LIFE_YEARS_MAX)],
    )
    life_use = NotNegativeField(_l("Life by work"), [Optional()])
    interest = PercentField(_l("Interest, in per cent a year"), [Optional()])
    insurance = PercentField(_l("Insurance, in per cent of the new value a year"), [Optional()])
    housing = CostField(_l("Housing, in euro a year"), [Optional()])
    other = CostField(_l("Other fixed costs, in euro a year"), [Optional()])
    repair = PriceField(_l("Repair and wear, in euro per unit"), [Optional()])
    supplies = NotNegativeField(_l("Fuel or material per unit"), [Optional()])
    supplies_price = PriceField(_l("Price of it, in euro"), [Optional()])
    planned_use = NotNegativeField(_l("Planned use in a year"), [Required(_l("Please enter the planned use."))])
    contractor_price = PriceField(_l("Price of a contractor, in euro per unit"), [Optional()])

    def validate_new_value(self, field: EuroField) -> None:
        """Refuse nothing."""
        if field.cents == 0:
            raise ValidationError(_("The new value must be above zero."))

    def validate_residual(self, field: EuroField) -> None:
        """Refuse a machine that gains value."""
        if (field.cents or 0) > (self.new_value.cents or 0):
            raise ValidationError(_("At its end, the machine cannot be worth more than new."))

    def validate_life_use(self, field: ExactNumberField) -> None:
        """Refuse a life of no work."""
        if field.number == 0:
            raise ValidationError(_("Leave this empty for a machine that is worn out by age alone."))

    def entry(self) -> MachineCostEntry:
        """Return what was entered. Call only after validation."""
        assert self.new_value.cents
        assert self.planned_use.number is not None
        costs = MachineCostInput(
            new_value_cents=self.new_value.cents,
            residual_cents=self.residual.cents or 0,
            life_years=self.life_years.data or 1,
            life_use=self.life_use.number,
            interest_percent=self.interest.number or Decimal(0),
            insurance_percent=self.insurance.number or Decimal(0),
            housing_cents=self.housing.cents or 0,
            other_cents=self.other.cents or 0,
            repair_price=self.repair.number or Decimal(0),
            supplies=self.supplies.number or Decimal(0),
            supplies_price=self.supplies_price.number or Decimal(0),
        )
        return MachineCostEntry(costs, self.planned_use.number, self.contractor_price.number)

    def fill(self, view: MachineCostView | None) -> None:
        """Show what is stored; nothing of a machine of which nothing was entered."""
        self.revision.data = view.revision if view else NEW
        if view is None:
            return
        costs = view.entry.costs
        for money, cents in (
            (self.new_value, costs.new_value_cents),
            (self.residual, costs.residual_cents),
            (self.housing, costs.housing_cents),
            (self.other, costs.other_cents),
        ):
            money.show_cents(cents)
        self.life_years.data = costs.life_years
        numbers: tuple[tuple[ExactNumberField, Decimal | None], ...] = (
            (self.life_use, costs.life_use),
            (self.interest, costs.interest_percent),
            (self.insurance, costs.insurance_percent),
            (self.repair, costs.repair_price),
            (self.supplies, costs.supplies),
            (self.supplies_price, costs.supplies_price),
            (self.planned_use, view.entry.planned_use),
            (self.contractor_price, view.entry.contractor_price),
        )
        for field, number in numbers:
            field.show(number)
