"""The forms of accounting periods: how long they are, and closing one."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.validators import Length

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import NOT_SENT, Required
from app.forms.revision import RevisionMixin
from app.wording.accounting_periods import PERIOD_LENGTHS

LENGTH_CHOICES = [select_choice(*pair) for pair in PERIOD_LENGTHS.items()]


class PeriodLengthForm(RevisionMixin, BaseForm):
    """How long the periods of the ring are."""

    length = SelectField(
        _l("A period is a"), choices=[select_choice(code, label) for code, label in PERIOD_LENGTHS.items()]
    )


class ClosePeriodForm(BaseForm):
    """The closing that was shown, by its digest."""

    digest = HiddenField(validators=[Required(NOT_SENT), Length(max=64)])
    accepts_open = BooleanField(_l("I close the period in spite of the open points"))


class ChangePeriodForm(BaseForm):
    """A period is soft-closed or opened again: nothing is typed."""
