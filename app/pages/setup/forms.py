"""The forms of the set-up."""

from __future__ import annotations

from datetime import time

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
)
from wtforms.validators import Length, Optional, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.forms.address_fields import AddressField
from app.forms.base_form import BaseForm
from app.forms.colour_field import ColourField
from app.forms.images import scaled_logo
from app.forms.picture_field import PictureField
from app.forms.required import Required
from app.forms.text_fields import check_password, email_field, email_form, new_password, text_of
from app.wording.folding import slug_of
from app.wording.regions import region_choices, zone_choices
from booking.queries import WorkshopView
from booking.records.ring import RingInput
from booking.records.workshops import WorkshopInput
from booking.times.opening_hours import ALWAYS, MINUTES_OF_A_DAY, Opening

DEFAULT_COLOUR = RingInput(name="", timezone="").colour


class CodeForm(FlaskForm):
    """Before step 1: the set-up code."""

    code = StringField(
        _l("Set-up code"),
        [Required(_l("Please enter the set-up code.")), Length(max=40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True},
    )


class RingForm(BaseForm):
    """Step 1: name, look and address of the co-operative."""

    name = StringField(_l("Name of the ring"), [Required(_l("Please enter the name of the ring.")), Length(max=120)])
    colour = ColourField(_l("Colour"), default=DEFAULT_COLOUR)
    logo = PictureField(_l("Logo"), scaled_logo)
    address = AddressField()
    email = EmailField(
        _l("E-mail address for members' questions"),
        [Optional(), Length(max=254), email_form],
    )


def unless_open_always(form: PlaceForm, field: Field) -> None:
    """Require and validate hours and days only where the workshop is not open round the clock."""
    if form.is_open_always.data:
        field.errors = []
        raise StopValidation
    if not field.data and not field.errors:
        raise StopValidation(_("This is needed unless the workshop is open round the clock."))


unless_open_always.field_flags = {"required": True}  # type: ignore[attr-defined]


class PlaceForm(BaseForm):
    """Step 2: the first workshop, its hours and holidays."""

    name = StringField(
        _l("Name of the workshop"), [Required(_l("Please enter the name of the workshop.")), Length(max=120)]
    )
    address = AddressField()
    timezone = SelectField(_l("Time zone"))
    holidays_region = SelectField(_l("Public holidays of"))
    is_closed_on_holidays = BooleanField(_l("Closed on public holidays"))
    is_open_always = BooleanField(_l("Open round the clock, every day"))
    opens = TimeField(_l("Opens at"), [unless_open_always], default=time(7))
    closes = TimeField(_l("Closes at"), [unless_open_always], default=time(19))
    days = SelectMultipleField(
        _l("Open on"),
        [unless_open_always],
        coerce=int,
        default=list(range(6)),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    def offer(self, zone: str) -> None:
        """Fill in the choices. Call before validation."""
        self.timezone.choices = zone_choices(zone)
        self.holidays_region.choices = region_choices()
        self.days.choices = weekday_choices()
        if not self.is_submitted():
            self.timezone.data = self.timezone.data or zone
            self.holidays_region.data = self.holidays_region.data or "DE-BY"

    def fill(self, place: WorkshopView) -> None:
        """Show what was entered before, unless the form was sent. Call before validation."""
        if self.is_submitted():
            return
        self.timezone.data, self.is_open_always.data = place.zone.key, place.openings == ALWAYS
        if place.openings and not self.is_open_always.data:
            _first_day, opens, closes = place.openings[0]
            self.days.data = [day for day, _opens, _closes in place.openings]
            self.opens.data, self.closes.data = _time(opens), _time(closes)

    def validate_closes(self, field: TimeField) -> None:
        """Check that the workshop closes after it opens; midnight counts as the end of the day."""
        if self.opens.data and field.data and not _minute(self.opens.data) < _closing_minute(field.data):
            raise ValidationError(_("The workshop must close after it opens."))

    def to_input(self) -> WorkshopInput:
        """Return the workshop as entered. Call only after validation."""
        return WorkshopInput(
            slug=slug_of(text_of(self.name)) or "workshop",
            name=text_of(self.name),
            address=self.address.to_address(),
            timezone=self.timezone.data,
            holidays_region=self.holidays_region.data,
            is_closed_on_holidays=self.is_closed_on_holidays.data,
        )

    def openings(self) -> list[Opening]:
        """Return the hours as entered. Call only after validation."""
        if self.is_open_always.data:
            return list(ALWAYS)
        assert self.opens.data is not None
        assert self.closes.data is not None
        opens, closes = _minute(self.opens.data), _closing_minute(self.closes.data)
        return [(day, opens, closes) for day in sorted(self.days.data or [])]


class AdministratorForm(BaseForm):
    """Step 3: the first administrator."""

    name = StringField(
        _l("Your name"), [Required(_l("Please enter your name.")), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    email = email_field(_l("Your e-mail address"))
    password = new_password(_l("Password"))

    ring_name = ""

    def validate_password(self, field: PasswordField) -> None:
        """Check the password; see passwords.weakness_of."""
        check_password(field, (self.name.data or "", self.email.data or "", self.ring_name))


class SampleForm(FlaskForm):
    """Step 4: no field but the CSRF token."""


def weekday_choices() -> list[tuple[int, str]]:
    """Return the days of the week; Monday is 0."""
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return list(enumerate(names))


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _closing_minute(at: time) -> int:
    return _minute(at) or MINUTES_OF_A_DAY
