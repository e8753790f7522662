"""The administrator's forms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.auth.accounts import NewLogin, Roles
from app.auth.errors import AlreadyManages, EmailTaken, LastAdministrator
from app.extensions import db
from app.forms.address_fields import AddressField
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.colour_field import ColourField
from app.forms.images import scaled_logo
from app.forms.picture_field import PictureField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.text_fields import email_field, email_form, text_of
from app.wording.billing import price_class_label
from app.wording.regions import region_choices, zone_choices
from app.wording.statuses import LANGUAGE_NAMES
from booking.members.members import LENGTHS_MAX, MemberInput
from booking.models import Member
from booking.queries import PriceClassView
from booking.records.ring import EXCHANGE_HOURS_MAX, OBJECTION_DAYS_MAX, RingInput
from booking.times.recurrence import OCCURRENCES_MAX, OCCURRENCES_STORED_MAX


class MemberForm(RevisionMixin, BaseForm):
    """A member's record."""

    page_order = ("number", "price_class", "class_from", "corrects_slips")
    stored_email = ""

    number = StringField(
        _l("Number"), [Required(_l("Please enter the member's number.")), Length(max=LENGTHS_MAX["number"])]
    )
    name = StringField(_l("Name"), [Required(_l("Please enter the member's name.")), Length(max=LENGTHS_MAX["name"])])
    trade = StringField(_l("Trade"), [Length(max=LENGTHS_MAX["trade"])])
    price_class = SelectField(_l("Pays as"))
    class_from = DateField(_l("Price class valid from"), [Optional()])
    corrects_slips = BooleanField(_l("Also correct slips since this day"))
    email = EmailField(_l("E-mail address"), [Optional(), Length(max=LENGTHS_MAX["email"]), email_form])
    phone = StringField(_l("Phone"), [Length(max=LENGTHS_MAX["phone"])])
    address = AddressField()
    joined_on = DateField(_l("Member since"), [Optional()])
    left_on = DateField(_l("Last day of the membership"), [Optional()])
    seen_last_day = HiddenField()  # the last day for which shares and open sums were shown

    not_persisted = ("class_from", "corrects_slips")
    error_fields = ((LastAdministrator, "left_on"),)

    def validate_corrects_slips(self, field: BooleanField) -> None:
        """Require the day."""
        if field.data and self.class_from.data is None:
            raise ValidationError(_("Enter the day from which the price class holds."))

    def offer(self, price_classes: Iterable[PriceClassView]) -> None:
        """Set the price classes that can be chosen. Call before validation."""
        self.price_class.choices = [(each.code, price_class_label(each)) for each in price_classes]

    def to_input(self) -> MemberInput:
        """Return what was entered. Call only after validation."""
        texts = {name: text_of(self[name]) for name in LENGTHS_MAX}
        return MemberInput(
            **texts,
            address=self.address.to_address(),
            price_class=self.price_class.data,
            joined_on=self.joined_on.data,
            left_on=self.left_on.data,
        )


class DeletionForm(RevisionMixin, BaseForm):
    """The confirmation that a record shall be deleted."""


class RolesForm(RevisionMixin, BaseForm):
    """The roles of a login."""

    member_number = StringField(_l("Acts for the member with the number"), [Length(max=LENGTHS_MAX["number"])])
    is_treasurer = BooleanField(_l("Treasurer"))
    is_admin = BooleanField(_l("Administrator"))

    member_id: int | None = None

    def validate_member_number(self, field: StringField) -> None:
        """Look up the member."""
        number = text_of(field)
        if not number:
            return
        self.member_id = db.session().scalar(select(Member.id).where(Member.number == number))
        if self.member_id is None:
            raise ValidationError(_("No member has this number."))

    def roles(self) -> Roles:
        """Return what was entered. Call only after validation."""
        return Roles(self.member_id, bool(self.is_treasurer.data), bool(self.is_admin.data))


class InvitationForm(RolesForm):
    """A new login with its roles."""

    error_fields = ((EmailTaken, "email"),)

    name = StringField(_l("Name"), [Required(_l("Please enter the name of the person.")), Length(max=120)])
    email = email_field()
    language = SelectField(_l("Language of the invitation"))
    workshop_ids = SelectMultipleField(
        _l("Manager of"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def offer(self, workshops: list[tuple[int, str]]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.workshop_ids.choices = workshops
        self.language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in current_app.config["LOCALES"]]

    def to_input(self) -> NewLogin:
        """Return what was entered. Call only after validation."""
        return NewLogin(text_of(self.email), text_of(self.name), self.roles(), self.language.data)


class EmailForm(BaseForm):
    """The address a login is found by."""

    error_fields = ((EmailTaken, "email"),)
    stored_email = ""

    email = email_field()


class ManagerForm(BaseForm):
    """The workshop that a login shall manage."""

    error_fields = ((AlreadyManages, "workshop_id"),)

    workshop_id = SelectField(_l("Workshop"), coerce=int)

    def offer(self, workshops: list[tuple[int, str]]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.workshop_id.choices = workshops


class SettingsForm(RevisionMixin, BaseForm):
    """The ring's own record."""

    page_order = ("name", "email", "address", "colour", "logo", "removes_logo", "timezone", "holidays_region")
    stored_email = ""

    name = StringField(_l("Name of the ring"), [Required(_l("Please enter the name of the ring.")), Length(max=120)])
    email = EmailField(_l("E-mail address for members' questions"), [Optional(), Length(max=254), email_form])
    address = AddressField()
    timezone = SelectField(_l("Time zone"))
    holidays_region = SelectField(_l("Public holidays of"))
    objection_days = IntegerField(
        _l("Days in which members may object to a usage slip"),
        [Required(_l("Please enter the number of days; 0 for none.")), NumberRange(0, OBJECTION_DAYS_MAX)],
    )
    are_exchanges_allowed = BooleanField(_l("Members may hand over and swap their reservations"))
    exchange_hours = IntegerField(
        _l("Hours in which another member may answer an offer"),
        [Required(_l("Please enter the number of hours.")), NumberRange(1, EXCHANGE_HOURS_MAX)],
    )
    series_dates_managers = IntegerField(
        _l("Dates of a series entered by managers, at most"),
        [Optional(), NumberRange(OCCURRENCES_MAX, OCCURRENCES_STORED_MAX)],  # not sent, it stays as it is
    )
    is_catalogue_public = BooleanField(_l("Everybody may see the machines, without logging in"))
    wall_names = SelectField(
        _l("Names on screens in workshops"),
        choices=[
            select_choice("none", _l("none")),
            select_choice("initials", _l("initials")),
            select_choice("names", _l("whole names")),
        ],
        default="none",
    )
    requires_second_factor = BooleanField(_l("Treasurers and administrators must have a second factor"))
    colour = ColourField(_l("Colour"), [Required(_l("Please choose a colour."))])
    logo = PictureField(_l("Logo"), scaled_logo)
    removes_logo = BooleanField(_l("Remove the logo"))

    not_persisted = ("removes_logo",)

    def offer(self, zone: str) -> None:
        """Fill in what can be chosen. Call before validation. zone: the stored one."""
        self.timezone.choices = zone_choices(zone)
        self.timezone.data = self.timezone.data or zone
        self.holidays_region.choices = region_choices()

    def to_input(self, known: RingInput) -> RingInput:
        """Return `known` with what was entered. Call only after validation."""
        return replace(
            known,
            name=text_of(self.name),
            email=text_of(self.email),
            address=self.address.to_address(),
            timezone=self.timezone.data,
            holidays_region=self.holidays_region.data,
            objection_days=int(self.objection_days.data or 0),
            is_catalogue_public=bool(self.is_catalogue_public.data),
            requires_second_factor=bool(self.requires_second_factor.data),
            wall_names=self.wall_names.data,
            are_exchanges_allowed=bool(self.are_exchanges_allowed.data),
            exchange_hours=int(self.exchange_hours.data or 0),
            series_dates_managers=self.series_dates_managers.data or known.series_dates_managers,
            colour=text_of(self.colour),
        )
