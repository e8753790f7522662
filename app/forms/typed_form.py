"""Forms that people type into: what was typed outlives a refusal, another window and a night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from flask_wtf.i18n import Translations
from wtforms import Field
from wtforms.csrf.core import CSRFTokenField

from app.wording.rules import violation_sentence
from booking.errors import RecordRefused

LOOK_AGAIN = "look_again"  # sent along by what kept_input.py kept: show the form, carry out nothing
LOST_FILE = "lost_file"  # sent along too: the name of a field in which a file was chosen
# What WTForms says at a field and has no German for; found by the catalogue of the ring.
_WITHOUT_GERMAN = (_l("Not a valid time value."), _l("'%(value)s' is not a valid choice for this field."))


def is_to_be_looked_at() -> bool:
    """Whether what was sent was kept over a new log-in, so that its author looks at it once more."""
    return LOOK_AGAIN in request.form


def look_once_more() -> str:
    """What the form says then."""
    return _("Nothing is stored yet. Look at what you typed once more, then send it.")


class FieldWords(Translations):  # type: ignore[misc]  # Flask-WTF carries no types
    """What WTForms says at a field: in its own translation, else in ours."""

    def gettext(self, string: str) -> str:
        """A sentence in the language of the page."""
        said: str = super().gettext(string)
        return _(string) if said == string else said


class TypedForm(FlaskForm):
    """A form that shows what was kept over a new log-in, before anything is carried out."""

    class Meta(FlaskForm.Meta):
        """Where the words at the fields come from."""

        def get_translations(self, _form: FlaskForm) -> FieldWords:
            """The words at the fields."""
            return FieldWords()

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields; what was kept is never valid at first, so that it is shown."""
        is_valid = super().validate(extra_validators)
        if is_to_be_looked_at():
            self.form_errors.append(look_once_more())
            return False
        return is_valid

    def asked(self) -> Iterator[Field]:
        """The fields that a person fills in."""
        return (
            field
            for field in self
            if not isinstance(field, CSRFTokenField) and getattr(field.widget, "input_type", "") != "hidden"
        )

    @property
    def files_to_choose_again(self) -> list[Field]:
        """File fields that were filled in: no browser keeps a chosen file on a page that is shown again."""
        lost = request.form.getlist(LOST_FILE)
        return [field for field in self if isinstance(field, FileField) and (field.data or field.short_name in lost)]


class RecordForm(TypedForm):
    """Shows the refusal of a record at its fields."""

    def show(self, refusal: RecordRefused) -> None:
        """Put each reason at its field, or at the first one."""
        names = [field.name for field in self.asked()]
        for violation in refusal.violations:
            field = self[violation.field if violation.field in names else names[0]]
            field.errors = [*field.errors, violation_sentence(violation)]
