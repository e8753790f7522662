"""The form by which a member joins the waiting list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.forms.span_form import FIRST_YEAR, HOURS_MAX, LAST_YEAR, MaxCharacters
from app.pages.reservations.forms import PURPOSE_LENGTH_MAX, VariantsMixin
from app.wording.rules import violation_sentence
from app.wording.waiting import PARTS
from booking.errors.schedule_errors import RulesBroken
from booking.kernel.errors import DomainError
from booking.models import DayPart
from booking.rules.persons import PERSON_LENGTH_MAX
from booking.times.wall_clock import first_instant
from booking.timespan import TimeSpan

EXACT, ANY_TIME = "exact", "any"


class JoinForm(VariantsMixin, BaseForm):
    """What a member waits for. machine, start, end and member: as the page was opened, or empty."""

    machine = HiddenField()
    start = HiddenField()
    end = HiddenField()
    member = HiddenField()
    kind = RadioField(
        _l("What would do?"),
        choices=[
            select_choice(EXACT, _l("exactly this time")),
            select_choice(ANY_TIME, _l("any time of this length on these days")),
        ],
        default=EXACT,
    )
    first_day = DateField(_l("First day"), [Optional()])
    last_day = DateField(_l("Last day"), [Optional()])
    part = RadioField(
        _l("When on these days"),
        choices=[select_choice(part.value, words) for part, words in PARTS.items()],
        default=DayPart.ANY.value,
    )
    hours = IntegerField(_l("Hours"), [Optional(), NumberRange(0, HOURS_MAX)])
    minutes = IntegerField(_l("Minutes"), [Optional(), NumberRange(0, HOURS_MAX)])
    places = IntegerField(
        _l("Places"), [Required(_l("Please enter how many places you need.")), NumberRange(1, 10_000)], default=1
    )
    is_automatic = BooleanField(_l("Reserve it for me as soon as it is free, without asking"))
    second_person = StringField(_l("Second person"), [MaxCharacters(PERSON_LENGTH_MAX)])
    purpose = TextAreaField(_l("What for"), [MaxCharacters(PURPOSE_LENGTH_MAX)])

    persons: tuple[str, ...] = ()  # names that are offered
    zone: ZoneInfo | None = None
    span: TimeSpan | None = None  # that the page was opened for
    window: TimeSpan | None = None  # what is waited for, after validation

    @property
    def is_exact(self) -> bool:
        """Whether only the span itself will do."""
        return self.span is not None and self.kind.data == EXACT

    @property
    def length_min(self) -> int | None:
        """The length of any time that will do; None where it has to be the span itself."""
        return None if self.is_exact else (self.hours.data or 0) * 60 + (self.minutes.data or 0)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields, then read `window` by the clock of `zone`."""
        if self.span is None:
            self.kind.data = ANY_TIME
        is_valid = super().validate(extra_validators)
        if self.is_exact:
            self.window = self.span
            return is_valid
        return self._read_days() and is_valid

    def _read_days(self) -> bool:
        first, last = self.first_day, self.last_day
        if first.data is None or last.data is None:
            for field in (first, last):
                if field.data is None and not field.errors:
                    field.errors = [_("Please choose a day.")]
            return False
        for field, day in ((first, first.data), (last, last.data)):
            if not FIRST_YEAR <= day.year <= LAST_YEAR:
                field.errors = [_("This year is outside the range that the ring plans for.")]
                return False
        if last.data < first.data:
            last.errors = [_("The last day is before the first one.")]
            return False
        if not self.length_min:
            self.hours.errors = [*self.hours.errors, _("Enter a length above zero.")]
            return False
        assert self.zone is not None
        midnights = (datetime.combine(day, time()) for day in (first.data, last.data + timedelta(days=1)))
        self.window = TimeSpan(*(first_instant(midnight, self.zone) for midnight in midnights))
        return True

    def show_refusal(self, refusal: DomainError) -> None:
        """Put broken rules above the form, by the clock of the workshop."""
        if isinstance(refusal, RulesBroken):
            self.form_errors.extend(violation_sentence(one, self.zone) for one in refusal.violations)
        else:
            super().show_refusal(refusal)
