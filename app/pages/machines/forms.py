"""The manager's form for a machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange

from app.forms.base_form import BaseForm
from app.forms.images import card_photo, scaled_photo, square_thumb
from app.forms.picture_field import PictureField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.rule_change import RuleChangeMixin
from app.forms.text_fields import slug_field
from app.pages.workshop.forms import DAY_FIELDS, HoursField
from app.pages.workshop.hours import hours_text, parse_hours
from app.wording.rules.machine import MACHINE_RULES
from app.wording.sorts import SORT_LABELS
from app.wording.units import UNIT_NAMES
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.errors import DomainError
from booking.machine_sorts import MACHINE
from booking.machines.machines import LENGTHS_MAX, PLACES_MAX, MachineInput
from booking.queries import MachineCard, WorkshopView
from booking.rules.lending_rules import NUMBER_MAX, RULE_FIELDS, RULE_NAMES, RuleField
from booking.times.opening_hours import Opening

NONE = 0  # the choice "no induction needed"


def number_field(label: Any, least: int, most: int = NUMBER_MAX) -> IntegerField:
    """Return a required field for a whole number in a range."""
    return IntegerField(
        label, [Required(_l("Please enter a number for “%(field)s”.", field=label)), NumberRange(least, most)]
    )


class MachineForm(RuleChangeMixin, RevisionMixin, BaseForm):
    """What a manager enters of a machine; the fields of its rules are added below."""

    not_persisted = ("tells_members",)

    name = StringField(_l("Name"), [Required(_l("Please enter the name.")), Length(max=LENGTHS_MAX["name"])])
    slug = slug_field(LENGTHS_MAX["slug"])
    sort = RadioField(_l("What it is"), default=MACHINE)
    kind = StringField(_l("Kind"), [Length(max=LENGTHS_MAX["kind"])])
    description = TextAreaField(_l("Description"), [Length(max=LENGTHS_MAX["description"])])
    location = StringField(_l("Where it stands"), [Length(max=LENGTHS_MAX["location"])])
    places = number_field(_l("Places"), 1, PLACES_MAX)
    charge_unit = SelectField(_l("Charged by"))
    induction_kind_id = SelectField(_l("Required induction"), coerce=int)
    monday = HoursField(_l("Monday"), [Length(max=100)])
    tuesday = HoursField(_l("Tuesday"), [Length(max=100)])
    wednesday = HoursField(_l("Wednesday"), [Length(max=100)])
    thursday = HoursField(_l("Thursday"), [Length(max=100)])
    friday = HoursField(_l("Friday"), [Length(max=100)])
    saturday = HoursField(_l("Saturday"), [Length(max=100)])
    sunday = HoursField(_l("Sunday"), [Length(max=100)])
    photo = PictureField(_l("Photo"), scaled_photo, {"thumb": square_thumb, "card": card_photo})

    def offer(self, induction_kinds: tuple[tuple[int, str], ...]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.sort.choices = [(code, str(label)) for code, label in SORT_LABELS.items()]
        self.charge_unit.choices = [(code, str(name)) for code, name in UNIT_NAMES.items()]
        self.induction_kind_id.choices = [(NONE, str(_l("none"))), *induction_kinds]

    def fill(self, card: MachineCard, openings: Sequence[Opening]) -> None:
        """Show what is stored. openings: the own hours of the machine."""
        for weekday, name in enumerate(DAY_FIELDS):
            self[name].data = hours_text(openings, weekday)
        for name in INPUT_NAMES:
            self[name].data = getattr(card.rules if name in RULE_NAMES else card, name)
        self.induction_kind_id.data = card.induction_kind_id or NONE
        self.places.data, self.revision.data, self.record_id.data = card.places, card.revision, card.id

    def openings(self) -> list[Opening]:
        """Return the own hours as entered; none where the machine follows its workshop. Call only after validation."""
        return [
            opening
            for weekday, name in enumerate(DAY_FIELDS)
            for opening in parse_hours(self[name].data or "", weekday)
        ]

    @property
    def openings_shown(self) -> bool:
        """Whether a day is filled in, or wrong."""
        return any(field.data or field.errors for field in self.day_fields())

    def day_fields(self) -> list[Field]:
        """Return the fields of the own hours, Monday first."""
        return [self[name] for name in DAY_FIELDS]

    def show_refusal(self, refusal: DomainError) -> None:
        """Show overlapping hours at their day; any other refusal as usual."""
        if isinstance(refusal, RecordRefused):
            moved = [
                replace(each, field=DAY_FIELDS[each.actual]) if each.field == "openings" else each
                for each in refusal.violations
            ]
            refusal = RecordRefused(moved)
        super().show_refusal(refusal)

    def use_rows(self) -> list[list[Field]]:
        """Return the fields of the rules of use, row by row."""
        return [[self[name] for name in row] for row in USE_ROWS]

    def lending_rows(self) -> list[list[Field]]:
        """Return the fields of the rules of reserving, row by row."""
        return [[self[name] for name in row] for row in LENDING_ROWS]

    def to_input(self) -> MachineInput:
        """Return what was entered. Call only after validation."""
        values = {name: _plain(self[name].data) for name in INPUT_NAMES}
        return MachineInput(**{**values, "induction_kind_id": self.induction_kind_id.data or None})


def _rule_field(rule: RuleField) -> Field:
    label = MACHINE_RULES[rule.name].label
    return BooleanField(label) if rule.range is None else number_field(label, rule.range.least, rule.range.highest)


for _rule in RULE_FIELDS:
    setattr(MachineForm, _rule.name, _rule_field(_rule))

# What stands side by side in the form; a rule that is not named here gets a row of its own at the end.
USE_ROWS = (("is_open_always",), ("may_span_closed_hours",), ("needs_second_person",), ("setup_min", "cleaning_min"))
_LENDING_ROWS = (
    ("needs_approval",),
    ("decision_hours",),
    ("notice_hours", "horizon_days"),
    ("shortest_min", "longest_min", "step_min"),
    ("late_cancel_hours",),
)
_PLACED = {name for row in (*USE_ROWS, *_LENDING_ROWS) for name in row}
LENDING_ROWS = (*_LENDING_ROWS, *((name,) for name in RULE_NAMES if name not in _PLACED))
_ABOUT = ("workshop", "sort", "name", "slug", "kind", "description", "location", "photo")
_BEFORE_RULES = (*_ABOUT, "places", "charge_unit", "induction_kind_id", *DAY_FIELDS)
MachineForm.page_order = (*_BEFORE_RULES, *(name for row in (*USE_ROWS, *LENDING_ROWS) for name in row))

INPUT_NAMES = tuple(field.name for field in fields(MachineInput))
DEFAULTS = asdict(MachineInput(slug="", name=""))


class NewMachineForm(MachineForm):
    """A machine to be entered, with the workshop in which it stands."""

    workshop = SelectField(_l("Workshop"), [Required(_l("Please choose a workshop."))])

    def offer_workshops(self, workshops: list[WorkshopView]) -> None:
        """Fill in the workshops that can be chosen. Call before validation."""
        self.workshop.choices = [(place.slug, place.name) for place in workshops]

    def fill_defaults(self) -> None:
        """Fill in the usual rules."""
        for name, value in DEFAULTS.items():
            self[name].data = value or self[name].data or (value if value == 0 else None)
        self.places.data = 1


def _plain(value: Any) -> Any:
    """Return the value of a field; "" for a text field that was not sent."""
    return (value or "").strip() if value is None or isinstance(value, str) else value
