"""The forms of equity: what a member has paid in, and what is set off against what is owed."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, StringField
from wtforms.validators import Length, ValidationError

from app.forms.base_form import BaseForm
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.number_fields import EuroField
from app.forms.required import NOT_SENT, Required
from billing.errors.equity_errors import NothingSetOff, TooMuchSetOff
from billing.limits import CENTS_MAX, NOTE_LENGTH_MAX

NOTE = Length(max=NOTE_LENGTH_MAX)


class EquityForm(IdempotencyKeyMixin, BaseForm):
    """What a member has really paid in by a day."""

    amount = EuroField(_l("Paid in, in euro"), [Required(_l("Please enter the sum."))])
    day = DateField(_l("Paid in by"), [Required(_l("Please enter the day."))])
    note = StringField(_l("Note for the treasurer, such as the document"), [NOTE])

    last_day: date | None = None  # today, or that of the membership

    def validate_amount(self, field: EuroField) -> None:
        """Refuse nothing, less, and what can only be a typing error."""
        if field.cents is not None and not 1 <= field.cents <= CENTS_MAX:
            raise ValidationError(_("The sum must be at least one cent and at most ten million euro."))

    def validate_day(self, field: DateField) -> None:
        """Refuse a day to come, or after the membership."""
        if self.last_day and field.data and field.data > self.last_day:
            raise ValidationError(_("The day must not lie in the future, and not after the end of the membership."))


def require_not_negative(_form: BaseForm, field: EuroField) -> None:
    """Refuse a sum below zero."""
    if field.cents is not None and field.cents < 0:
        raise ValidationError(_("The sum cannot be negative."))


class SettleForm(BaseForm):
    """A settlement as it was shown, by its digest, and how much of what is owed is set off."""

    error_fields = ((TooMuchSetOff, "amount"), (NothingSetOff, "amount"))

    amount = EuroField(_l("Set off, in euro"), [Required(_l("Please enter the sum.")), require_not_negative])
    digest = HiddenField(validators=[Required(NOT_SENT), Length(max=64)])
