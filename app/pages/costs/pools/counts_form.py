"""The form of what a cost pool counts from a day on."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField
from wtforms.validators import Optional, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.pages.costs.counted_names import SEVERAL, scope_choices, scope_of_choice
from billing.errors.cost_errors import NothingCounted, TooManyMachines
from billing.errors.money_errors import OtherPoolCounts, WrongPeriod
from billing.pools.scopes import MACHINES, DatedScope, Scope
from booking.queries import machine_choices


class CountsForm(BaseForm):
    """What a pool counts, and from which day on. revision: of the pool when the page was opened."""

    error_fields = (
        (WrongPeriod, "valid_from"),
        (NothingCounted, "what"),
        (OtherPoolCounts, "what"),
        (TooManyMachines, "machines"),
    )

    valid_from = DateField(_l("From"), [Required(_l("Please enter the day from which this holds."))])
    what = SelectField(_l("What it counts"), [Required(_l("Please choose what the pool counts."))])
    machines = SelectMultipleField(
        _l("Several machines"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    revision = IntegerField(validators=[Optional()], widget=HiddenInput())

    def offer(self, session: Session) -> None:
        """Fill in what can be chosen. Call before validation."""
        several = select_choice(SEVERAL, _("Several machines, ticked below"))
        self.what.choices = [*scope_choices(session), several]
        found = machine_choices(session, include_retired=True)
        self.machines.choices = [select_choice(one.id, one.name) for one in found]

    def validate_machines(self, field: SelectMultipleField) -> None:
        """Ask for machines where several are to be counted, and refuse ticks that would count for nothing."""
        if self.what.data == SEVERAL and not field.data:
            raise ValidationError(_("Tick the machines that the pool counts."))
        if self.what.data != SEVERAL and field.data:
            raise ValidationError(_("Machines are ticked, but something else is chosen above. Choose one of both."))

    def entry(self) -> DatedScope:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data
        chosen = self.what.data
        several = Scope(MACHINES, machine_ids=tuple(sorted(self.machines.data or ())))
        return DatedScope(self.valid_from.data, several if chosen == SEVERAL else scope_of_choice(chosen))
