"""Forms on records with a revision: a window left open overwrites nothing that its reader has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from zlib import crc32

from flask import request
from flask_babel import gettext as _
from flask_wtf.file import FileField
from markupsafe import Markup
from wtforms import BooleanField, DateField, Field, HiddenField, IntegerField, SelectField
from wtforms.validators import Optional

from app.forms.base_form import BaseForm
from app.web.url_converters import ID_MAX
from app.wording.formats import format_long_day

CHARACTERS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a form holds for one question. plain: to be compared. text: to be read. fields: where it is entered."""

    label: str
    plain: str
    text: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A question whose stored answer changed since the form was opened.

    auto_merged: the reader had not changed it, so the form shows the stored answer now.
    """

    label: str
    field_id: str
    stored: str
    auto_merged: bool


class RevisionMixin(BaseForm):
    """A form on a record: carries checksums of the values shown, and merges concurrent changes.

    revision: of the record when the form was opened. original_checksums: of each answer then. record_id: for records
    whose address may change.
    """

    revision = IntegerField(validators=[Optional()])
    original_checksums = HiddenField()
    record_id = IntegerField(validators=[Optional()])

    not_persisted: tuple[str, ...] = ()  # fields that control how to store and are no part of the record
    differences: tuple[Difference, ...] | None = None  # None: there was no conflict
    record_url = ""  # of a stored record whose address may change; else it is the address of the request
    stored_url = ""  # where a conflict leads to what is stored

    def typed_fields(self) -> Iterator[Field]:
        """Yield the fields that a person fills in."""
        return (field for field in super().typed_fields() if field not in (self.revision, self.record_id))

    def record_key(self, address: str) -> int | str:
        """Return what finds the record: its id where the form carries one, else the key in the address.

        A slug may have changed since, or belong to another record.
        """
        sent = self.record_id.data or 0
        return sent if 0 < sent <= ID_MAX else address

    def answers(self) -> dict[str, Answer]:
        """Return the answers by their names."""
        persisted = (field for field in self.typed_fields() if field.short_name not in self.not_persisted)
        return {field.name: _answer(field) for field in persisted if not isinstance(field, FileField)}

    def hidden_fields(self) -> Markup:
        """Render the hidden fields that carry what the reader saw."""
        if self.original_checksums.raw_data is None:  # filled in from the record, not sent
            self.original_checksums.data = _join_checksums(self.answers())
        rendered = [self.revision(type="hidden"), self.original_checksums()]
        if self.record_id.data is not None:
            rendered.append(self.record_id(type="hidden"))
        return Markup().join(rendered)

    def merge_conflicts(self, stored: Self) -> None:
        """Merge concurrent changes: fields that the user changed stay, the others take the stored value.

        stored: the same form, filled in from the record as it is now.
        """
        original, theirs = _split_checksums(self.original_checksums.data or ""), stored.answers()
        found = []
        for name, mine in self.answers().items():
            current = theirs[name]
            if current.plain == mine.plain or original.get(name) == _checksum(current.plain):
                continue
            is_untouched = original.get(name) == _checksum(mine.plain)
            if is_untouched:
                for field, source in zip(mine.fields, current.fields, strict=True):
                    field.data, field.raw_data = source.data, None
            found.append(Difference(current.label, mine.fields[0].id, current.text, is_untouched))
        self.differences, self.stored_url = tuple(found), stored.record_url or request.path
        self.revision.data, self.revision.raw_data = stored.revision.data, None
        self.original_checksums.data = _join_checksums(theirs)


def _answer(field: Field) -> Answer:
    plain = _plain(field)
    return Answer(field.label.text, plain, _text(field, plain), (field,))


def _plain(field: Field) -> str:
    """Return the answer of a field as text, whether it was typed or filled in from the record."""
    if isinstance(field, BooleanField):
        return "1" if field.data else ""
    value = field._value() if hasattr(field, "_value") else field.data
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _text(field: Field, plain: str) -> str:
    if isinstance(field, BooleanField):
        return _("yes") if field.data else _("no")
    if isinstance(field, DateField) and field.data:
        return format_long_day(field.data)
    if isinstance(field, SelectField):
        plain = ", ".join(str(option.label.text) for option in field if option.checked)
    if not plain:
        return _("nothing")
    return _("“%(text)s”", text=plain if len(plain) <= CHARACTERS_SHOWN else f"{plain[:CHARACTERS_SHOWN]} …")


def _checksum(plain: str) -> str:
    return f"{crc32(plain.encode()):08x}"


def _join_checksums(answers: Mapping[str, Answer]) -> str:
    return " ".join(f"{name}:{_checksum(answer.plain)}" for name, answer in answers.items())


def _split_checksums(text: str) -> dict[str, str]:
    return {name: checksum for name, _colon, checksum in (part.partition(":") for part in text.split())}
