"""The forms of billing details, VAT regimes and rates of VAT."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, EmailField, HiddenField, SelectField, StringField
from wtforms.validators import Length, Optional

from app.forms.address_fields import AddressField
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.number_fields import ExactNumberField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.text_fields import text_of
from app.wording.parties import PARTY_FIELDS, REGIME_LABELS, VAT_CODE_LABELS
from billing.parties.bank_details import spaced_iban
from billing.parties.kept_vat import Kept
from billing.parties.party import LENGTHS_MAX, PartyInput, PartyView
from billing.parties.vat_rates import RateInput

OF_MEMBER = ("iban", "document_email", "vat_id", "tax_number", "leitweg_id")
OF_RING = ("vat_id", "tax_number", "iban", "creditor_id", "contact_name", "contact_phone", "contact_email")


def _text(name: str, spaces: int = 0) -> StringField:
    """Return the field of a detail. spaces: that may be typed between its characters."""
    return StringField(PARTY_FIELDS[name], [Length(max=LENGTHS_MAX[name] + spaces)], render_kw={"spellcheck": "false"})


class PartyForm(RevisionMixin, BaseForm):
    """Billing details of the ring or of a member."""

    iban = _text("iban", 20)
    document_email = EmailField(PARTY_FIELDS["document_email"], [Optional(), Length(max=LENGTHS_MAX["document_email"])])
    vat_id = _text("vat_id", 10)
    tax_number = _text("tax_number")
    creditor_id = _text("creditor_id", 10)
    leitweg_id = _text("leitweg_id", 10)
    contact_name = _text("contact_name")
    contact_phone = _text("contact_phone")
    contact_email = EmailField(PARTY_FIELDS["contact_email"], [Optional(), Length(max=LENGTHS_MAX["contact_email"])])

    @classmethod
    def of(cls, stored: PartyView, *, is_ring: bool) -> PartyForm:
        """Return the form as the record stands."""
        form = cls(formdata=None, obj=stored.entered())
        form.iban.data, form.revision.data = spaced_iban(stored.iban), stored.revision
        return form.limited(is_ring=is_ring)

    def limited(self, *, is_ring: bool) -> PartyForm:
        """Leave out the fields that a member, or the ring, does not have."""
        kept = OF_RING if is_ring else OF_MEMBER
        for name in LENGTHS_MAX:
            if name not in kept:
                del self[name]
        return self

    def entry(self) -> PartyInput:
        """Return what was entered. Call only after validation."""
        return PartyInput(**{name: text_of(self[name]) for name in LENGTHS_MAX if name in self})


class MemberAddressForm(RevisionMixin, BaseForm):
    """The address of a member, for the treasurer."""

    address = AddressField()


class RegimeForm(BaseForm):
    """How a party is taxed from a day on."""

    regime = SelectField(
        PARTY_FIELDS["regime"],
        [Required(_l("Please choose how it is taxed."))],
        choices=[select_choice(*pair) for pair in REGIME_LABELS.items()],
    )
    valid_from = DateField(_l("From this day of service on"), [Required(_l("Please enter the first day."))])


class RateForm(BaseForm):
    """A rate of VAT from a day on."""

    code = SelectField(
        _l("VAT rate"),
        [Required(_l("Please choose the rate."))],
        choices=[select_choice(*p) for p in VAT_CODE_LABELS.items()],
    )
    percent = ExactNumberField(_l("Per cent"), [Required(_l("Please enter the rate in per cent."))])
    valid_from = DateField(_l("From this day of service on"), [Required(_l("Please enter the first day."))])
    known_until = DateField(_l("Known until"), [Optional()])
    posted_stays = BooleanField(_l("What is posted keeps its VAT"))
    asked_about = HiddenField()  # the rate that the tick is about, and how much keeps its VAT

    def confirms(self, kept: Kept) -> bool:
        """Return whether it is ticked for this very rate and number; for others it is asked again. After validation."""
        wanted = self.entry()
        asked = f"{wanted.code} {wanted.percent.normalize():f} {wanted.valid_from} {kept.sums} {kept.lines}"
        is_meant = bool(self.posted_stays.data) and self.asked_about.data == asked
        self.posted_stays.data, self.asked_about.data = is_meant, asked
        return is_meant

    @property
    def asks_again(self) -> bool:
        """Whether it was asked if what is posted may keep its VAT."""
        return bool(self.posted_stays.data or self.posted_stays.errors)

    def entry(self) -> RateInput:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data
        return RateInput(self.code.data, self.percent.number or Decimal(0), self.valid_from.data, self.known_until.data)
