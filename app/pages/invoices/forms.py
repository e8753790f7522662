"""The forms of invoices: issuing, taking back, and what is said once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Regexp
from wtforms.widgets import HiddenInput

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import NOT_SENT, Required
from app.forms.revision import RevisionMixin
from app.wording.documents import CODE_LABELS, REASON_LABELS
from billing.documents.terms import LENGTHS_MAX, PAY_DAYS_MAX, TEXT_LENGTH_MAX, TermsInput

CODES = ("use_code", "share_code", "advance_code", "other_code")


class CancelForm(BaseForm):
    """That an invoice is taken back; it was looked at before."""

    sure = BooleanField(
        _l("I have looked at it: the invoice is taken back as a whole"), [Required(_l("Please tick this first."))]
    )


class SendForm(BaseForm):
    """A document is sent. after: how often it was sent when the page was shown."""

    after = IntegerField(widget=HiddenInput(), validators=[Required(NOT_SENT)])


class SendAllForm(BaseForm):
    """Documents that were shown with their files are sent or printed. ids: of them, separated by commas."""

    ids = HiddenField(validators=[Required(NOT_SENT), Regexp(r"\d{1,18}(,\d{1,18})*$", message=NOT_SENT)])

    @classmethod
    def of(cls, ids: Iterable[int]) -> SendAllForm:
        """Return the form for the documents of some ids."""
        form = cls(formdata=None)
        form.ids.data = ",".join(map(str, ids))
        return form

    def wanted(self) -> set[int]:
        """Return the ids of the documents. Call only after validation."""
        return set(map(int, (self.ids.data or "").split(",")))


class RunForm(BaseForm):
    """Which services are invoiced. seen: the digest of the preview that was shown."""

    until = DateField(_l("Services until"), [Required(_l("Please enter the last day of service."))])
    seen = HiddenField(validators=[Required(NOT_SENT)])


class StatementRunForm(BaseForm):
    """Statements are issued; their days are in the address. seen: the digest of the preview that was shown."""

    seen = HiddenField(validators=[Required(NOT_SENT)])


class AgainForm(BaseForm):
    """The file of a document is tried again: nothing is typed."""


def _code(label: Any) -> SelectField:
    choices = [select_choice("", _l("not said yet")), *(select_choice(*pair) for pair in CODE_LABELS.items())]
    return SelectField(label, choices=choices)


class TermsForm(RevisionMixin, BaseForm):
    """What is said once for all invoices."""

    pay_days = IntegerField(
        _l("Days to pay"), [Required(_l("Please enter the days to pay.")), NumberRange(0, PAY_DAYS_MAX)]
    )
    use_code = _code(_l("VAT in usage charges"))
    share_code = _code(_l("VAT in shares of costs"))
    advance_code = _code(_l("VAT in advances"))
    other_code = _code(_l("VAT in anything else"))
    intro = TextAreaField(_l("Text above the lines"), [Length(max=LENGTHS_MAX["intro"])], render_kw={"rows": 3})
    mail_text = TextAreaField(_l("Words in the e-mail"), [Length(max=LENGTHS_MAX["mail_text"])], render_kw={"rows": 4})

    @classmethod
    def of(cls, stored: TermsInput, revision: int) -> TermsForm:
        """Return the form as it stands."""
        form = cls(formdata=None, obj=stored)
        for name in CODES:
            form[name].data = getattr(stored, name) or ""
        form.revision.data = revision
        return form

    def entry(self) -> TermsInput:
        """Return what was entered. Call only after validation."""
        return TermsInput(
            pay_days=self.pay_days.data or 0,
            intro=(self.intro.data or "").strip(),
            mail_text=(self.mail_text.data or "").strip(),
            use_code=self.use_code.data or None,
            share_code=self.share_code.data or None,
            advance_code=self.advance_code.data or None,
            other_code=self.other_code.data or None,
        )


class VatTextForm(BaseForm):
    """The sentence about VAT that the law wants, from a day on."""

    reason = SelectField(
        _l("For"), [Required(_l("Please choose for what."))], choices=[select_choice(*p) for p in REASON_LABELS.items()]
    )
    valid_from = DateField(_l("From the day of issue"), [Required(_l("Please enter the first day."))])
    text = StringField(_l("Sentence"), [Required(_l("Please enter the sentence.")), Length(max=TEXT_LENGTH_MAX)])
