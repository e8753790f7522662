"""The forms of maintenance by the meter: the interval, and that it was done."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.forms.base_form import BaseForm
from app.forms.number_fields import UseField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.wording.rules import violation_sentence
from booking.charge_units import CHARGE_UNITS, ChargeUnit
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.errors import DomainError
from booking.machines.maintenance import NAME_LENGTH_MAX, NOTE_LENGTH_MAX, Done, MaintenanceInput
from booking.queries.maintenance import MaintenanceView


class IntervalField(UseField):
    """An interval, above zero."""

    def check(self, number: Any) -> None:
        """Leave numbers below zero to the rule, which says what to do instead."""
        if number > 0:
            super().check(number)


class UnitMixin(BaseForm):
    """A form with amounts in the unit of a machine."""

    unit: ChargeUnit

    def measure_in(self, unit_code: str) -> None:
        """Read and write amounts in a unit. Call before validation."""
        self.unit = CHARGE_UNITS[unit_code]
        for field in self:
            if isinstance(field, UseField):
                field.unit = self.unit

    def show_refusal(self, refusal: DomainError) -> None:
        """Put each broken rule at its field, readings in the unit of the machine."""
        if not isinstance(refusal, RecordRefused):
            super().show_refusal(refusal)
            return
        for violation in refusal.violations:
            self.add_error(violation.field, violation_sentence(violation, None, self.unit.code))


class DoneFields(UnitMixin):
    """When it was done, and what the meter showed."""

    done_on = DateField(_l("Done on"), [Required(_l("Please choose a day."))])
    reading = UseField(_l("Reading of the meter"))


class DoneForm(DoneFields):
    """Maintenance that was done. revision: of the interval when the page was opened."""

    note = TextAreaField(_l("Note"), [Length(max=NOTE_LENGTH_MAX)])
    revision = IntegerField(validators=[Optional()])

    def to_done(self) -> Done:
        """Return what was entered. Call only after validation."""
        assert self.done_on.data is not None
        return Done(done_on=self.done_on.data, reading=self.reading.small, note=self.note.data or "")


class IntervalFields(UnitMixin):
    """What is done, and after how much use."""

    name = StringField(_l("What is done"), [Required(_l("Please enter what is done.")), Length(max=NAME_LENGTH_MAX)])
    interval = IntervalField(_l("After each"), [Required(_l("Please enter after how much use."))])


class NewIntervalForm(IntervalFields, DoneFields):
    """A new interval, with when it was done last."""

    page_order = ("name", "interval")

    def to_input(self) -> MaintenanceInput:
        """Return what was entered. Call only after validation."""
        assert self.done_on.data is not None
        last = Done(done_on=self.done_on.data, reading=self.reading.small)
        return MaintenanceInput(name=self.name.data or "", interval_amount=self.interval.small or 0, last=last)


class ChangeIntervalForm(IntervalFields, RevisionMixin):
    """Another name or length of an interval."""

    def fill(self, view: MaintenanceView) -> None:
        """Show what is stored."""
        self.name.data = view.name
        self.interval.show_small(view.interval_amount)
        self.revision.data, self.record_id.data = view.revision, view.id
