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

from app.forms.typed_form import RecordForm
from app.web.url_converters import ID_MAX
from app.wording.formats import long_day_words

LETTERS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What a form says to one question: plain, to be compared, and in words. fields: where it stands."""

    label: str
    plain: str
    words: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that is answered otherwise by what is stored now than by the form when it was sent."""

    label: str
    field_id: str
    stored: str
    is_followed: bool  # its field had been left alone, so the form shows what is stored now


class RevisedForm(RecordForm):
    """A form on a record: knows what its reader saw, and meets what was stored meanwhile."""

    revision = IntegerField(validators=[Optional()])
    seen = HiddenField()  # what each question was answered by when the page was opened, as sums
    record_id = IntegerField(validators=[Optional()])  # for records whose address may change

    unstored: tuple[str, ...] = ()  # fields that tell how to store and are no part of the record
    differences: tuple[Difference, ...] | None = None  # None: nothing was stored meanwhile
    stored_at = ""  # the address of what is stored

    def asked(self) -> Iterator[Field]:
        """The fields that a person fills in."""
        return (field for field in super().asked() if field not in (self.revision, self.record_id))

    def record(self, address: str) -> int | str:
        """What finds the record: its number where the form tells it, else what stands in the address.

        A short name may be another one by now, or that of another record.
        """
        told = self.record_id.data or 0
        return told if 0 < told <= ID_MAX else address

    def answers(self) -> dict[str, Answer]:
        """The answers by their names."""
        stored = (field for field in self.asked() if field.short_name not in self.unstored)
        return {field.short_name: _answer(field) for field in stored if not isinstance(field, FileField)}

    def opened(self) -> Markup:
        """The hidden fields that tell what the reader saw."""
        if self.seen.raw_data is None:  # filled in from the record, not sent
            self.seen.data = _sums(self.answers())
        told = [self.revision(type="hidden"), self.seen()]
        if self.record_id.data is not None:
            told.append(self.record_id(type="hidden"))
        return Markup().join(told)

    def meet(self, stored: Self, address: str = "") -> None:
        """Show what was stored meanwhile: what was typed stays, what was left alone follows.

        stored: the same form, filled in from the record as it is now. address: where to look at that.
        """
        seen, theirs = _read(self.seen.data or ""), stored.answers()
        found = []
        for name, mine in self.answers().items():
            stand = theirs[name]
            if stand.plain == mine.plain or seen.get(name) == _sum(stand.plain):
                continue
            is_left_alone = seen.get(name) == _sum(mine.plain)
            if is_left_alone:
                for field, now in zip(mine.fields, stand.fields, strict=True):
                    field.data, field.raw_data = now.data, None
            found.append(Difference(stand.label, mine.fields[0].id, stand.words, is_left_alone))
        self.differences, self.stored_at = tuple(found), address or request.path
        self.revision.data, self.revision.raw_data = stored.revision.data, None
        self.seen.data = _sums(theirs)


def _answer(field: Field) -> Answer:
    plain = _plain(field)
    return Answer(field.label.text, plain, _words(field, plain), (field,))


def _plain(field: Field) -> str:
    """The answer of a field as text, whether it was typed or filled in from the record."""
    if isinstance(field, BooleanField):
        return "1" if field.data else ""
    value = field._value() if hasattr(field, "_value") else field.data
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _words(field: Field, plain: str) -> str:
    if isinstance(field, BooleanField):
        return _("yes") if field.data else _("no")
    if isinstance(field, DateField) and field.data:
        return long_day_words(field.data)
    if isinstance(field, SelectField):
        plain = next((str(option.label.text) for option in field if option.checked), plain)
    if not plain:
        return _("nothing")
    return _("“%(text)s”", text=plain if len(plain) <= LETTERS_SHOWN else f"{plain[:LETTERS_SHOWN]} …")


def _sum(plain: str) -> str:
    return f"{crc32(plain.encode()):08x}"


def _sums(answers: Mapping[str, Answer]) -> str:
    return " ".join(f"{name}:{_sum(answer.plain)}" for name, answer in answers.items())


def _read(sums: str) -> dict[str, str]:
    return {name: of for name, _colon, of in (part.partition(":") for part in sums.split())}
