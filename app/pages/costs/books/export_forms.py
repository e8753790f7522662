"""The forms of exported postings: which ones, making the file, and what DATEV needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask_babel import format_date
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import AnyOf, Length, NumberRange, Optional, Regexp

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import NOT_SENT, Required
from app.forms.revision import RevisionMixin
from app.wording.posting_exports import CHOICE_LABELS, CHOICES
from billing.posting_exports.terms import ADVISER_MAX, ADVISER_MIN, CLIENT_MAX, DatevTermsInput

TAX_KEY = Regexp(r"^ *[0-9]{0,4} *$", message=_l("A tax key has up to 4 digits; leave it empty for none."))


class ExportChoiceForm(BaseForm):
    """What the next file shall hold; sent by GET to its preview."""

    what = SelectField(_l("File"), choices=[select_choice(*pair) for pair in CHOICE_LABELS.items()])
    year = SelectField(_l("Year"))
    month = SelectField(_l("Month"))

    @classmethod
    def of(cls, years: Sequence[int], period: str, today: date) -> ExportChoiceForm:
        """Return the form. period: the name of the period that is chosen at first; "" for the present year."""
        form = cls(formdata=None)
        year, _dash, month = period.partition("-")
        offered = [str(one) for one in years] or [str(today.year)]
        form.year.choices = [select_choice(one, one) for one in offered]
        form.year.data = year if year in offered else offered[0]
        names = [select_choice(f"{number:02}", format_date(date(2000, number, 1), "LLLL")) for number in range(1, 13)]
        form.month.choices = [select_choice("", _l("the whole year")), *names]
        form.month.data = month
        return form


class MakeExportForm(BaseForm):
    """The file that was shown, by the digest of its preview. again: entries that are in a file already are wanted."""

    what = HiddenField(validators=[Required(NOT_SENT), AnyOf(CHOICES, message=NOT_SENT)])
    period = HiddenField(validators=[Required(NOT_SENT), Length(max=7)])
    again = HiddenField()
    digest = HiddenField(validators=[Required(NOT_SENT), Length(max=64)])


class WrittenAgainMixin:
    """The question whether an adviser deals with what earlier DATEV files hold, asked once a change was refused."""

    are_written_again = BooleanField(
        _l("Our adviser moves what is on the old accounts, or takes in all DATEV files once more")
    )

    @property
    def asks_again(self) -> bool:
        """Whether the question is asked: where the change was refused."""
        return bool(self.are_written_again.data or self.are_written_again.errors)


class DatevTermsForm(WrittenAgainMixin, RevisionMixin, BaseForm):
    """What a tax adviser states once for all DATEV files."""

    adviser = IntegerField(_l("Number of the adviser"), [Optional(), NumberRange(ADVISER_MIN, ADVISER_MAX)])
    client = IntegerField(_l("Number of the client"), [Optional(), NumberRange(1, CLIENT_MAX)])
    has_member_accounts = BooleanField(_l("Each member has a personal account"))
    is_locked = BooleanField(_l("Lock the batch: it cannot be changed after the import"))

    standard_key = StringField(_l("Tax key of the standard rate"), [TAX_KEY])
    reduced_key = StringField(_l("Tax key of the reduced rate"), [TAX_KEY])
    has_advance_keys = BooleanField(_l("Tax keys on the account of the advances, too"))

    @classmethod
    def of(cls, stored: DatevTermsInput, revision: int) -> DatevTermsForm:
        """Return the form as it stands."""
        form = cls(formdata=None, obj=stored)
        form.revision.data = revision
        return form

    def entry(self) -> DatevTermsInput:
        """Return what was entered. Call only after validation."""
        return DatevTermsInput(
            adviser=self.adviser.data,
            client=self.client.data,
            has_member_accounts=bool(self.has_member_accounts.data),
            is_locked=bool(self.is_locked.data),
            standard_key=(self.standard_key.data or "").strip(),
            reduced_key=(self.reduced_key.data or "").strip(),
            has_advance_keys=bool(self.has_advance_keys.data),
        )
