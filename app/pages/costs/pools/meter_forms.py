"""The forms of meters and their readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, StringField
from wtforms.validators import Length, ValidationError

from app.forms.base_form import BaseForm
from app.forms.number_fields import ExactNumberField
from app.forms.required import Required
from app.pages.imports.forms import UploadForm
from app.wording.rules import violation_sentence
from billing.errors.cost_errors import ReadingRefused
from billing.errors.money_errors import NameTaken, WrongAmount, WrongPeriod
from billing.limits import NAME_LENGTH_MAX
from billing.pools.meters import PER_UNIT
from billing.pools.readings import ReadingEntry
from billing.queries.pool_keys import ReadingView
from booking.kernel.errors import DomainError
from booking.queries.member_texts import MemberText


class ReadingField(ExactNumberField):
    """A reading with up to three decimals. thousandths: None when nothing was typed."""

    decimals = 3

    def check(self, number: Decimal) -> None:
        """Refuse what no meter shows."""
        if number < 0:
            raise ValidationError(_("A meter shows nothing below zero."))

    def show_thousandths(self, thousandths: int | None) -> None:
        """Put what is stored into the field."""
        self.show(None if thousandths is None else Decimal(thousandths) / PER_UNIT)

    @property
    def thousandths(self) -> int | None:
        """The reading in thousandths of the unit."""
        return None if self.number is None else int(self.number * PER_UNIT)


class MeterForm(BaseForm):
    """A member's meter."""

    error_fields = ((NameTaken, "name"),)

    name = StringField(
        _l("Number of the meter"), [Required(_l("Please enter the number of the meter.")), Length(max=NAME_LENGTH_MAX)]
    )
    member = StringField(_l("Member number"), [Required(_l("Please enter whose meter it is.")), Length(max=40)])
    member_id = 0

    def offer(self, members: Sequence[MemberText]) -> None:
        """Say whom a number can name. Call before validation."""
        self._by_number = {one.number.casefold(): one.id for one in members}

    def validate_member(self, field: StringField) -> None:
        """Find the member."""
        found = self._by_number.get((field.data or "").strip().casefold())
        if found is None:
            raise ValidationError(_("There is no member with this number."))
        self.member_id = found


class ReadingsForm(UploadForm):
    """Readings of the meters of a pool, from a file or pasted."""

    file = FileField(_l("File (CSV)"))


class ReadingForm(BaseForm):
    """What a meter showed on a day."""

    error_fields = ((WrongPeriod, "read_on"), (WrongAmount, "reading"))

    read_on = DateField(_l("Day"), [Required(_l("Please enter the day of the reading."))])
    reading = ReadingField(_l("Reading"), [Required(_l("Please enter the reading."))])
    restart = ReadingField(_l("The meter was changed: reading of the new one"))

    def fill(self, day: date, stored: ReadingView | None) -> None:
        """Show a day with what holds of it."""
        self.read_on.data = day
        if stored is not None:
            self.reading.show_thousandths(stored.reading)
            self.restart.show_thousandths(stored.restart)

    def show_refusal(self, refusal: DomainError) -> None:
        """Show at its field what does not fit; any other refusal as usual."""
        if not isinstance(refusal, ReadingRefused):
            super().show_refusal(refusal)
            return
        for violation in refusal.violations:
            self.add_error(violation.field, violation_sentence(violation))

    def entry(self) -> ReadingEntry:
        """Return what was entered. Call only after validation."""
        assert self.read_on.data
        assert self.reading.thousandths is not None
        return ReadingEntry(self.read_on.data, self.reading.thousandths, self.restart.thousandths)
