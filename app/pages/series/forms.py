"""The forms of a series: changing it, cancelling what is left of it, and deciding about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import NumberRange, Optional, ValidationError

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import NOT_SENT, Required
from app.forms.span_form import HOURS_MAX, PASSAGES, REASON_LENGTH_MAX, MaxCharacters, clean
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import RulesBroken, SeriesRefused
from booking.kernel.errors import DomainError
from booking.queries.series import SeriesView
from booking.series_change.models import Scope, SeriesChange

PURPOSE_LENGTH_MAX = 500
ANY_OF_GROUP = "0"  # in place of the id of a machine


class ActionForm(BaseForm):
    """A button on the page of a series. day: of the date that is put back."""

    day = HiddenField()

    def show_refusal(self, refusal: DomainError) -> None:
        """Put what stands against it above the page, each reason once."""
        if isinstance(refusal, RulesBroken):
            self.form_errors.extend(dict.fromkeys(violation_sentence(one) for one in refusal.violations))
        else:
            super().show_refusal(refusal)

    @property
    def chosen_day(self) -> date:
        """The day that was sent; one that is no date of any series for what cannot be read."""
        try:
            return date.fromisoformat(self.day.data or "")
        except ValueError:
            return date.min


class CancelRestForm(BaseForm):
    """Why what is left of a series is cancelled. revision: of the series when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    reason = StringField(_l("Reason"), [MaxCharacters(REASON_LENGTH_MAX)])


class DeclineForm(CancelRestForm):
    """Why all dates of a series that wait are declined."""

    reason = StringField(
        _l("Reason"), [Required(_l("A reason is needed: the member sees it.")), MaxCharacters(REASON_LENGTH_MAX)]
    )


class ChangeSeriesForm(BaseForm):
    """Another time, length, machine or purpose for dates of a series. revision: of the series when it was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    scope = RadioField(
        _l("Which dates"),
        choices=[
            select_choice(Scope.FOLLOWING.value, _l("this date and those after it")),
            select_choice(Scope.ALL.value, _l("all dates to come")),
            select_choice(Scope.ONE.value, _l("this date alone")),
        ],
        validators=[Required(_l("Please choose which dates are changed."))],
    )
    day = SelectField(_l("Date"))
    time = TimeField(_l("Start"), [Required(_l("Please choose when it starts."))])
    hours = IntegerField(_l("Hours"), [Optional(), NumberRange(min=0, max=HOURS_MAX)])
    minutes = IntegerField(_l("Minutes"), [Optional(), NumberRange(min=0, max=59)])
    machine = SelectField(_l("Machine"))
    purpose = TextAreaField(_l("What for"), [MaxCharacters(PURPOSE_LENGTH_MAX)])
    passage = RadioField(_l("Which of the two"), choices=PASSAGES, validators=[Optional()], validate_choice=False)
    overrule_reason = StringField(_l("Reason to overrule the rule"), [MaxCharacters(REASON_LENGTH_MAX)])

    def offer(self, days: Sequence[Any], machines: Sequence[Any]) -> None:
        """Set the dates and machines to choose from."""
        self.day.choices, self.machine.choices = list(days), list(machines)

    def fill(self, view: SeriesView, day: str | None) -> None:
        """Write the series as it is into the fields; day: the date from which on it is to be changed, if one is."""
        hours, minutes = divmod(_minutes(view), 60)
        self.process(
            data={
                "revision": view.revision,
                "scope": Scope.ALL.value if day is None else Scope.FOLLOWING.value,
                "day": day,
                "time": view.times.wall.time(),
                "hours": hours,
                "minutes": minutes,
                "machine": str(view.machine_id) if view.group_id is None else ANY_OF_GROUP,
                "purpose": view.purpose,
            }
        )

    def validate_minutes(self, field: IntegerField) -> None:
        """Refuse a length of nothing."""
        if not (self.hours.data or 0) and not field.data:
            raise ValidationError(_("The end must be after the start."))

    def change(self, view: SeriesView) -> SeriesChange:
        """Return what is wished of a valid form: what differs from the series."""
        length = (self.hours.data or 0) * 60 + (self.minutes.data or 0)
        purpose = clean(self.purpose.data)
        as_it_is = str(view.machine_id) if view.group_id is None else ANY_OF_GROUP
        is_all = self.scope.data == Scope.ALL.value
        return SeriesChange(
            scope=Scope(self.scope.data),
            day=None if is_all else date.fromisoformat(self.day.data),
            starts_at=self.time.data if self.time.data != view.times.wall.time() else None,
            length=timedelta(minutes=length) if length != _minutes(view) else None,
            machine_id=None if self.machine.data == as_it_is else int(self.machine.data),
            purpose=purpose if purpose != view.purpose else None,
            passage=int(self.passage.data) if self.passage.data in ("0", "1") else None,
        )

    def show_series_refusal(self, refusal: SeriesRefused) -> None:
        """Put why the dates cannot be changed so at its fields."""
        names = {"series_doubled_hour": "passage", "series_nothing_to_change": "day"}
        for violation in refusal.violations:
            self.add_error(names.get(violation.rule, "hours"), violation_sentence(violation))


def _minutes(view: SeriesView) -> int:
    return int(view.times.length.total_seconds() // 60)
