"""The base of the forms that people type into: what was typed outlives a refusal, another window and a new log-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from babel.support import NullTranslations, Translations
from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, Form, FormField
from wtforms.csrf.core import CSRFTokenField
from wtforms.i18n import messages_path

from app.forms import attributes, sent_values
from app.forms.picture_field import PictureField
from app.forms.required import name_missing_choices
from app.web.clean_request import unfit_fields
from app.web.locales import SOURCE_LANGUAGE
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import RecordRefused
from booking.kernel.errors import DomainError

attributes.use_for_all_widgets()
sent_values.use_for_all_forms()

REVIEW_ONLY = "review_only"  # sent along with a saved submission: show the form, carry out nothing
LOST_FILE = "lost_file"  # sent along too: the name of a field in which a file was chosen
# Messages of WTForms that have no German there; the catalogue of the ring translates them.
_WITHOUT_GERMAN = (_l("Not a valid time value."), _l("'%(value)s' is not a valid choice for this field."))


def is_review_only() -> bool:
    """Return whether the request brings back a saved submission, for its author to review."""
    return REVIEW_ONLY in request.form


def review_message() -> str:
    """Return the sentence above a form that is shown for review."""
    return _("Nothing is stored yet. Look at what you typed once more, then send it.")


def removed_message() -> str:
    """Return the sentence at a field whose text held characters that are refused."""
    return _(
        "This text held invisible control characters, which cannot be stored. They are removed now: look at it once "
        "more, then send it again."
    )


def _arrange(fields: dict[str, Field], page_order: tuple[str, ...]) -> None:
    """Bring fields into the order of the page; those that it does not name follow as they are declared."""
    if page_order:
        for name in (*page_order, *(name for name in list(fields) if name not in page_order)):
            if name in fields:
                fields[name] = fields.pop(name)


class FieldMessages:
    """The messages of WTForms: in its own translation, else in ours."""

    def gettext(self, string: str) -> str:
        """Return a message in the language of the page."""
        translated: str = _wtforms_texts(_language()).gettext(string)
        return _(string) if translated == string else translated

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a message in the language of the page, by a number."""
        return _wtforms_texts(_language()).ngettext(singular, plural, n)


@lru_cache(maxsize=8)
def _wtforms_texts(language: str) -> NullTranslations:
    """Return the catalogue of WTForms. Flask-WTF would read it from its file for each request with a form: 0.5 ms."""
    return Translations.load(messages_path(), [language], domain="wtforms")


def _language() -> str:
    locale = get_locale()
    return locale.language if locale is not None else SOURCE_LANGUAGE


class RowForm(Form):  # type: ignore[misc]  # WTForms carries no types
    """The base of the rows of a FieldList: part of another form, so without a token of its own."""

    page_order: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _arrange(self._fields, self.page_order)

    class Meta:
        """Configuration of WTForms."""

        def get_translations(self, _form: Form) -> FieldMessages:
            """Return the messages of the fields."""
            return FieldMessages()


class PlainForm(FlaskForm):
    """A form whose messages are in the language of the page. Forms of secrets, which are not kept, are no more."""

    class Meta(FlaskForm.Meta):
        """Configuration of WTForms."""

        def get_translations(self, _form: FlaskForm) -> FieldMessages:
            """Return the messages of the fields."""
            return FieldMessages()


class BaseForm(PlainForm):
    """A form that people type into.

    A request passes through these steps in order. A form or a part takes over a step by the method named there.

    1. Defaults, `__init__`: fields take what was sent, else `obj`, `data` and their own defaults. A form of a stored
       record is made with `formdata=None` and then filled in by `fill()`.
    2. Choices, `offer()`: the form is given what can be chosen.
    3. Validation, `validate()`: all fields, then each `validate_<field>()`; pictures are scaled down when all is valid.
    4. Saved submission, in `validate()`: what was kept over a new log-in is never valid, so that it is shown for
       review and nothing is carried out.
    5. Use case: submit() runs it in one write transaction.
    6. Refusal, `show_refusal()`: its reasons appear at the fields that they name.
    7. Conflict, `RevisionMixin.merge_conflicts()`: in place of 6 where somebody else changed the record meanwhile.

    status: the HTTP status of the page that shows the form. refusal: why the use case of step 5 did nothing.
    look_at: the page that shows whether it is stored, where the database did not confirm it.
    error_fields: pairs of an error and the field at which it is shown. page_order: the names of fields that the page
    shows in another order than they are declared; the errors above the form follow it.
    """

    status = 200
    refusal: DomainError | None = None
    look_at = ""
    error_fields: tuple[tuple[type[DomainError], str], ...] = ()
    page_order: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _arrange(self._fields, self.page_order)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Return whether all fields are valid and the form was not sent for review only."""
        is_valid = super().validate(extra_validators) and not self._add_unfit_errors()
        name_missing_choices(self)
        if is_review_only():
            self.form_errors.append(review_message())
            return False
        return is_valid and self._scale_pictures()

    def _scale_pictures(self) -> bool:
        """Scale pictures down when all else is valid: it is the only costly step."""
        return all(field.scale() for field in self.typed_fields() if isinstance(field, PictureField))

    def _add_unfit_errors(self) -> bool:
        """Add an error to each field from whose text something was removed; return whether there is one."""
        unfit = unfit_fields()
        fields = [field for field in self.typed_fields() if field.name in unfit] if unfit else []
        for field in fields:
            field.errors = [*field.errors, removed_message()]
        return bool(fields)

    def show_refusal(self, refusal: DomainError) -> None:
        """Put the reasons of a refusal at their fields.

        A broken rule of a record whose field the form lacks goes to the first field; any other refusal without a
        field stands above the form.
        """
        if isinstance(refusal, RecordRefused):
            names = [field.name for field in self.typed_fields()]
            for violation in refusal.violations:
                self.add_error(violation.field if violation.field in names else names[0], violation_sentence(violation))
        elif name := next((name for error, name in self.error_fields if isinstance(refusal, error)), None):
            self.add_error(name, sentence_of(refusal))
        else:
            self.form_errors.append(sentence_of(refusal))

    def add_error(self, name: str, sentence: str) -> None:
        """Add an error to a field."""
        field = next((typed for typed in self.typed_fields() if typed.name == name), None)
        if field is None:
            field = self[name]
        field.errors = [*field.errors, sentence]

    def typed_fields(self) -> Iterator[Field]:
        """Yield the fields that a person fills in; those of a part (FormField) in its place."""
        fields = (part for field in self for part in (field if isinstance(field, FormField) else (field,)))
        return (
            field
            for field in fields
            if not isinstance(field, CSRFTokenField) and getattr(field.widget, "input_type", "") != "hidden"
        )

    @property
    def files_to_choose_again(self) -> list[Field]:
        """The file fields that were filled in: no browser keeps a chosen file on a page that is shown again."""
        lost = request.form.getlist(LOST_FILE)
        return [field for field in self if isinstance(field, FileField) and (field.data or field.short_name in lost)]
