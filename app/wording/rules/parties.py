"""The rules of billing details and rates of VAT, as text."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.wording.formats import Zone
from app.wording.ledger import account_label
from app.wording.rules.text import ViolationText


def _account_names(codes: str, _zone: Zone) -> str:
    return ", ".join(map(account_label, codes.split(", ")))


PARTY_RULES = (
    ViolationText(
        code="iban_form",
        sentence=_l("This is no IBAN. It begins with two letters and two digits, as on a bank statement: DE02 1203 …"),
    ),
    ViolationText(
        code="iban_country", sentence=_l("No IBAN begins with %(actual)s. It begins with the country, DE for Germany.")
    ),
    ViolationText(
        code="iban_length",
        sentence=_l("An IBAN of this country has another length (DE: 22 characters; this one: %(actual)s)."),
    ),
    ViolationText(
        code="iban_check",
        sentence=_l("The check digits %(actual)s do not fit this IBAN. A digit is wrong, or two are swapped."),
    ),
    ViolationText(
        code="creditor_form",
        sentence=_l("A creditor identifier has 18 characters in Germany, for example DE98ZZZ09999999999."),
    ),
    ViolationText(
        code="creditor_check", sentence=_l("The check digits do not fit this creditor identifier. One digit is wrong.")
    ),
    ViolationText(
        code="vat_id_form",
        sentence=_l("A VAT identification number begins with the country, in Germany DE and nine digits."),
    ),
    ViolationText(
        code="vat_id_check",
        sentence=_l("The check digit does not fit this VAT identification number. One digit is wrong."),
    ),
    ViolationText(
        code="tax_number_form", sentence=_l("A tax number has digits, slashes and spaces only: 119/815/08151.")
    ),
    ViolationText(
        code="leitweg_form",
        sentence=_l("A Leitweg-ID has groups with hyphens, two digits at its end: 04011000-1234512345-06."),
    ),
    ViolationText(
        code="leitweg_check", sentence=_l("The last two digits do not fit this Leitweg-ID. One digit is wrong.")
    ),
    ViolationText(code="too_many_regimes", sentence=_l("There are %(limit)s statements already. Remove one first.")),
    ViolationText(code="percent_range", sentence=_l("A rate lies between 0 and %(limit)s per cent.")),
    ViolationText(code="days_range", sentence=_l("From 0 to %(limit)s days.")),
    ViolationText(code="tax_key", sentence=_l("A tax key has up to 4 digits; leave it empty for none.")),
    ViolationText(
        code="amounts_in_files",
        sentence=_l(
            "DATEV files hold amounts on accounts that would become others (%(actual)s): what takes them back would go "
            "where your adviser has nothing. Leave these accounts as they are; or say that your adviser moves the "
            "amounts, or takes in all files once more."
        ),
        number=_account_names,
    ),
    ViolationText(
        code="posted_keeps_vat",
        sentence=_l(
            "Usage charges and fees for missed reservations with VAT added: %(limit)s, lines of issued documents: "
            "%(actual)s. They keep the VAT of the former rate; confirm this to enter the new one."
        ),
    ),
    ViolationText(code="percent_form", sentence=_l("A rate has at most two decimals.")),
)
