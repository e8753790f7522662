"""The forms of a login's own account."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.validators import Length, Optional, ValidationError

from app.auth.deputies import Absence
from app.auth.errors import AlreadyManages, LoginNotFound
from app.auth.managers import Management
from app.auth.profiles import Profile
from app.forms.address_fields import AddressField
from app.forms.base_form import BaseForm
from app.forms.required import Required
from app.forms.text_fields import (
    any_code_field,
    app_code_field,
    check_password,
    email_field,
    email_form,
    ends_access_field,
    new_password,
    text_of,
    typed_password,
)
from app.wording.statuses import LANGUAGE_NAMES
from booking.members.members import LENGTHS_MAX, Contact


class ProfileForm(BaseForm):
    """Name, language, appearance and keys."""

    name = StringField(
        _l("Name"), [Required(_l("Please enter your name.")), Length(max=120)], render_kw={"autocomplete": "name"}
    )
    language = SelectField(_l("Language"))
    theme = SelectField(_l("Appearance"))
    uses_search_key = BooleanField(_l("The key / leads to the search"))

    def offer(self) -> None:
        """Fill in the choices. Call before validation."""
        self.language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in current_app.config["LOCALES"]]
        self.theme.choices = [("system", _("as my device")), ("light", _("light")), ("dark", _("dark"))]

    def profile(self) -> Profile:
        """Return what was entered. Call only after validation."""
        return Profile(text_of(self.name), self.language.data, self.theme.data, self.uses_search_key.data)


class ContactForm(BaseForm):
    """Contact data of the login's member."""

    email = EmailField(
        _l("E-mail address of the farm or workshop"),
        [Optional(), Length(max=LENGTHS_MAX["email"]), email_form],
    )
    phone = StringField(_l("Phone"), [Length(max=LENGTHS_MAX["phone"])], render_kw={"type": "tel"})
    address = AddressField()

    def contact(self) -> Contact:
        """Return what was entered. Call only after validation."""
        return Contact(text_of(self.email), text_of(self.phone), self.address.to_address())


class PasswordForm(FlaskForm):
    """A new password, confirmed by the present one."""

    old_password = typed_password(_l("Current password"))
    password = new_password()
    ends_access = ends_access_field()

    known: tuple[str, ...] = ()

    def validate_password(self, field: PasswordField) -> None:
        """Check the password; see passwords.weakness_of."""
        check_password(field, self.known)


class PasswordAgainForm(FlaskForm):
    """The current password, which confirms a sensitive change."""

    password = typed_password()


class FirstCodeForm(FlaskForm):
    """The first code that the app shows, which proves that it has the secret."""

    code = app_code_field()


class PasswordAndCodeForm(PasswordAgainForm):
    """Both factors, asked before the second is changed."""

    code = any_code_field()


class TokenForm(BaseForm):
    """A token for a program that may act for the login."""

    label = StringField(_l("What it is for"), [Required(_l("Please enter what the token is for.")), Length(max=80)])
    is_read_only = BooleanField(_l("It may only read"))


class DeputyForm(BaseForm):
    """A manager's deputy: who, for which workshop and on which days."""

    error_fields = ((LoginNotFound, "email"), (AlreadyManages, "email"))

    workshops: Sequence[tuple[int, str]] = ()

    workshop_id = SelectField(_l("Workshop"), coerce=int)
    email = email_field(_l("E-mail address with which the deputy logs in"), is_new=False)
    valid_from = DateField(_l("First day"), [Required(_l("Please enter the first day."))])
    valid_until = DateField(_l("Last day"), [Required(_l("Please enter the last day."))])

    def offer(self, own: list[Management]) -> None:
        """Fill in the choices. Call before validation."""
        self.workshops = [(one.workshop_id, one.workshop) for one in own]
        self.workshop_id.choices = self.workshops

    def validate_valid_until(self, field: DateField) -> None:
        """Check that the days are in order."""
        if self.valid_from.data and field.data and field.data < self.valid_from.data:
            raise ValidationError(_("The last day must not lie before the first."))

    def absence(self) -> Absence:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data is not None
        assert self.valid_until.data is not None
        return Absence(self.workshop_id.data, self.valid_from.data, self.valid_until.data)
