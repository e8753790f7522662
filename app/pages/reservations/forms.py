"""The wish as a form: wall clock and words. It knows the clock change, but no rule of the ring."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import (
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

from app.forms.keyed_form import KeyedForm
from app.forms.span_form import REASON_LETTERS, AtMostLetters, SpanForm, write_typed
from app.forms.typed_form import TypedForm
from booking.timespan import TimeSpan

PURPOSE_LETTERS = 500


class ReservationForm(KeyedForm, SpanForm):
    """A wish for a machine."""

    machine = SelectField(_l("Machine"), [InputRequired()])
    member = SelectField(_l("For"), [Optional()])
    purpose = TextAreaField(_l("What for"), [AtMostLetters(PURPOSE_LETTERS)])

    def take_choice(self, slug: str, span: TimeSpan, zone: ZoneInfo) -> None:
        """Take over a proposal; all else stays as it was typed."""
        write_typed(self.machine, slug)
        self.fill(span, zone)


class MoveForm(SpanForm):
    """Another time for a reservation. revision: what the reader saw."""

    revision = IntegerField(validators=[InputRequired()])


class CancelForm(TypedForm):
    """Giving a reservation back. revision: what the reader saw."""

    revision = IntegerField(validators=[InputRequired()])
    reason = StringField(_l("Reason"), [AtMostLetters(REASON_LETTERS)])
