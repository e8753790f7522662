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

from app.forms.base_form import BaseForm
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters, SpanForm, write_typed
from booking.timespan import TimeSpan

PURPOSE_LENGTH_MAX = 500


class ReservationForm(IdempotencyKeyMixin, SpanForm):
    """A wish for a machine."""

    machine = SelectField(_l("Machine"), [InputRequired()])
    member = SelectField(_l("For"), [Optional()])
    purpose = TextAreaField(_l("What for"), [MaxCharacters(PURPOSE_LENGTH_MAX)])

    def take_choice(self, slug: str, span: TimeSpan, zone: ZoneInfo) -> None:
        """Take over a proposal; all else stays as it was typed."""
        write_typed(self.machine, slug)
        self.fill(span, zone)


class MoveForm(SpanForm):
    """Another time for a reservation. revision: what the reader saw."""

    revision = IntegerField(validators=[InputRequired()])


class CancelForm(BaseForm):
    """Giving a reservation back. revision: what the reader saw."""

    revision = IntegerField(validators=[InputRequired()])
    reason = StringField(_l("Reason"), [MaxCharacters(REASON_LENGTH_MAX)])
