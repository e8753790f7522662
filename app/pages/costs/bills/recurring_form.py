"""The forms of recurring costs and of a pool's budget."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, FieldList, FormField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import HiddenInput

from app.forms.base_form import BaseForm, RowForm
from app.forms.choices import select_choice
from app.forms.number_fields import EuroField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.wording.recurring import LENGTH_LABELS
from billing.errors.money_errors import NameTaken, WrongPeriod
from billing.limits import NAME_LENGTH_MAX
from billing.pools.pools import KINDS_MAX
from billing.pools.recurring_costs import RecurringInput
from billing.queries.budgets import YearBudget
from billing.queries.recurring import RecurringCostView

NAME = Length(max=NAME_LENGTH_MAX)


class RecurringCostForm(RevisionMixin, BaseForm):
    """What a pool pays each month, quarter or year."""

    error_fields = ((NameTaken, "name"), (WrongPeriod, "last_on"))

    name = StringField(_l("Name"), [Required(_l("Please enter what is paid.")), NAME])
    supplier = StringField(_l("Supplier"), [Required(_l("Please enter the supplier.")), NAME])
    net = EuroField(_l("Net amount, in euro"), [Required(_l("Please enter the net amount."))])
    every_months = SelectField(_l("How often"), [Required(_l("Please choose how often."))], coerce=int)
    first_on = DateField(_l("First day"), [Required(_l("Please enter the first day."))])
    last_on = DateField(_l("Last day"), [Optional()])
    kind = SelectField(_l("Kind of cost"), [Required(_l("Please choose the kind of cost."))])

    def offer(self, kinds: Iterable[str]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.kind.choices = [select_choice(kind, kind) for kind in kinds]
        self.every_months.choices = [(length, label) for length, label in LENGTH_LABELS.items()]

    def validate_net(self, field: EuroField) -> None:
        """Refuse what nobody has to pay."""
        if field.cents is not None and field.cents <= 0:
            raise ValidationError(_("A recurring cost is above zero. Credits are entered as bills."))

    def validate_last_on(self, field: DateField) -> None:
        """Refuse an end before the beginning."""
        if field.data and self.first_on.data and field.data < self.first_on.data:
            raise ValidationError(_("The last day is before the first one."))

    def entry(self) -> RecurringInput:
        """Return what was entered. Call only after validation."""
        assert self.first_on.data
        assert self.net.cents is not None
        return RecurringInput(
            name=self.name.data or "",
            supplier=self.supplier.data or "",
            kind=self.kind.data,
            net_cents=self.net.cents,
            every_months=self.every_months.data,
            first_on=self.first_on.data,
            last_on=self.last_on.data,
        )

    def fill(self, stored: RecurringCostView) -> None:
        """Show what is stored."""
        self.name.data, self.supplier.data, self.kind.data = stored.name, stored.supplier, stored.kind
        self.net.show_cents(stored.net_cents)
        self.every_months.data, self.first_on.data, self.last_on.data = (
            stored.every_months,
            stored.first_on,
            stored.last_on,
        )
        self.revision.data = stored.revision


class BudgetRow(RowForm):
    """The budget of a kind of cost; empty: none."""

    kind = HiddenField()
    net = EuroField(_l("Budget, net in euro"))


class BudgetForm(BaseForm):
    """The budget of a pool for a year, a row for each kind of cost. revision: of the pool."""

    revision = IntegerField(validators=[Optional()], widget=HiddenInput())
    rows = FieldList(FormField(BudgetRow), max_entries=KINDS_MAX)

    def validate_rows(self, field: FieldList) -> None:
        """Refuse amounts below zero."""
        for row in field:
            if row.net.cents is not None and row.net.cents < 0:
                raise ValidationError(_("A budget cannot be negative."))

    def cents_by_kind(self) -> dict[str, int]:
        """Return what was entered, without the kinds that have no budget. Call only after validation."""
        typed = ((row.kind.data or "", row.net.cents) for row in self._forms())
        return {kind: cents for kind, cents in typed if cents is not None}

    def fill(self, stored: YearBudget, kinds: Iterable[str], revision: int) -> None:
        """Show what is stored, a row for each kind of the pool."""
        budgets = {line.kind: line.budget_cents for line in stored.lines}
        for kind in kinds:
            self.rows.append_entry({"kind": kind})
            if (cents := budgets.get(kind)) is not None:
                self._forms()[-1].net.show_cents(cents)
        self.revision.data = revision

    def _forms(self) -> list[BudgetRow]:
        return [entry.form for entry in self.rows]
