"""The forms of the door."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from app.forms.text_fields import (
    EMAIL_LENGTH_MAX,
    app_code_field,
    check_password,
    email_field,
    new_password,
    recovery_code_field,
    typed_password,
)


class LoginForm(FlaskForm):
    """Who is there? Any address may be tried: only the door knows whether it is right."""

    email = StringField(
        _l("E-mail address"),
        [InputRequired(), Length(max=EMAIL_LENGTH_MAX)],
        render_kw={"type": "email", "autocomplete": "username", "autofocus": True},
    )
    password = typed_password()
    next = HiddenField()
    kept = HiddenField()  # see kept_input.py


class AppCodeForm(FlaskForm):
    """The second step: what does your app show?"""

    code = app_code_field(is_first=True)
    next = HiddenField()
    kept = HiddenField()  # see kept_input.py


class RecoveryCodeForm(FlaskForm):
    """The second step without a phone."""

    code = recovery_code_field()
    next = HiddenField()
    kept = HiddenField()  # see kept_input.py


class ForgottenForm(FlaskForm):
    """Where should the link go?"""

    email = email_field()


class NewPasswordForm(FlaskForm):
    """A password of one's own, behind a mailed link."""

    password = new_password()

    known: tuple[str, ...] = ()  # what it must not consist of

    def validate_password(self, field: PasswordField) -> None:
        """See passwords.weakness_of."""
        check_password(field, self.known)
