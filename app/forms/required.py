"""The one validator of fields that must be filled in: each says in its own words what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, FieldList, FormField, PasswordField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired, StopValidation

# Of a field that nobody sees: a page that was cut off, or a request that no page made.
NOT_SENT = _l("A part of this page was not sent. Please open it again.")


class Required(InputRequired):
    """Refuses a field without input; blanks alone are none, but in a password.

    message: a whole sentence, as "Please choose a machine."
    """

    def __init__(self, message: Any) -> None:
        super().__init__(message)

    def __call__(self, form: Any, field: Field) -> None:
        """Check what was sent for the field. Raises StopValidation."""
        super().__call__(form, field)
        sent = field.raw_data[0] if field.raw_data else ""
        if isinstance(sent, str) and not sent.strip() and not isinstance(field, PasswordField):
            field.errors = []
            raise StopValidation(str(self.message))


def name_missing_choices(fields: Iterable[Field]) -> None:
    """Say at each list of which nothing was sent what to choose; browsers always send something of it."""
    for field in fields:
        if isinstance(field, (FormField, FieldList)):
            name_missing_choices(field)
        elif _is_list(field) and not any(field.raw_data or ()) and _has_general_error(field):
            field.errors = [_("Please choose something for “%(field)s”.", field=field.label.text)]


def _is_list(field: Field) -> bool:
    return isinstance(field, SelectField) and not isinstance(field, SelectMultipleField)


def _has_general_error(field: Field) -> bool:
    """Return whether the list says what WTForms says at each."""
    general = map(field.gettext, ("Not a valid choice.", "Invalid Choice: could not coerce."))
    return not set(field.errors).isdisjoint(general)
