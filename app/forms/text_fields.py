"""Fields for passwords and addresses, shared by several pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, Field, PasswordField, StringField
from wtforms.validators import Length, Regexp, ValidationError
from wtforms.widgets import TextInput

from app.auth import passwords
from app.forms.required import Required
from app.wording.rules import violation_sentence
from booking.email_addresses import EMAIL_LENGTH_MAX, check_changed_email
from booking.errors.schedule_errors import Violation
from booking.records.records import SLUG

CODE_LENGTH_MAX = 40  # of a code, with spaces between its groups

WEAKNESSES = {
    "too_short": _l("Use at least %(least)s characters.", least=passwords.LENGTH_MIN),
    "too_long": _l("Use at most %(most)s characters.", most=passwords.LENGTH_MAX),
    "common": _l("This is one of the first passwords a stranger would try. Several words in a row are good."),
    "personal": _l("Your name, your address or the ring's name are too easy to guess."),
}


def email_form(form: Any, field: Field) -> None:
    """Refuse an e-mail address that imports and commands would refuse too, unless it is stored (form.stored_email)."""
    stored = getattr(form, "stored_email", "") or field.object_data or ""
    for violation in check_changed_email(field.data or "", stored):
        raise ValidationError(violation_sentence(violation))


def slug_field(length_max: int) -> StringField:
    """Return a required field for a short name, which is part of addresses."""
    form = Regexp(rf"^{SLUG.pattern}\Z", message=_l("Use lower-case letters, digits and single hyphens."))
    return StringField(
        _l("Short name in addresses"), [Required(_l("Please enter a short name.")), Length(max=length_max), form]
    )


def existing_email(_form: Any, field: Field) -> None:
    """Refuse what has no @. A login is found by what is stored, which may be older than the rules for new addresses."""
    if field.data and "@" not in field.data:
        raise ValidationError(violation_sentence(Violation("email_form", field.name, actual=field.data[:80])))


def email_field(label: Any = None, *, is_new: bool = True) -> EmailField:
    """Return a required field for an e-mail address. is_new: it is entered, not that of a login that exists."""
    validators = [
        Required(_l("Please enter an e-mail address.")),
        Length(max=EMAIL_LENGTH_MAX),
        email_form if is_new else existing_email,
    ]
    return EmailField(label or _l("E-mail address"), validators, render_kw={"autocomplete": "email"})


def typed_password(label: Any = None) -> PasswordField:
    """Return a field for an existing password."""
    return PasswordField(
        label or _l("Password"),
        [Required(_l("Please enter your password."))],
        render_kw={"autocomplete": "current-password", "maxlength": 1024},
    )


def new_password(label: Any = None) -> PasswordField:
    """Return a field for a new password. Its form calls check_password()."""
    return PasswordField(
        label or _l("New password"),
        [Required(_l("Please enter a new password."))],
        render_kw={"autocomplete": "new-password", "minlength": passwords.LENGTH_MIN},
    )


def ends_access_field() -> BooleanField:
    """Return the box by which a new password ends what goes on working without a log-in; ticked beforehand."""
    return BooleanField(_l("End my programs' tokens and my calendar subscriptions too"), default=True)


def app_code_field(label: Any = None, *, is_first: bool = False) -> StringField:
    """Return a field for the six digits that an app shows. is_first: the page has no other field."""
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": CODE_LENGTH_MAX}
    return _code_field(label or _l("Six digits from your app"), attributes | ({"autofocus": True} if is_first else {}))


def any_code_field() -> StringField:
    """Return a field for a code of the app or a recovery code; the latter has letters, so no numeric keyboard."""
    return _code_field(
        _l("Code from your app, or a recovery code"), {"autocomplete": "one-time-code", "maxlength": CODE_LENGTH_MAX}
    )


def recovery_code_field() -> StringField:
    """Return a field for a recovery code, on a page without another field."""
    attributes = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
    return _code_field(_l("Recovery code"), {**attributes, "maxlength": CODE_LENGTH_MAX, "autofocus": True})


def _code_field(label: Any, attributes: dict[str, Any]) -> StringField:
    return StringField(
        label, [Required(_l("Please enter the code.")), Length(max=CODE_LENGTH_MAX)], render_kw=attributes
    )


def text_of(field: Field) -> str:
    """Return what was typed without spaces around it, "" for nothing. Not for passwords.

    No browser sends line breaks in a field of one line; whatever else does gets spaces in their place.
    """
    typed = str(field.data or "").strip()
    return " ".join(typed.splitlines()) if isinstance(field.widget, TextInput) else typed


def check_password(field: PasswordField, known: Iterable[str]) -> None:
    """Refuse a weak password. known: the names and addresses of which it must not consist."""
    if reason := passwords.weakness_of(field.data or "", known):
        raise ValidationError(str(WEAKNESSES[reason]))


def password_hint() -> str:
    """Return the hint on good passwords that stands beside the field."""
    return _(
        "At least %(least)s characters; any will do. Three or four words in a row are easy to keep in mind.",
        least=passwords.LENGTH_MIN,
    )
