"""The form of a use that was not reserved: from when until when, and what the meter says or was counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.validators import ValidationError

from app.forms.member_choice import MemberChoiceMixin
from app.forms.span_form import END, MaxCharacters, SpanForm
from app.pages.usage.forms import NOTE_LENGTH_MAX, MeasureForm
from app.wording.rules import violation_sentence
from booking.charge_units import CHARGE_UNITS
from booking.errors.schedule_errors import UseOverlaps
from booking.kernel.errors import DomainError
from booking.queries import MachineCard
from booking.use.usage import Measurement, UnreservedUse


class UnreservedUseForm(MemberChoiceMixin, MeasureForm, SpanForm):
    """A use of one machine that is over. allow_overlap: to be stored although other slips are of the same time."""

    member = RadioField(_l("For"), validate_choice=False)
    reading_before = StringField(_l("Reading before"))
    reading = StringField(_l("Reading afterwards"))
    note = TextAreaField(_l("Note"), [MaxCharacters(NOTE_LENGTH_MAX)])
    allow_overlap = BooleanField(_l("It was another use. Store it as well."))

    zone: ZoneInfo
    fields_of_rules: ClassVar = {"start": "time", "end": "end_time"}
    overlap: UseOverlaps | None = None

    def __init__(self, card: MachineCard, **kwargs: Any) -> None:
        super().__init__(CHARGE_UNITS[card.charge_unit], card.zone, **kwargs)
        del self.photo
        self.end_time.flags.required = True  # a use that is over has an end

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields and read the span, always by its end."""
        self.until.data = END
        return super().validate(extra_validators)

    def validate_member(self, field: RadioField) -> None:
        """Refuse who cannot be chosen, and nobody."""
        if not field.data or field.data not in {str(choice[0]) for choice in field.choices or ()}:
            raise ValidationError(_("Choose the member whose use it was."))

    def validate_reading_before(self, field: StringField) -> None:
        """Accept a number or nothing."""
        self._small(field)

    def to_use(self, machine_id: int, member_id: int) -> UnreservedUse:
        """Return what was entered. Call only after validation."""
        assert self.span is not None
        return UnreservedUse(
            machine_id=machine_id,
            member_id=member_id,
            span=self.span,
            measured=Measurement(
                self._small(self.reading),
                self._small(self.amount),
                (self.note.data or "").strip(),
                others=self.others(),
                choices=self.choices(),
            ),
            places=self.places.data or 0,
            allow_overlap=self.allow_overlap.data,
            reading_before=self._small(self.reading_before),
        )

    def show_refusal(self, refusal: DomainError) -> None:
        """Put each broken rule at its field; slips of the same time are shown by the page."""
        if isinstance(refusal, UseOverlaps):
            self.overlap = refusal
            sentences = [violation_sentence(violation, self.zone, self.unit.code) for violation in refusal.violations]
            self.form_errors.extend(sentences)
            return
        super().show_refusal(refusal)
