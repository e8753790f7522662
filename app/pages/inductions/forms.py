"""The forms of induction courses for members and trainers."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, StringField
from wtforms.validators import Length, ValidationError

from app.extensions import db
from app.forms.base_form import BaseForm
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.errors import DomainError
from booking.queries.courses import member_of_number
from booking.rules.persons import PERSON_LENGTH_MAX


class SignupForm(BaseForm):
    """Who signs up for a course. number: of the member, for staff; empty: the own member."""

    number = StringField(_l("Member number"), [Length(max=40)])
    person = StringField(_l("Who comes"), [Length(max=PERSON_LENGTH_MAX)])
    waits = BooleanField(_l("Wait for a seat"))

    member_id: int | None = None  # of the number, after validation

    def __init__(self) -> None:
        super().__init__()
        self.number.flags.required = current_user.member_id is None  # who acts for no member signs others up

    def validate_number(self, field: StringField) -> None:
        """Find the member of the number."""
        number = (field.data or "").strip()
        self.member_id = member_of_number(db.session(), number) if number else None
        if number and self.member_id is None:
            raise ValidationError(_("There is no member with this number."))
        if not number and current_user.member_id is None:
            raise ValidationError(_("Please enter the number of the member."))

    def show_refusal(self, refusal: DomainError) -> None:
        """Put what is wrong with the member or the person at its field."""
        if isinstance(refusal, RecordRefused):
            for one in refusal.violations:
                self.add_error("person" if one.field == "person" else "number", violation_sentence(one))
        else:
            super().show_refusal(refusal)
