"""The form of a group of machines: its name, and a rank for each machine of its workshop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import Length

from app.forms.base_form import BaseForm
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.errors import DomainError
from booking.models.group import NAME_LENGTH_MAX, RANK_MAX
from booking.queries import GroupView, MachineCard
from booking.records.groups import GroupInput, RankedMachine

RANKS_OFFERED = 5  # beyond the highest in use, one more is offered
PREFIX = "rank_"
NOT_IN_IT = ""


class GroupForm(RevisionMixin, BaseForm):
    """A group of machines of one workshop. Made by `form_for`, with a field for the rank of each machine."""

    name = StringField(_l("Name"), [Required(_l("Please enter the name.")), Length(max=NAME_LENGTH_MAX)])

    def offer(self, highest: int) -> None:
        """Fill in the ranks that can be chosen. Call before validation."""
        ranks = range(1, min(max(RANKS_OFFERED, highest + 1), RANK_MAX) + 1)
        choices = [(NOT_IN_IT, _("not in it")), *((str(rank), _("rank %(number)s", number=rank)) for rank in ranks)]
        for field in self.rank_fields():
            field.choices = choices

    def fill(self, view: GroupView) -> None:
        """Show what is stored."""
        self.name.data, self.revision.data = view.name, view.revision
        for machine in view.machines:
            if (field := self._fields.get(f"{PREFIX}{machine.id}")) is not None:
                field.data = str(machine.rank)

    def rank_fields(self) -> Iterator[SelectField]:
        """Yield the fields of the machines, in the order of their names."""
        return (field for name, field in self._fields.items() if name.startswith(PREFIX))

    def show_refusal(self, refusal: DomainError) -> None:
        """Put what is wrong with the name at its field, and what is wrong with a machine above the form."""
        if isinstance(refusal, RecordRefused):
            for violation in refusal.violations:
                if violation.field == "name":
                    self.add_error("name", violation_sentence(violation))
                else:
                    self.form_errors.append(violation_sentence(violation))
        else:
            super().show_refusal(refusal)

    def to_input(self) -> GroupInput:
        """Return what was entered. Call only after validation."""
        machines = tuple(
            RankedMachine(int(field.short_name.removeprefix(PREFIX)), int(field.data))
            for field in self.rank_fields()
            if field.data
        )
        return GroupInput((self.name.data or "").strip(), machines)


def form_for(machines: Iterable[MachineCard], view: GroupView | None = None, **kwargs: object) -> GroupForm:
    """Return the form with a field for each machine that may be in the group."""
    fields = {f"{PREFIX}{card.id}": SelectField(card.name, default=NOT_IN_IT) for card in machines}
    form: GroupForm = type("GroupForm", (GroupForm,), fields)(**kwargs)
    form.offer(max((machine.rank for machine in view.machines), default=1) if view else 1)
    return form


def machines_for(
    cards: Sequence[MachineCard], groups: Iterable[GroupView], view: GroupView | None
) -> tuple[tuple[MachineCard, ...], tuple[tuple[MachineCard, str], ...]]:
    """Return the machines that may be in a group, and those that are in another one, with its name.

    cards: of its workshop. A retired machine may stay in the group where it is.
    """
    own = {machine.id for machine in view.machines} if view else set()
    elsewhere = {machine.id: group.name for group in groups for machine in group.machines if machine.id not in own}
    free = tuple(card for card in cards if card.id in own or (card.id not in elsewhere and not card.is_retired))
    return free, tuple((card, elsewhere[card.id]) for card in cards if card.id in elsewhere)
