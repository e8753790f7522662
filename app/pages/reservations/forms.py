"""The forms of reservations, by the clock on the wall; the rules are those of booking."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)

from app.forms.base_form import BaseForm
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.member_choice import MemberChoiceMixin
from app.forms.required import NOT_SENT, Required
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters, SpanForm, write_typed
from booking.errors import RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.queries import MachineCard
from booking.timespan import TimeSpan

PURPOSE_LENGTH_MAX = 500


class OverrulingForm(SpanForm):
    """A span, and the reason for which somebody who may decide overrules rules."""

    overrule_reason = StringField(_l("Reason to overrule the rule"), [MaxCharacters(REASON_LENGTH_MAX)])


class ReservationForm(IdempotencyKeyMixin, MemberChoiceMixin, OverrulingForm):
    """A wish for a machine; a manager finds the member by what is typed."""

    page_order = ("machine", "member")

    machine = SelectField(_l("What"), [Required(_l("Please choose what to reserve."))])
    shown_machine = HiddenField()  # of a group: the id of the machine whose price was shown
    purpose = TextAreaField(_l("What for"), [MaxCharacters(PURPOSE_LENGTH_MAX)])

    def take_choice(self, span: TimeSpan, card: MachineCard) -> None:
        """Fill in a proposal; all else stays as it was typed."""
        write_typed(self.machine, card.slug)
        self.fill(span, card)


class MoveForm(OverrulingForm):
    """Another time for a reservation. revision: of the reservation when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    machine = SelectField(_l("Machine"))  # offered where there is another one to move it to

    def offer_machines(self, cards: Sequence[MachineCard]) -> None:
        """Fill in the machines to which it can be moved; the first is the present one. Call before validation."""
        self.machine.choices = [(card.slug, card.name) for card in cards]
        if not self.machine.data:
            self.machine.data = cards[0].slug

    def show_refusal(self, refusal: DomainError) -> None:
        """Leave broken rules and a taken slot to the check beside the form, which has proposals for them."""
        if not isinstance(refusal, (RequestRefused, SlotTaken)):
            super().show_refusal(refusal)


class CancelForm(BaseForm):
    """Why a reservation is cancelled. revision: of the reservation when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    reason = StringField(_l("Reason"), [MaxCharacters(REASON_LENGTH_MAX)])
