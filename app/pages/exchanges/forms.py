"""The forms of exchanges: finding somebody, finding a time, offering, answering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.required import Required
from app.forms.span_form import REASON_LENGTH_MAX, MaxCharacters
from app.wording.rules import rule_name, violation_sentence
from booking.errors.exchange_errors import PartnerRefused
from booking.errors.schedule_errors import RulesBroken
from booking.exchanges.proposing import NOTE_LENGTH_MAX
from booking.kernel.errors import DomainError
from booking.rules.persons import PERSON_LENGTH_MAX


class SecondPersonField(BaseForm):
    """Who is there as well, where two persons are needed. persons: names that are offered."""

    persons: tuple[str, ...] = ()

    second_person = StringField(_l("Second person"), [MaxCharacters(PERSON_LENGTH_MAX)])


class ProposeForm(SecondPersonField):
    """An offer to another member. shown: the digest of the terms that the proposer saw.

    member and wanted: who is asked, and for what, so that a form that is shown again knows it without its address.
    """

    note = TextAreaField(_l("What you want to say to the other member"), [MaxCharacters(NOTE_LENGTH_MAX)])
    hours = SelectField(
        _l("Time to answer"),
    )
    shown = HiddenField()
    member = HiddenField()
    wanted = HiddenField()

    digest = ""  # of the terms as they are now

    def offer_hours(self, usual: int) -> None:
        """Fill in how long an answer may take. Call before validation. usual: the hours of the ring."""
        choices = {24: _("one day"), 48: _("two days"), 168: _("one week")}
        choices.setdefault(usual, ngettext("%(num)s hour", "%(num)s hours", usual))
        self.hours.choices = [select_choice(str(hours), choices[hours]) for hours in sorted(choices)]
        self.hours.data = self.hours.data or str(usual)

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check all fields, and that the terms are still those that were shown."""
        is_valid = super().validate(extra_validators)
        is_as_shown = self.shown.data == self.digest
        if not is_as_shown:
            self.form_errors.append(changed_text())
        self.shown.data = self.digest
        return is_valid and is_as_shown

    def show_refusal(self, refusal: DomainError) -> None:
        """Put broken rules above the form."""
        if isinstance(refusal, RulesBroken):
            self.form_errors.extend(violation_sentence(one) for one in refusal.violations)
        elif isinstance(refusal, PartnerRefused):
            self.form_errors.append(partner_text(refusal))
        else:
            super().show_refusal(refusal)


class RejectForm(BaseForm):
    """What the workshop says to both members whose swap it does not want. revision: of the exchange."""

    reason = StringField(
        _l("Why? Both members see this."),
        [Required(_l("Please give a reason; both members read it.")), Length(max=REASON_LENGTH_MAX)],
    )
    revision = IntegerField()


class AnswerForm(SecondPersonField):
    """A button. revision: of the exchange when the page was opened; shown: the digest of its terms."""

    revision = IntegerField()
    shown = HiddenField()


def changed_text() -> str:
    """Return that the terms are no longer those that were shown."""
    return _("Times or prices have changed since you opened the page. Look at them once more.")


def partner_text(refusal: PartnerRefused) -> str:
    """Return which rules do not allow it to the other member."""
    names = ", ".join(rule_name(one) for one in refusal.facts["rules"])
    return _("The rules of the ring do not allow it to the other member: %(rules)s.", rules=names)
