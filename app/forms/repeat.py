"""The fields by which a reservation repeats, so that nobody has to type a rule; they make a RecurrenceRule."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, RadioField, SelectField, SelectMultipleField
from wtforms.validators import Optional

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.span_form import PASSAGES
from app.wording import formats
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import SeriesRefused
from booking.times.recurrence import LAST, OCCURRENCES_MAX, Frequency, RecurrenceRule, easter_from

BY_DATE, BY_WEEKDAY, BY_LAST_WEEKDAY, BY_LAST_DAY = "date", "weekday", "last_weekday", "last_day"
COUNT, UNTIL, EASTER = "count", "until", "easter"
USUAL_COUNT = 10
WEEKDAYS = (_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"))
# The field at which a broken rule of a series is shown.
_FIELDS = {
    "series_interval": "interval",
    "series_too_long": "ends",
    "series_too_far": "ends",
    "series_until_past": "ends_on",
    "series_doubled_hour": "passage",
}


class RepeatMixin(BaseForm):
    """Whether and how a reservation repeats. Empty fields mean what is usual for the day of its wall.

    times_max: how many dates it may have, which the field of their number says; set before the rule is read.
    """

    times_max = OCCURRENCES_MAX

    repeats = SelectField(
        _l("Repeat"),
        choices=[
            select_choice("", _l("does not repeat")),
            select_choice(Frequency.DAILY.value, _l("every day, or every few days")),
            select_choice(Frequency.WEEKLY.value, _l("every week, or every few weeks")),
            select_choice(Frequency.MONTHLY.value, _l("every month, or every few months")),
        ],
        validators=[Optional()],
        default="",
    )
    interval = IntegerField(_l("Every how many days, weeks or months"), [Optional()], default=1)
    weekdays = SelectMultipleField(
        _l("On these weekdays"),
        [Optional()],
        choices=[select_choice(str(day), name) for day, name in enumerate(WEEKDAYS)],
        validate_choice=False,
    )
    month_by = RadioField(
        _l("In each month"),
        choices=[
            select_choice(BY_DATE, _l("on the same date, such as the 4th")),
            select_choice(BY_WEEKDAY, _l("on the same weekday, such as the first Friday")),
            select_choice(BY_LAST_WEEKDAY, _l("on the last such weekday, such as the last Friday")),
            select_choice(BY_LAST_DAY, _l("on the last day of the month")),
        ],
        default=BY_DATE,
        validate_choice=False,
    )
    ends = RadioField(
        _l("Until when it repeats"),
        choices=[
            select_choice(COUNT, _l("this many times")),
            select_choice(UNTIL, _l("until a day")),
            select_choice(EASTER, _l("until Easter")),
        ],
        default=COUNT,
        validate_choice=False,
    )
    times = IntegerField(_l("Number of dates"), [Optional()], default=USUAL_COUNT)
    ends_on = DateField(_l("Last day"), [Optional()])
    passage = RadioField(_l("Which of the two"), choices=PASSAGES, validators=[Optional()], validate_choice=False)

    @property
    def is_series(self) -> bool:
        """Whether it repeats."""
        return bool(self.repeats.data)

    def rule_from(self, wall: datetime) -> RecurrenceRule | None:
        """Return the rule for a first start by the clock; None where fields are wrong, which then have their errors."""
        ends = self._end_from(wall.date())
        if ends is None:
            return None
        frequency = Frequency(self.repeats.data)
        values: dict[str, Any] = {"interval": 1 if self.interval.data is None else self.interval.data, **ends}
        if frequency == Frequency.WEEKLY:
            chosen = {int(day) for day in self.weekdays.data or () if day in {"0", "1", "2", "3", "4", "5", "6"}}
            values["weekdays"] = tuple(sorted(chosen or {wall.weekday()}))
        elif frequency == Frequency.MONTHLY:
            values |= self._days_of_month(wall)
        rule = RecurrenceRule(frequency, **values)
        if not rule.falls_on(wall.date()):
            self._refuse_start(wall, rule)
            return None
        return rule

    def _days_of_month(self, wall: datetime) -> dict[str, Any]:
        if self.month_by.data == BY_WEEKDAY:
            return {"nth_weekday": ((wall.day - 1) // 7 + 1, wall.weekday())}
        if self.month_by.data == BY_LAST_WEEKDAY:
            return {"nth_weekday": (LAST, wall.weekday())}
        return {"month_day": LAST if self.month_by.data == BY_LAST_DAY else wall.day}

    def _end_from(self, first_day: date) -> dict[str, Any] | None:
        if self.ends.data == EASTER:
            return {"until": easter_from(first_day)}
        if self.ends.data == UNTIL:
            if self.ends_on.data is None:
                if not self.ends_on.errors:
                    self.ends_on.errors = [_("Choose the last day.")]
                return None
            return {"until": self.ends_on.data}
        if self.times.data is None:
            if not self.times.errors:
                self.times.errors = [_("Enter how many dates.")]
            return None
        return {"count": self.times.data}

    def _refuse_start(self, wall: datetime, rule: RecurrenceRule) -> None:
        field = self.weekdays if rule.frequency == Frequency.WEEKLY else self.month_by
        day = formats.format_day(wall.date())
        field.errors = [
            _("The first date, %(day)s, is not one of these days. Choose its day too, or another day above.", day=day)
        ]

    def show_series_refusal(self, refusal: SeriesRefused) -> None:
        """Put why a series cannot be made at its fields."""
        for violation in refusal.violations:
            self.add_error(_FIELDS.get(violation.rule, "repeats"), violation_sentence(violation))

    @property
    def asks_passage(self) -> bool:
        """Whether the page has to ask which passage of a doubled hour is meant."""
        return bool(self.passage.errors or self.passage.data)
