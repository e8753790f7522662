"""The forms of advances: what is called per share, and why one is taken back."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, StringField
from wtforms.validators import Length, ValidationError

from app.forms.base_form import BaseForm
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.number_fields import EuroField
from app.forms.required import Required
from billing.allocations.advances import AdvanceInput
from billing.allocations.periods import accounting_year
from billing.limits import NOTE_LENGTH_MAX


class AdvanceForm(IdempotencyKeyMixin, BaseForm):
    """An advance per share for a period."""

    unit = EuroField(_l("Per share, in euro"), [Required(_l("Please enter the amount per share."))])
    since = DateField(_l("For the period from"), [Required(_l("Please enter the first day."))])
    until = DateField(_l("Until"), [Required(_l("Please enter the last day."))])
    shares_on = DateField(_l("Shares as of"), [Required(_l("Please enter the day whose shares count."))])
    note = StringField(_l("Note for the members"), [Length(max=NOTE_LENGTH_MAX)])

    def validate_unit(self, field: EuroField) -> None:
        """Refuse nothing, and less."""
        if (field.cents or 0) <= 0:
            raise ValidationError(_("The amount per share must be above zero."))

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The period ends before it starts."))

    def propose(self, today: date) -> None:
        """Fill in the present accounting year, and today's shares."""
        self.since.data, self.until.data = accounting_year(today)
        self.shares_on.data = today
        self.issue_key()

    def entry(self) -> AdvanceInput:
        """Return what was entered. Call only after validation."""
        assert self.since.data
        assert self.until.data
        assert self.shares_on.data
        return AdvanceInput(
            self.since.data, self.until.data, self.shares_on.data, self.unit.cents or 0, self.note.data or ""
        )
