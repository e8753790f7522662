"""The manager's form for a machine."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Regexp

from app.forms.picture_field import PictureField
from app.forms.revised_form import RevisedForm
from app.forms.typed_form import TypedForm
from app.wording.formats import UNIT_NAMES
from booking.machines import PLACES_MAX, MachineInput
from booking.queries import MachineCard, WorkshopView

SLUG = Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", message=_l("Use small letters, digits and single hyphens."))
NONE = 0  # the choice "no induction needed"


def figure(label: Any, least: int, most: int = 600_000) -> IntegerField:
    """A whole number between two others."""
    return IntegerField(label, [InputRequired(), NumberRange(least, most)])


class MachineForm(RevisedForm):
    """All a manager may say of a machine."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=120)])
    slug = StringField(_l("Short name in addresses"), [InputRequired(), Length(max=60), SLUG])
    kind = StringField(_l("Kind"), [Length(max=60)])
    description = TextAreaField(_l("Description"), [Length(max=4_000)])
    location = StringField(_l("Where it stands"), [Length(max=200)])
    places = figure(_l("Places"), 1, PLACES_MAX)
    charge_unit = SelectField(_l("Charged by"))
    needs_approval = BooleanField(_l("Requests need my approval"))
    decision_hours = figure(_l("Hours until an undecided request expires"), 1)
    induction_kind_id = SelectField(_l("Required induction"), coerce=int)
    is_open_always = BooleanField(_l("May be used round the clock, whatever the opening hours"))
    setup_min = figure(_l("Set-up before each use, in minutes"), 0)
    cleaning_min = figure(_l("Cleaning after each use, in minutes"), 0)
    notice_hours = figure(_l("Notice, in hours"), 0)
    horizon_days = figure(_l("How far ahead it can be reserved, in days"), 1)
    shortest_min = figure(_l("Shortest length, in minutes"), 1)
    longest_min = figure(_l("Longest length, in minutes"), 1)
    step_min = figure(_l("Steps of time, in minutes"), 1)
    late_cancel_hours = figure(_l("Cancelling is late from this many hours before the start"), 0)
    photo = PictureField(_l("Photo"))

    def offer(self, induction_kinds: tuple[tuple[int, str], ...]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.charge_unit.choices = [(code, str(name)) for code, name in UNIT_NAMES.items()]
        self.induction_kind_id.choices = [(NONE, str(_l("none"))), *induction_kinds]

    def fill(self, card: MachineCard) -> None:
        """Show what is stored."""
        for name in FACT_NAMES:
            source = card.rules if hasattr(card.rules, name) else card
            self[name].data = getattr(source, name)
        self.induction_kind_id.data = card.induction_kind_id or NONE
        self.places.data, self.revision.data, self.record_id.data = card.places, card.revision, card.id

    def facts(self) -> MachineInput:
        """What was entered. Call only after validation."""
        values = {name: _plain(self[name].data) for name in FACT_NAMES}
        return MachineInput(**{**values, "induction_kind_id": self.induction_kind_id.data or None})


FACT_NAMES = tuple(field.name for field in fields(MachineInput))
DEFAULTS = asdict(MachineInput(slug="", name=""))


class WorkshopChoiceForm(TypedForm):
    """In which workshop a new machine stands."""

    workshop = SelectField(_l("Workshop"), [InputRequired()])

    def offer(self, workshops: list[WorkshopView]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.workshop.choices = [(place.slug, place.name) for place in workshops]


def _plain(value: Any) -> Any:
    """A field's value; a text field that was not sent is empty."""
    return (value or "").strip() if value is None or isinstance(value, str) else value
