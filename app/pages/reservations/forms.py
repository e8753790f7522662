"""The forms of reservations, by the clock on the wall; the rules are those of booking."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.member_choice import MemberChoiceMixin
from app.forms.repeat import RepeatMixin
from app.forms.required import NOT_SENT, Required
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters, SpanForm, write_typed
from app.wording import formats
from booking.errors.schedule_errors import RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.queries import MachineCard, MachineChoice, ReservationView
from booking.rules.persons import PERSON_LENGTH_MAX
from booking.timespan import TimeSpan

PURPOSE_LENGTH_MAX = 500
TOLERANCES_MIN = (30, 60, 120, 240, 480, 1440, 2880)


class OverrulingForm(SpanForm):
    """A span, and the reason for which somebody who may decide overrules rules."""

    overrule_reason = StringField(_l("Reason to overrule the rule"), [MaxCharacters(REASON_LENGTH_MAX)])


class ToleranceMixin(BaseForm):
    """By how much a reservation may be moved without asking, when the machine breaks down."""

    may_move_min = SelectField(_l("May be moved by up to"), coerce=int, default=0)

    def offer_tolerances(self, stored: int = 0) -> None:
        """Fill in what can be chosen, with what is stored. Call before validation."""
        minutes = sorted({*TOLERANCES_MIN, stored} - {0})
        self.may_move_min.choices = [(0, _("not at all")), *((one, formats.format_minutes(one)) for one in minutes)]
        if not self.may_move_min.raw_data:  # not sent: a page of before, or the first one
            self.may_move_min.data = stored


class SecondPersonMixin(BaseForm):
    """Who is there as well, where a machine needs two persons. persons: names that are offered."""

    persons: tuple[str, ...] = ()

    second_person = StringField(_l("Second person"), [MaxCharacters(PERSON_LENGTH_MAX)])


class VariantsMixin(BaseForm):
    """Variants of the tariff that are chosen with a reservation. offered: their names."""

    offered: tuple[str, ...] = ()

    variants = SelectMultipleField(
        _l("Variants"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=False
    )

    def offer_variants(self, names: Sequence[str]) -> None:
        """Fill in what can be chosen, each name once. Call before validation."""
        self.offered = tuple(dict.fromkeys(names))
        self.variants.choices = [select_choice(name, name) for name in self.offered]

    @property
    def chosen_variants(self) -> tuple[str, ...]:
        """What was chosen of that; what another machine has, which was chosen before, counts for nothing."""
        return tuple(name for name in self.offered if name in (self.variants.data or ()))


class ReservationForm(
    VariantsMixin,
    SecondPersonMixin,
    ToleranceMixin,
    IdempotencyKeyMixin,
    MemberChoiceMixin,
    RepeatMixin,
    OverrulingForm,
):
    """A wish for a machine, once or again and again; a manager finds the member by what is typed."""

    page_order = ("machine", "member")

    machine = SelectField(_l("What"), [Required(_l("Please choose what to reserve."))])
    shown_machine = HiddenField()  # of a group: the id of the machine whose price was shown
    purpose = TextAreaField(_l("What for"), [MaxCharacters(PURPOSE_LENGTH_MAX)])

    def take_choice(self, span: TimeSpan, card: MachineCard) -> None:
        """Fill in a proposal; all else stays as it was typed."""
        write_typed(self.machine, card.slug)
        self.fill(span, card)


class MoveForm(VariantsMixin, SecondPersonMixin, ToleranceMixin, OverrulingForm):
    """Another time for a reservation. revision: of the reservation when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    machine = SelectField(_l("Machine"))  # offered where there is another one to move it to

    def offer_machines(self, cards: Sequence[MachineCard]) -> None:
        """Fill in the machines to which it can be moved; the first is the present one. Call before validation."""
        self.machine.choices = [(card.slug, card.name) for card in cards]
        if not self.machine.data:
            self.machine.data = cards[0].slug

    def show_machines(self, view: ReservationView, others: Sequence[MachineChoice]) -> None:
        """Fill in all machines that can be chosen, for the page."""
        machines = [(view.machine_slug, view.machine_name), *((one.slug, one.name) for one in others)]
        self.machine.choices = machines

    def show_refusal(self, refusal: DomainError) -> None:
        """Leave broken rules and a taken slot to the check beside the form, which has proposals for them."""
        if not isinstance(refusal, (RequestRefused, SlotTaken)):
            super().show_refusal(refusal)


class CancelForm(BaseForm):
    """Why a reservation is cancelled. revision: of the reservation when the form was opened."""

    revision = IntegerField(validators=[Required(NOT_SENT)])
    reason = StringField(_l("Reason"), [MaxCharacters(REASON_LENGTH_MAX)])
