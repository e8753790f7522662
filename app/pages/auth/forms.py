"""The forms of log-in, invitation and new password."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import Length

from app.forms.base_form import PlainForm
from app.forms.required import Required
from app.forms.text_fields import (
    app_code_field,
    check_password,
    email_field,
    ends_access_field,
    new_password,
    recovery_code_field,
    typed_password,
)
from booking.email_addresses import EMAIL_LENGTH_MAX


class LoginForm(PlainForm):
    """E-mail address and password. The form accepts any address; app/auth/authentication.py checks it."""

    email = StringField(
        _l("E-mail address"),
        [Required(_l("Please enter your e-mail address.")), Length(max=EMAIL_LENGTH_MAX)],
        render_kw={"type": "email", "autocomplete": "username", "autofocus": True},
    )
    password = typed_password()
    is_shared = BooleanField(_l("This is a shared computer"))
    next = HiddenField()
    saved = HiddenField()  # see app/pages/saved_submission.py


class AppCodeForm(PlainForm):
    """The second step: the code that the app shows."""

    code = app_code_field(is_first=True)
    next = HiddenField()
    saved = HiddenField()  # see app/pages/saved_submission.py


class RecoveryCodeForm(PlainForm):
    """The second step without a phone."""

    code = recovery_code_field()
    next = HiddenField()
    saved = HiddenField()  # see app/pages/saved_submission.py


class ForgottenForm(PlainForm):
    """The address to which a link for a new password is mailed."""

    email = email_field(is_new=False)


class NewPasswordForm(PlainForm):
    """A password chosen by a mailed link."""

    password = new_password()
    ends_access = ends_access_field()

    known: tuple[str, ...] = ()  # of these the password must not consist

    def validate_password(self, field: PasswordField) -> None:
        """Check the password; see passwords.weakness_of."""
        check_password(field, self.known)
