"""The form of an import: a file, and what the user has answered to the questions about it.

Between two pages the file travels as a hidden field, compressed, so that exactly the previewed file is stored and
the server keeps nothing. The answers about columns have as many fields as the file has columns.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, TextAreaField

from app.forms.base_form import BaseForm
from app.imports.mapping import Choice
from app.imports.reading import Answers
from app.imports.tables import BYTES_MAX

UNDECIDED = "?"  # the value of a column for which nothing is chosen yet
HEADER, COLUMN, VALUE, MAKES = "header-", "column-", "value-", "makes-"


class UploadForm(BaseForm):
    """A file or a pasted table at first; afterwards the same bytes in a hidden field."""

    file = FileField(_l("File (CSV or Excel)"))
    text = TextAreaField(_l("Or paste the cells of a spreadsheet"))
    upload = HiddenField()

    def content(self) -> bytes:
        """Return what was sent; one byte too many where it is too large."""
        if self.file.data:
            return bytes(self.file.data.read())
        if self.upload.data:
            return _unpacked(self.upload.data)
        return str(self.text.data or "").encode()

    @staticmethod
    def packed(content: bytes) -> str:
        """Return a file as the value of the hidden field."""
        return base64.b64encode(zlib.compress(content)).decode()


def _unpacked(text: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), BYTES_MAX + 1)
    except (binascii.Error, zlib.error, ValueError):
        return b""


def sent_answers() -> Answers:
    """Return the answers in the present request."""
    sent = request.form
    headers = {name.removeprefix(HEADER): header for name, header in sent.items() if name.startswith(HEADER)}
    columns = {
        header: sent[COLUMN + number]
        for number, header in headers.items()
        if sent.get(COLUMN + number, UNDECIDED) != UNDECIDED
    }
    constants = {
        name.removeprefix(VALUE): text.strip() for name, text in sent.items() if name.startswith(VALUE) and text.strip()
    }
    makes = frozenset(name.removeprefix(MAKES) for name in sent if name.startswith(MAKES))
    choice = Choice(columns, "leaves_out_unknown" in sent, constants, makes)
    return Answers(
        sent.get("encoding", ""),
        sent.get("sheet", ""),
        choice,
        sent.get("lost_zeros", ""),
        "clears_empty" in sent,
        sent.get("day_order", ""),
    )


def hidden_fields(answers: Answers, *without: str) -> Iterator[tuple[str, str]]:
    """Yield the answers as names and values of hidden fields, without those that a page asks for again."""
    for name in ("encoding", "sheet", "lost_zeros", "day_order"):
        if name not in without and getattr(answers, name):
            yield name, getattr(answers, name)
    if answers.clears_empty and "clears_empty" not in without:
        yield "clears_empty", "y"
    if "columns" in without:
        return
    choice = answers.choice
    for number, (header, field) in enumerate(choice.columns.items()):
        yield f"{HEADER}{number}", header
        yield f"{COLUMN}{number}", field
    if choice.leaves_out_unknown:
        yield "leaves_out_unknown", "y"
    yield from ((VALUE + field, text) for field, text in choice.constants.items())
    yield from ((MAKES + field, "y") for field in sorted(choice.generates))
