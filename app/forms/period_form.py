"""The form of a period: first and last day."""

from __future__ import annotations

from datetime import date

from flask import abort, make_response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField
from wtforms.validators import ValidationError

from app.forms.required import Required


class PeriodForm(FlaskForm):
    """From one day to another, both included; part of an address, so without a token."""

    class Meta:
        csrf = False

    since = DateField(_l("From"), [Required(_l("Please enter the first day."))], name="from")
    until = DateField(_l("Until"), [Required(_l("Please enter the last day."))])

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The period ends before it starts."))

    @property
    def period(self) -> tuple[date, date]:
        """First and last day. Call only after validation."""
        assert self.since.data
        assert self.until.data
        return self.since.data, self.until.data


def requested_days() -> tuple[date, date]:
    """Return the first and the last day of ?from=&until=; end the request with 422 if they are wrong."""
    form = PeriodForm(formdata=request.args)
    if not form.validate():
        sentence = _("Choose the first and the last day.")
        abort(make_response(render_template("error.html", status=422, title=_("Which days?"), sentence=sentence), 422))
    return form.period
