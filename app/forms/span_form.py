"""The form of a span: start, and length or end, by the clock of a workshop; with its text validators."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    Field,
    IntegerField,
    RadioField,
    TimeField,
)
from wtforms.validators import NumberRange, Optional, ValidationError

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.local_time import FIRST, SECOND, DoubledHour, MissingHour, is_doubled, to_instant
from app.wording import formats
from booking.queries import MachineCard
from booking.times.wall_clock import first_instant, later_by_clock, to_wall
from booking.timespan import TimeSpan

REASON_LENGTH_MAX = 500


FIRST_YEAR, LAST_YEAR = 2000, 2100


HOURS_MAX = 9_999


LENGTH, END = "length", "end"


PASSAGES = [
    select_choice(str(FIRST), _l("the first time (summer time)")),
    select_choice(str(SECOND), _l("the second time (winter time)")),
]


def clean(text: str | None) -> str:
    """Return a text without control characters other than line breaks, and without spaces around it."""
    kept = (char for char in text or "" if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))
    return "".join(kept).strip()


class MaxCharacters:
    """A validator that refuses a text that is too long."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: FlaskForm, field: Field) -> None:
        if len(field.data or "") > self.most:
            limits = {"most": formats.format_number(self.most), "actual": formats.format_number(len(field.data))}
            raise ValidationError(_("At most %(most)s characters fit here; there are %(actual)s.", **limits))


class SpanForm(BaseForm):
    """Start, and length or end, by the clock of the machine's workshop."""

    date = DateField(_l("Day"), [Required(_l("Please choose a day."))])
    time = TimeField(_l("Start"), [Required(_l("Please choose when it starts."))])
    which_start = RadioField(_l("Which of the two"), choices=PASSAGES, validators=[Optional()], validate_choice=False)
    until = RadioField(
        _l("Until when"),
        choices=[select_choice(LENGTH, _l("by length")), select_choice(END, _l("by day and time"))],
        default=LENGTH,
        validate_choice=False,
    )
    hours = IntegerField(_l("Hours"), [Optional(), NumberRange(0, HOURS_MAX)])
    minutes = IntegerField(_l("Minutes"), [Optional(), NumberRange(0, HOURS_MAX)])
    end_date = DateField(_l("Day of the end"), [Optional()])
    end_time = TimeField(_l("End"), [Optional()])
    which_end = RadioField(_l("Which of the two"), choices=PASSAGES, validators=[Optional()], validate_choice=False)
    places = IntegerField(_l("Places"), [Required(_l("Please enter how many places you need."))], default=1)

    zone: ZoneInfo | None = None  # known once a machine is chosen; without it no span is valid
    is_lent_by_day = False  # the machine: its lengths are days of the clock, of 23, 24 or 25 hours
    span: TimeSpan | None = None
    missing: datetime | None = None  # the next time the clock shows, when the wished start is one it skips

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields, then read `span` as instants by the clock of `zone`."""
        is_valid = super().validate(extra_validators)
        return self._read_span() and is_valid

    def _read_span(self) -> bool:
        if self.date.errors or self.time.errors or self.date.data is None or self.time.data is None:
            return False
        if self.zone is None:
            return False
        start = self._instant(self.date, self.time, self.which_start, self.zone)
        end = self._end(start, self.zone) if start is not None else None
        if start is None or end is None:
            return False
        if end <= start:
            field = self.hours if self.until.data != END else self.end_time
            field.errors = [*field.errors, _("The end must be after the start.")]
            return False
        self.span = TimeSpan(start, end)
        return True

    def choose(self, card: MachineCard) -> None:
        """Read and write times as the machine's workshop and rules ask for."""
        self.zone, self.is_lent_by_day = card.zone, card.rules.is_lent_by_day

    def fill(self, span: TimeSpan, card: MachineCard) -> None:
        """Choose a machine and write a span into the fields, by the clock of its workshop."""
        self.choose(card)
        zone = card.zone
        start, end = to_wall(span.start, zone), to_wall(span.end, zone)
        write_typed(self.date, start.date())
        write_typed(self.time, start.time())
        write_typed(self.which_start, _passage(span.start, zone))
        length = end - start if self.is_lent_by_day else span.length
        hours, rest = divmod(int(length.total_seconds()), 3_600)
        write_typed(self.hours, hours)
        write_typed(self.minutes, rest // 60)
        write_typed(self.end_date, end.date())
        write_typed(self.end_time, end.time())
        write_typed(self.which_end, _passage(span.end, zone))

    @property
    def wished_length(self) -> timedelta:
        """The length that was typed in; an hour where it cannot be read. Only to propose another start."""
        return timedelta(hours=self.hours.data or 0, minutes=self.minutes.data or 0) or timedelta(hours=1)

    def asks_which(self, day: Field, clock: Field) -> bool:
        """Return whether the clock shows the time of these fields twice."""
        if day.data is None or clock.data is None or self.zone is None:
            return False
        return is_doubled(datetime.combine(day.data, clock.data), self.zone)

    def _instant(self, day: Field, clock: Field, which: Field, zone: ZoneInfo) -> datetime | None:
        if not FIRST_YEAR <= day.data.year <= LAST_YEAR:
            day.errors = [*day.errors, _("This year is outside the range that the ring plans for.")]
            return None
        passage = int(which.data) if which.data in (str(FIRST), str(SECOND)) else None
        try:
            return to_instant(datetime.combine(day.data, clock.data), zone, passage)
        except MissingHour:
            self.missing = first_instant(datetime.combine(day.data, clock.data), zone)
            next_valid = formats.format_clock(self.missing, zone)
            sentence = _(
                "This time does not exist: the clock is put forward over it. The next is %(time)s.", time=next_valid
            )
            clock.errors = [*clock.errors, sentence]
        except DoubledHour:
            which.errors = [_("The clock shows this time twice that night. Choose the first or the second time.")]
        return None

    def _end(self, start: datetime, zone: ZoneInfo) -> datetime | None:
        if self.until.data == END:
            return self._end_by_clock(zone)
        if self.hours.errors or self.minutes.errors:
            return None
        length = timedelta(hours=self.hours.data or 0, minutes=self.minutes.data or 0)
        if not length:
            self.hours.errors = [_("Enter a length above zero.")]
            return None
        return later_by_clock(start, length, zone) if self.is_lent_by_day else start + length

    def _end_by_clock(self, zone: ZoneInfo) -> datetime | None:
        if self.end_time.data is None:
            if not self.end_time.errors:
                self.end_time.errors = [_("Enter when it ends.")]
            return None
        if self.end_date.errors:
            return None
        if self.end_date.data is None and self.date.data is not None:
            write_typed(self.end_date, self.date.data)
        return self._instant(self.end_date, self.end_time, self.which_end, zone)


def write_typed(field: Field, value: date | time | int | str) -> None:
    """Put a value into a field as if it had been typed, so that it is shown and passes "required"."""
    field.data = value
    field.raw_data = [value.isoformat(timespec="minutes") if isinstance(value, time) else str(value)]


def _passage(instant: datetime, zone: ZoneInfo) -> str:
    """Return which of the two passages, where the clock shows the instant twice; else ""."""
    wall = to_wall(instant, zone)
    return str(instant.astimezone(zone).fold) if is_doubled(wall, zone) else ""
