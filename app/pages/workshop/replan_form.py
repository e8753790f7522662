"""The form on which a manager confirms the plan of a breakdown, and decides otherwise for single reservations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _
from wtforms import HiddenField, SelectField
from wtforms.validators import Length

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.wording import formats
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from app.wording.variants import without_text
from booking.closures.breakdown import Choice, Decision
from booking.errors.schedule_errors import (
    DecisionsRefused,
    RulesBroken,
)
from booking.kernel.errors import DomainError
from booking.queries import MemberContact, ReservationView
from booking.replan import DECIDABLE, DIGEST_LENGTH_MAX, Line, Outcome, Plan, Target
from booking.replan.errors import PlanChanged

AS_PLANNED = "plan"
_ON = "on:"  # the choice of another machine at the same time: its id
_FIELD = "line_"
ROWS_MAX = 60  # on a page; each has a choice of its own
_GROUPS = (  # in the order of the page
    Outcome.RUNNING,
    Outcome.TWIN,
    Outcome.SHIFT,
    Outcome.OFFER,
    Outcome.NONE,
    Outcome.OFFERED,
    Outcome.WAITS,
    Outcome.AT_RISK,
)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A line of the plan with the names that people need. is_changed: since the plan that was shown."""

    line: Line
    view: ReservationView
    contact: MemberContact
    field: SelectField | None = None
    is_changed: bool = False

    @property
    def is_elsewhere(self) -> bool:
        """Whether another machine is planned."""
        return self.line.target is not None and self.line.target.machine_id != self.view.machine_id


class ReplanForm(BaseForm):
    """The plan that is confirmed: its digest, and one choice for each reservation that may be decided otherwise."""

    digest = HiddenField(validators=[Length(max=DIGEST_LENGTH_MAX)])

    plan: Plan
    changed: Sequence[int] = ()

    def offer(self, plan: Plan) -> None:
        """Fill in what can be chosen. The digest stays that of the plan that was shown, until it is refused."""
        self.plan = plan
        if not self.is_submitted():
            self.digest.data = plan.digest
        for line, field in self._choices():
            field.choices = list(_choices_of(line))
            field.validate_choice = self.is_shown_plan  # else the plan is refused as a whole, with what changed
            if field.data is None:  # of a reservation that the plan that was shown did not have
                field.data = AS_PLANNED

    @property
    def is_shown_plan(self) -> bool:
        """Whether the plan is still the one that was shown."""
        return self.digest.data == self.plan.digest

    def require_shown_plan(self) -> None:
        """Raise PlanChanged unless the plan is still the one that was shown, to which the decisions belong."""
        if not self.is_shown_plan:
            changed = self.plan.changed_since(self.digest.data or "")
            raise PlanChanged(digest=self.plan.digest, changed=changed)

    def decisions(self) -> list[Decision]:
        """Return what is decided otherwise than planned. Call only after validation."""
        return [_decision(line, field.data) for line, field in self._choices() if field.data != AS_PLANNED]

    def field_of(self, reservation_id: int) -> SelectField | None:
        """Return the choice of a reservation, where it has one."""
        field: SelectField | None = self._fields.get(f"{_FIELD}{reservation_id}")
        return field

    def show_refusal(self, refusal: DomainError) -> None:
        """Put the reason of each decision that failed at its line; take over the new plan after a change."""
        super().show_refusal(refusal)
        if isinstance(refusal, PlanChanged):
            self.changed = refusal.facts["changed"]
            self.digest.data, self.digest.raw_data = self.plan.digest, None
        if isinstance(refusal, DecisionsRefused):
            for reservation_id, reason in refusal.refusals.items():
                if (field := self.field_of(reservation_id)) is not None:
                    field.errors = [_reason(reason)]

    def _choices(self) -> Iterator[tuple[Line, SelectField]]:
        for line in self.plan.of(*DECIDABLE):
            if (field := self.field_of(line.reservation_id)) is not None:
                yield line, field


def form_for(plan: Plan) -> ReplanForm:
    """Return the form of a plan; its fields are those of the lines that may be decided otherwise."""
    fields = {
        f"{_FIELD}{line.reservation_id}": SelectField(_("What happens to it"), default=AS_PLANNED)
        for line in plan.of(*DECIDABLE)
    }
    form: ReplanForm = type("ReplanFormOfPlan", (ReplanForm,), fields)()
    form.offer(plan)
    return form


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A page of a plan, group by group. kept: the fields of other pages on which something was chosen, sent on."""

    number: int
    last: int
    lines: Sequence[Line]
    kept: Sequence[SelectField]

    @classmethod
    def of(cls, form: ReplanForm, number: int | None) -> PlanPage:
        """Return a page; without a number the first one with an error or a change, else the first."""
        in_order = sorted(form.plan.lines, key=lambda line: _GROUPS.index(line.outcome))
        number = _first_to_look_at(form, in_order) if number is None else number
        last = max(-(-len(in_order) // ROWS_MAX), 1)
        number = min(max(number, 1), last)
        lines = in_order[(number - 1) * ROWS_MAX : number * ROWS_MAX]
        shown = {line.reservation_id for line in lines}
        fields = [form.field_of(line.reservation_id) for line in in_order if line.reservation_id not in shown]
        return cls(number, last, lines, [one for one in fields if one is not None and one.data != AS_PLANNED])


def turned_to() -> int | None:
    """Return the page of the plan to which somebody turned with what was chosen so far; None for anything else."""
    text = request.form.get("page", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _first_to_look_at(form: ReplanForm, in_order: Sequence[Line]) -> int:
    for at, line in enumerate(in_order):
        field = form.field_of(line.reservation_id)
        if line.reservation_id in form.changed or (field is not None and field.errors):
            return at // ROWS_MAX + 1
    return 1


def rows_of(
    form: ReplanForm,
    lines: Sequence[Line],
    views: Mapping[int, ReservationView],
    contact_of: Callable[[int], MemberContact],
) -> dict[Outcome, list[PlanRow]]:
    """Return the rows of each group of the plan, of some lines, in the order of time."""
    groups: dict[Outcome, list[PlanRow]] = {}
    for line in lines:
        if (view := views.get(line.reservation_id)) is not None:
            row = PlanRow(
                line,
                view,
                contact_of(view.member_id),
                form.field_of(line.reservation_id),
                is_changed=line.reservation_id in form.changed,
            )
            groups.setdefault(line.outcome, []).append(row)
    return groups


def _choices_of(line: Line) -> Iterator[tuple[str, str, dict[str, str]]]:
    yield select_choice(AS_PLANNED, _planned(line))
    for target in line.options:
        if line.target is None or target.machine_id != line.target.machine_id or target.span != line.target.span:
            yield select_choice(f"{_ON}{target.machine_id}", _on(target))
    yield select_choice(Choice.KEEP.value, _("Leave it as it is"))
    yield select_choice(Choice.CANCEL.value, _("Cancel it"))


def _planned(line: Line) -> str:
    if line.outcome in (Outcome.TWIN, Outcome.SHIFT):
        return _("Move it as planned")
    return _("Propose it as planned") if line.outcome is Outcome.OFFER else _("Decide later")


def _on(target: Target) -> str:
    move = _("Move it to %(machine)s at the same time", machine=target.machine_name)
    if target.is_dearer:
        move = _("Move it to %(machine)s at the same time (costs more)", machine=target.machine_name)
    return f"{move} ({without_text(target.loses)})" if target.loses else move


def _decision(line: Line, chosen: str) -> Decision:
    if chosen.startswith(_ON):
        return Decision(line.reservation_id, Choice.MOVE, machine_id=int(chosen.removeprefix(_ON)))
    return Decision(line.reservation_id, Choice(chosen))


def _reason(refusal: DomainError) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(violation, formats.as_zone(None)) for violation in refusal.violations)
    return sentence_of(refusal)
