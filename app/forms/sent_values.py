"""What a form reads of a request: its texts, files only where a field asks for one, numbers that the database stores.

Flask-WTF gives a form everything that was sent, by its name, and takes a JSON document for a form. A field of text then
meets a file, a number or a list, which none of its filters and validators expect. WTForms checks the range of a number
by a conversion that fails for one of 400 digits, and lets a choice pass that is none but only blanks, where none need
be made.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm, form
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, IntegerField, SelectField, SelectMultipleField

INTEGER_MAX = 2**63 - 1
NO_NUMBER, NO_CHOICE = "Not a valid integer value.", "Invalid Choice: could not coerce."  # as WTForms says it
_original: Any = FlaskForm.Meta.wrap_formdata
_read_integer: Any = IntegerField.process_formdata
_read_choice: Any = SelectField.process_formdata
_read_choices: Any = SelectMultipleField.process_formdata


def sent_to(meta: Any, wanted: FlaskForm, formdata: Any) -> Any:
    """Return what was sent to a form; None where nothing was."""
    if formdata is not form._Auto:
        return _original(meta, wanted, formdata)
    if not form._is_submitted():
        return None
    names = {field.name for field in wanted if isinstance(field, FileField)}
    files = [pair for pair in request.files.items(multi=True) if pair[0] in names]
    return CombinedMultiDict((MultiDict(files), request.form)) if files else request.form or None


def read_integer(field: Any, texts: list[str]) -> None:
    """Read a whole number. Raises ValueError, with the message of the field, for one of more than 64 bits."""
    _read_integer(field, texts)
    if field.data is not None and abs(field.data) > INTEGER_MAX:
        field.data = None
        raise ValueError(field.gettext(NO_NUMBER))


def read_choice(field: Any, texts: list[str]) -> None:
    """Read a choice: blanks are none. Raises ValueError for a number of more than 64 bits."""
    _read_choice(field, texts)
    if isinstance(field.data, str) and not field.data.strip():
        field.data = ""
    _require_storable(field, [field.data])


def read_choices(field: Any, texts: list[str]) -> None:
    """Read several choices. Raises ValueError for a number of more than 64 bits."""
    _read_choices(field, texts)
    _require_storable(field, field.data or [])


def _require_storable(field: Any, choices: list[Any]) -> None:
    if any(isinstance(one, int) and abs(one) > INTEGER_MAX for one in choices):
        field.data = [] if isinstance(field, SelectMultipleField) else None
        raise ValueError(field.gettext(NO_CHOICE))


def use_for_all_forms() -> None:
    """Replace how Flask-WTF reads a request, and WTForms a number and a choice."""
    integers: Any = IntegerField
    choices: Any = SelectField
    several: Any = SelectMultipleField
    FlaskForm.Meta.wrap_formdata = sent_to
    integers.process_formdata = read_integer
    choices.process_formdata = read_choice
    several.process_formdata = read_choices
