"""The manager's forms for hours and closures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError

from app.forms.address_fields import AddressField
from app.forms.base_form import BaseForm
from app.forms.repeat import RepeatMixin
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.rule_change import RuleChangeMixin
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters, SpanForm
from app.forms.text_fields import slug_field
from app.pages.workshop.hours import HoursError, hours_text, parse_hours
from app.wording.regions import region_choices, zone_choices
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import RequestRefused, SeriesRefused, SlotTaken
from booking.kernel.errors import DomainError
from booking.queries import ClosureView, MachineCard, MachineChoice, WorkshopView
from booking.records.workshops import LENGTHS_MAX, WorkshopInput
from booking.times.opening_hours import Opening
from booking.times.series_times import SeriesTimes, length_by_clock, occurrences
from booking.times.wall_clock import to_wall
from booking.timespan import TimeSpan

DAY_FIELDS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class HoursField(StringField):
    """The openings of one weekday as text."""

    def pre_validate(self, form: FlaskForm) -> None:
        """Refuse a text that is not a list of hours."""
        try:
            parse_hours(self.data or "", 0)
        except HoursError as error:
            raise ValidationError(str(error)) from error


class WorkshopForm(RuleChangeMixin, RevisionMixin, BaseForm):
    """A workshop with its hours; each weekday is a text, empty when closed."""

    not_persisted = ("tells_members",)

    name = StringField(
        _l("Name"), [Required(_l("Please enter the name of the workshop.")), Length(max=LENGTHS_MAX["name"])]
    )
    slug = slug_field(LENGTHS_MAX["slug"])
    address = AddressField()
    phone = StringField(_l("Phone"), [Length(max=LENGTHS_MAX["phone"])], render_kw={"type": "tel"})
    timezone = SelectField(_l("Time zone"))
    holidays_region = SelectField(_l("Public holidays of"))
    is_closed_on_holidays = BooleanField(_l("Closed on public holidays"))
    monday = HoursField(_l("Monday"), [Length(max=100)])
    tuesday = HoursField(_l("Tuesday"), [Length(max=100)])
    wednesday = HoursField(_l("Wednesday"), [Length(max=100)])
    thursday = HoursField(_l("Thursday"), [Length(max=100)])
    friday = HoursField(_l("Friday"), [Length(max=100)])
    saturday = HoursField(_l("Saturday"), [Length(max=100)])
    sunday = HoursField(_l("Sunday"), [Length(max=100)])

    def offer(self, zone: str) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.timezone.choices = zone_choices(zone)
        self.holidays_region.choices = region_choices()

    def fill(self, place: WorkshopView) -> None:
        """Show zone and hours as stored; the form was made with `obj=place`."""
        self.timezone.data, self.record_id.data = place.zone.key, place.id
        for weekday, name in enumerate(DAY_FIELDS):
            self[name].data = hours_text(place.openings, weekday)

    def to_input(self) -> WorkshopInput:
        """Return the workshop as entered. Call only after validation."""
        return WorkshopInput(
            slug=self.slug.data or "",
            name=(self.name.data or "").strip(),
            address=self.address.to_address(),
            phone=(self.phone.data or "").strip(),
            timezone=self.timezone.data,
            holidays_region=self.holidays_region.data,
            is_closed_on_holidays=self.is_closed_on_holidays.data,
        )

    def openings(self) -> list[Opening]:
        """Return the hours as entered. Call only after validation."""
        return [
            opening
            for weekday, name in enumerate(DAY_FIELDS)
            for opening in parse_hours(self[name].data or "", weekday)
        ]


class ClosureForm(SpanForm):
    """A time in which a machine is out of service."""

    page_order = ("machine",)

    machine = SelectField(_l("Machine"), [Required(_l("Please choose a machine."))])
    reason = StringField(
        _l("Reason"), [Required(_l("Please give the reason for the closure.")), MaxCharacters(REASON_LENGTH_MAX)]
    )
    around_reservations = BooleanField(_l("Close around existing reservations"))

    cards: tuple[MachineCard | MachineChoice, ...] = ()

    def offer(self, cards: tuple[MachineCard | MachineChoice, ...]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.cards = cards
        self.machine.choices = [("", _("Choose")), *((card.slug, card.name) for card in cards)]
        card = self.chosen()
        self.zone = card.zone if card is not None else None
        self.end_date.flags.required = self.end_time.flags.required = True  # a closure has no length, only an end

    def chosen(self) -> MachineCard | MachineChoice | None:
        """Return the machine that the form names."""
        return next((card for card in self.cards if card.slug == self.machine.data), None)

    def show_refusal(self, refusal: DomainError) -> None:
        """Put broken rules at the start; what is in the way of the closure is shown by the page."""
        card = self.chosen()
        if isinstance(refusal, RequestRefused) and card is not None:
            self.time.errors = [violation_sentence(violation, card.zone) for violation in refusal.violations]
        elif not isinstance(refusal, SlotTaken):
            super().show_refusal(refusal)


class NewClosureForm(RepeatMixin, ClosureForm):
    """A closure, perhaps one that repeats. series: when, where it repeats; read by validate()."""

    series: SeriesTimes | None = None

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields, then read the rule by the clock of the workshop."""
        is_valid = super().validate(extra_validators)
        if not is_valid or not self.is_series or self.span is None or self.zone is None:
            return is_valid
        wall = to_wall(self.span.start, self.zone)
        rule = self.rule_from(wall)
        if rule is None:
            return False
        passage = int(self.passage.data) if self.passage.data in ("0", "1") else None
        self.series = SeriesTimes(rule, self.zone, wall, length_by_clock(self.span, self.zone), passage)
        return True

    def show_refusal(self, refusal: DomainError) -> None:
        """Put why it cannot repeat so at the fields of the rule."""
        if isinstance(refusal, SeriesRefused):
            self.show_series_refusal(refusal)
        else:
            super().show_refusal(refusal)

    def spans(self) -> list[TimeSpan]:
        """Return every time that would be closed. Call only after validation."""
        if self.series is None:
            return [] if self.span is None else [self.span]
        return [one.span for one in occurrences(self.series)]


class ChangeClosureForm(ClosureForm):
    """Another span or reason of a closure. revision: of the closure when the form was opened."""

    all_dates = BooleanField(_l("Change all closures of the rule that are to come"))
    revision = IntegerField(validators=[Optional()])

    def fill_in(self, closure: ClosureView, card: MachineCard) -> None:
        """Show what is stored."""
        self.machine.data = card.slug
        self.fill(closure.span, card)
        self.reason.data, self.around_reservations.data = closure.reason, closure.around_reservations
        self.revision.data = closure.revision
