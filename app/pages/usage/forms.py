"""The forms of hand-out and hand-back, and of objections to a slip."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.forms.base_form import BaseForm
from app.forms.picture_field import PictureField
from app.forms.required import Required
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters
from app.pages.usage.asked_fields import AskedFields
from app.wording.billing import too_fine_sentence
from app.wording.errors import sentence_of
from app.wording.numbers import AmountError, parse_decimal, parse_length
from app.wording.rules import violation_sentence
from booking.charge_units import ChargeUnit, TooFine, to_small
from booking.errors.schedule_errors import UsageRefused, WrongStatus
from booking.kernel.errors import DomainError
from booking.queries import SlipView
from booking.rules.persons import PERSON_LENGTH_MAX
from booking.use.other_amounts import Beside
from booking.use.usage import Measurement

NOTE_LENGTH_MAX = 1_000
CHECK = "check"  # the button that shows the price, and stores nothing
AMOUNT_MAX = Decimal(10_000_000)


class MeasureForm(AskedFields):
    """A reading or an amount, a note on the condition, perhaps a photo."""

    reading = StringField(_l("Reading of the meter"))
    amount = StringField(_l("Amount used"))
    note = TextAreaField(_l("Condition"), [Length(max=NOTE_LENGTH_MAX)])
    photo = PictureField(_l("Photo"))

    fields_of_rules: ClassVar[Mapping[str, str]] = {}  # where a rule names another field than the form has

    def __init__(self, unit: ChargeUnit, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit, self.zone = unit, zone
        self.tell_units()

    def validate_reading(self, field: StringField) -> None:
        """Accept a number or nothing."""
        self._small(field)

    def validate_amount(self, field: StringField) -> None:
        """Accept a number or nothing."""
        self._small(field)

    def measured(self, photo_id: int | None) -> Measurement:
        """Return what was entered, in small units. Call only after validation."""
        reading, amount = self._small(self.reading), self._small(self.amount)
        return Measurement(reading, amount, self.note.data or "", photo_id, self.others(), self.choices())

    def show_refusal(self, refusal: DomainError) -> None:
        """Put each broken rule at its field, or above all fields when it belongs to none."""
        if not isinstance(refusal, UsageRefused):
            _show_wrong_status(self, refusal)
            return
        for violation in refusal.violations:
            sentence = violation_sentence(violation, self.zone, self.unit.code)
            name = self.fields_of_rules.get(violation.field, violation.field)
            if name in self._fields:
                self.add_error(name, sentence)
            else:
                self.form_errors.append(sentence)

    def _small(self, field: StringField) -> int | None:
        text = (field.data or "").strip()
        if not text:
            return None
        seconds = parse_length(text) if self.unit.small_unit == "seconds" else None
        if seconds is not None:
            return seconds
        try:
            number = parse_decimal(text)
        except AmountError as error:
            raise ValidationError(str(error)) from error
        if abs(number) > AMOUNT_MAX:
            raise ValidationError(_("This number is too large."))
        try:
            return to_small(number, self.unit)
        except TooFine as error:
            raise ValidationError(too_fine_sentence(self.unit.code)) from error


class HandOutForm(MeasureForm):
    """A hand-out: who runs a machine that needs an induction, and why a manager overrules broken conditions."""

    operator = StringField(_l("Who runs it?"), [MaxCharacters(PERSON_LENGTH_MAX)])
    supervisor = StringField(_l("Who supervises it?"), [MaxCharacters(PERSON_LENGTH_MAX)])
    second_person = StringField(_l("Who is there as well?"), [MaxCharacters(PERSON_LENGTH_MAX)])
    overrule_reason = StringField(_l("Reason to hand it out all the same"), [MaxCharacters(REASON_LENGTH_MAX)])

    @property
    def names(self) -> dict[str, str]:
        """The names that were typed, "" for none."""
        fields = (self.operator, self.supervisor, self.second_person)
        return {field.name: field.data or "" for field in fields}


def written_meanwhile() -> str:
    """Return the sentence above what was typed too late."""
    return _("Meanwhile this was entered in another window or by somebody else. What you see below is not stored.")


def _show_wrong_status(form: BaseForm, refusal: DomainError) -> None:
    form.form_errors.append(written_meanwhile() if isinstance(refusal, WrongStatus) else sentence_of(refusal))


class ObjectionForm(BaseForm):
    """What a member holds against a slip."""

    objection = TextAreaField(
        _l("What is wrong?"), [Required(_l("Please describe what is wrong.")), Length(max=NOTE_LENGTH_MAX)]
    )

    slip: SlipView | None = None

    def show_refusal(self, refusal: DomainError) -> None:
        """Put all broken rules above the form: they concern the slip, and no field."""
        if isinstance(refusal, UsageRefused) and self.slip is not None:
            zone, unit = self.slip.zone, self.slip.charge_unit
            sentences = [violation_sentence(violation, zone, unit) for violation in refusal.violations]
            self.form_errors.append(" ".join(sentences))
        else:
            _show_wrong_status(self, refusal)


class AnswerForm(MeasureForm):
    """A manager's answer, with the right amount where the slip was wrong."""

    amount = StringField(_l("Corrected amount"))
    answer = TextAreaField(_l("Answer"), [Required(_l("Please write an answer.")), Length(max=NOTE_LENGTH_MAX)])

    def beside(self) -> Beside | None:
        """Return what the slip is to have beside its amount; None where nothing was asked. Call after validation."""
        asked = self.tariff_asks
        return Beside(self.others(), self.choices()) if asked.amounts or asked.choices else None
