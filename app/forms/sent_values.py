"""What a form reads of a request: its texts, files only where a field asks for one, numbers that the database stores.

Flask-WTF gives a form everything that was sent, by its name, and takes a JSON document for a form. A field of text then
meets a file, a number or a list, which none of its filters and validators expect; and the range of a number is checked
by a conversion that fails for one of 400 digits.
"""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm, form
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import FileField, IntegerField

INTEGER_MAX = 2**63 - 1
_original: Any = FlaskForm.Meta.wrap_formdata
_read_integer: Any = IntegerField.process_formdata


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
        raise ValueError(field.gettext("Not a valid integer value."))


def use_for_all_forms() -> None:
    """Replace how Flask-WTF reads a request, and WTForms a number."""
    integers: Any = IntegerField
    FlaskForm.Meta.wrap_formdata = sent_to
    integers.process_formdata = read_integer
