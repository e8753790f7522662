"""The form on which a manager decides what becomes of the reservations in the span of a closure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, FieldList, FormField, HiddenField, IntegerField, RadioField, TimeField
from wtforms.validators import Optional

from app.forms.base_form import BaseForm, RowForm
from app.forms.choices import select_choice
from app.forms.span_form import FIRST_YEAR, LAST_YEAR, PASSAGES
from app.local_time import FIRST, SECOND, DoubledHour, MissingHour, to_instant
from app.wording import formats
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from booking.closures.breakdown import Choice, Decision
from booking.errors.schedule_errors import DecisionsRefused, RulesBroken, StaleRevision
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.queries import MemberContact, ReservationView
from booking.times.wall_clock import later_by_clock, to_wall
from booking.timespan import TimeSpan

ROWS_MAX = 50  # on a page, decided at once
_ON = "on:"  # the choice of another machine at the same time: its id
OTHER = "other"  # the choice of a time of one's own
_AT = "at:"  # the choice of a proposed time: its start in seconds since 1970
_PROPOSED = re.compile(rf"{_AT}([0-9]{{1,10}})")


@dataclass(frozen=True, slots=True)
class Hit:
    """A reservation in the span of a closure, how its member is reached, and later times that would be accepted.

    twins: the other machines of the group, id -> name, that would take it at its time.
    is_by_day: the machine is lent by whole days of the clock. is_kept: a manager decided that it stays.
    """

    view: ReservationView
    contact: MemberContact
    later: tuple[TimeSpan, ...] = ()
    twins: Mapping[int, str] = field(default_factory=dict)
    is_by_day: bool = False
    is_kept: bool = False

    @property
    def is_out(self) -> bool:
        """Whether the machine is with the member now, so that nothing can be decided."""
        return self.view.status is Status.IN_USE

    @property
    def is_open(self) -> bool:
        """Whether a decision is still to be made."""
        return not self.is_out and not self.is_kept

    def span_from(self, start: datetime) -> TimeSpan:
        """Return a span of the same length from another start on."""
        span, zone = self.view.span, self.view.zone
        if not self.is_by_day:
            return TimeSpan(start, start + span.length)
        return TimeSpan(start, later_by_clock(start, to_wall(span.end, zone) - to_wall(span.start, zone), zone))


class DecisionRow(RowForm):
    """One reservation, and what becomes of it. Nothing is preselected."""

    reservation_id = HiddenField()
    revision = IntegerField(validators=[Optional()])
    choice = RadioField(_l("What happens to it"), validators=[Optional()])
    date = DateField(_l("Day"), [Optional()])
    time = TimeField(_l("Start"), [Optional()])
    which = RadioField(_l("Which of the two"), choices=PASSAGES, validators=[Optional()], validate_choice=False)

    hit: Hit | None = None
    span: TimeSpan | None = None

    def offer(self, hit: Hit) -> None:
        """Fill in what can be chosen for a reservation; a time that was proposed before stays a choice."""
        self.hit = hit
        spans = {_code(span): span for span in hit.later}
        if (proposed := _proposed(self.choice.data or "", hit)) is not None:
            spans.setdefault(_code(proposed), proposed)
        times = [(code, formats.format_span(span, hit.view.zone)) for code, span in spans.items()]
        self.choice.choices = [
            select_choice(Choice.KEEP.value, _("Keep it")),
            select_choice(Choice.CANCEL.value, _("Cancel it")),
            *[
                select_choice(f"{_ON}{machine_id}", _("Propose %(machine)s at the same time", machine=name))
                for machine_id, name in hit.twins.items()
            ],
            *[select_choice(code, _("Propose %(time)s", time=time)) for code, time in times],
            select_choice(OTHER, _("Propose another time")),
        ]

    def read_span(self) -> None:
        """Read the time that the reservation is moved to, of the length that it has."""
        if self.hit is None:
            return
        self.span = _proposed(self.choice.data or "", self.hit)
        if self.choice.data == OTHER and (start := self._start(self.hit)) is not None:
            self.span = self.hit.span_from(start)

    def _start(self, hit: Hit) -> datetime | None:
        if self.date.errors or self.time.errors:
            return None
        if self.date.data is None or self.time.data is None or not FIRST_YEAR <= self.date.data.year <= LAST_YEAR:
            self.date.errors = [_("Enter day and start of the new time.")]
            return None
        passage = int(self.which.data) if self.which.data in (str(FIRST), str(SECOND)) else None
        try:
            return to_instant(datetime.combine(self.date.data, self.time.data), hit.view.zone, passage).astimezone(UTC)
        except MissingHour:
            self.time.errors = [_("This time does not exist: the clock is put forward over it.")]
        except DoubledHour:
            self.which.errors = [_("The clock shows this time twice that night. Choose the first or the second time.")]
        return None

    def decision(self) -> Decision | None:
        """Return what was decided. Call only after validation."""
        if self.hit is None or not self.choice.data:
            return None
        if self.choice.data.startswith(_ON):
            machine_id = int(self.choice.data.removeprefix(_ON))
            return Decision(self.hit.view.id, Choice.MOVE, None, self.revision.data, machine_id)
        choice = Choice.MOVE if self.span is not None else Choice(self.choice.data)
        return Decision(self.hit.view.id, choice, self.span, self.revision.data)


class DecisionForm(BaseForm):
    """The reservations in the span of a closure, row by row."""

    rows = FieldList(FormField(DecisionRow), max_entries=ROWS_MAX)

    def offer(self, hits: Sequence[Hit], page: int) -> None:
        """Give each row its reservation. Call before validation. A reservation that is no longer hit has no row.

        page: which of the open ones a new form has.
        """
        by_id = {str(hit.view.id): hit for hit in hits if hit.is_open}
        if not self.is_submitted():
            for hit in list(by_id.values())[(page - 1) * ROWS_MAX : page * ROWS_MAX]:
                self.rows.append_entry({"reservation_id": str(hit.view.id), "revision": hit.view.revision})
        for row in self.decision_rows():
            if (found := by_id.get(row.reservation_id.data or "")) is not None:
                row.offer(found)
            else:
                row.choice.choices = []
                row.choice.data = None

    def decision_rows(self) -> Iterator[DecisionRow]:
        """Yield the rows."""
        return (entry.form for entry in self.rows)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields and read the times."""
        is_valid = super().validate(extra_validators)
        for row in self.decision_rows():
            row.read_span()
            if row.choice.errors and (row.choice.data or "").startswith(_ON):
                row.choice.errors = [_("This machine is no longer free at that time. Choose something else.")]
        faults = any(field.errors for row in self.decision_rows() for field in (row.date, row.time, row.which))
        if is_valid and not faults and not self.decisions():
            self.form_errors.append(_("Nothing is decided yet. Choose what happens to at least one reservation."))
            return False
        return is_valid and not faults

    def decisions(self) -> list[Decision]:
        """Return what was decided. Call only after validation."""
        return [decision for row in self.decision_rows() if (decision := row.decision()) is not None]

    def show_refusal(self, refusal: DomainError) -> None:
        """Put the reason of each decision that failed at its row."""
        super().show_refusal(refusal)
        if not isinstance(refusal, DecisionsRefused):
            return
        for row in self.decision_rows():
            found = refusal.refusals.get(row.hit.view.id) if row.hit is not None else None
            if found is None or row.hit is None:
                continue
            row.choice.errors = [_sentence(found, row.hit)]
            if isinstance(found, StaleRevision):
                row.revision.data, row.revision.raw_data = row.hit.view.revision, None


def _code(span: TimeSpan) -> str:
    return f"{_AT}{int(span.start.timestamp())}"


def _proposed(chosen: str, hit: Hit) -> TimeSpan | None:
    """Return the span of a choice that is a proposed time."""
    known = {_code(span): span for span in hit.later}
    if chosen in known:
        return known[chosen]
    if (match := _PROPOSED.fullmatch(chosen)) is None:
        return None
    return hit.span_from(datetime.fromtimestamp(int(match[1]), UTC))


def _sentence(refusal: DomainError, hit: Hit) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(violation, hit.view.zone) for violation in refusal.violations)
    return sentence_of(refusal)
