"""The form of an induction course: when, where, with whom, how many seats, which machines."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms.required import Required
from app.forms.span_form import END, MaxCharacters, SpanForm, write_typed
from app.wording.rules import violation_sentence
from booking.courses.planning import LENGTHS_MAX, CourseInput
from booking.courses.trainers import Trainer
from booking.errors.schedule_errors import RecordRefused, RequestRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.models import SEATS_MAX
from booking.queries.courses import CourseView
from booking.times.wall_clock import to_wall

# Field of a violation -> field of the form.
FIELDS = {"end": "time", "start": "time", "machine_ids": "machines"}


class CourseForm(SpanForm):
    """An induction course of a workshop for a kind of induction."""

    page_order = ("date", "time", "end_date", "end_time", "trainer", "seats", "machines", "place", "price_note", "note")

    trainer = SelectField(_l("Trainer"), [Required(_l("Please choose who holds the course."))])
    seats = IntegerField(
        _l("Seats"), [Required(_l("Please enter how many people can come.")), NumberRange(1, SEATS_MAX)], default=6
    )
    machines = SelectMultipleField(
        _l("Machines that are closed for it"),
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    place = StringField(_l("Where"), [MaxCharacters(LENGTHS_MAX["place"])])
    price_note = StringField(_l("Price"), [MaxCharacters(LENGTHS_MAX["price_note"])])
    note = TextAreaField(_l("What participants should know"), [MaxCharacters(LENGTHS_MAX["note"])])

    trainers: tuple[Trainer, ...] = ()
    found_machines: Sequence[tuple[int, str]] = ()

    def offer(self, zone: ZoneInfo, trainers: tuple[Trainer, ...], machines: Sequence[tuple[int, str]]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.zone, self.trainers, self.found_machines = zone, trainers, machines
        self.trainer.choices = [("", "–"), *((key_of(one), one.name) for one in trainers)]
        self.machines.choices = list(machines)
        self.until.data = END
        self.end_date.flags.required = self.end_time.flags.required = True

    def fill_in(self, course: CourseView) -> None:
        """Write a stored course into the fields."""
        start, end = to_wall(course.span.start, course.zone), to_wall(course.span.end, course.zone)
        write_typed(self.date, start.date())
        write_typed(self.time, start.time())
        write_typed(self.end_date, end.date())
        write_typed(self.end_time, end.time())
        key = (course.trainer_member_id, " ".join(course.trainer_person.split()).casefold())
        self.trainer.data = next((key_of(one) for one in self.trainers if (one.member_id, one.person.key) == key), "")
        self.seats.data, self.machines.data = course.seats, [machine_id for machine_id, _name in course.machines]
        self.place.data, self.price_note.data, self.note.data = course.place, course.price_note, course.note

    def entered(self, kind_id: int, workshop_id: int) -> CourseInput:
        """Return what was entered. Call only after validation."""
        assert self.span is not None
        trainer = next(one for one in self.trainers if key_of(one) == self.trainer.data)
        return CourseInput(
            kind_id,
            workshop_id,
            self.span,
            self.seats.data or 0,
            trainer.member_id,
            trainer.person,
            frozenset(self.machines.data or ()),
            (self.place.data or "").strip(),
            (self.price_note.data or "").strip(),
            (self.note.data or "").strip(),
        )

    def show_refusal(self, refusal: DomainError) -> None:
        """Put broken rules at their fields; what is in the way of a machine is shown by the page."""
        if isinstance(refusal, RecordRefused | RequestRefused):
            for one in refusal.violations:
                name = FIELDS.get(one.field, one.field)
                self.add_error(name if name in self else "time", violation_sentence(one, self.zone))
        elif not isinstance(refusal, SlotTaken):
            super().show_refusal(refusal)


class ChangeCourseForm(CourseForm):
    """The same, of a course that is stored. revision: of the course when the form was opened."""

    revision = IntegerField(validators=[Optional()])


def key_of(trainer: Trainer) -> str:
    """Return the value of a trainer in the choice."""
    return f"{trainer.member_id}|{trainer.person.key}"
