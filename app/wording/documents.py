"""Texts of documents: kinds, VAT codes, sentences about VAT, and what is missing before one can be issued."""

from __future__ import annotations

from typing import Any

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from app.wording.ledger import TOPIC_LABELS
from app.wording.parties import GAP_LABELS, VAT_CODE_LABELS

KIND_LABELS: dict[str, Any] = {
    "invoice": _l("Invoice"),
    "cancellation": _l("Correction of an invoice"),
    "statement": _l("Statement"),
}

NO_INVOICE = _l("A statement is no invoice: it says what is owed, and claims nothing by itself.")
IN_YOUR_FAVOUR = _l("Settlement with a balance in your favour")
STORED_WORDS = (*KIND_LABELS.values(), IN_YOUR_FAVOUR, NO_INVOICE, *TOPIC_LABELS.values())

CODE_LABELS: dict[str, Any] = {
    "standard": VAT_CODE_LABELS["standard"],
    "reduced": VAT_CODE_LABELS["reduced"],
    "exempt": _l("Exempt (§ 4 UStG)"),
    "outside": _l("Outside VAT"),
}

REASON_LABELS: dict[str, Any] = {
    "small": _l("Small business (§ 19 UStG)"),
    "flat_rate": _l("Flat-rate farmer (§ 24 UStG)"),
    "exempt": CODE_LABELS["exempt"],
    "outside": CODE_LABELS["outside"],
}

PROBLEM_LABELS: dict[str, Any] = {
    "address": GAP_LABELS["address"],
    "ring_address": _l("The address of the ring is not complete"),
    "tax_number": _l("The ring has no tax number and no VAT identification number"),
    "contact": _l("For an XRechnung, the ring has no contact with telephone and e-mail address"),
    "regime": _l("How the ring is taxed on the day of service is not stated"),
    "regime_changes": _l(
        "How the ring is taxed changes within what was supplied: reverse the allocation, and divide each part of the "
        "time by itself"
    ),
    "vat_code": _l("Which VAT is in these amounts is not said"),
    "mixed_codes": _l(
        "Charges and advances with different VAT are counted against one share in one line: reverse the allocation and "
        "post it again, then each VAT has its line"
    ),
    "mixed_vat": _l(
        "What is counted against a share was invoiced with different VAT: take back the invoices with the wrong VAT "
        "and issue them again, or divide each part of the time by itself"
    ),
    "rate": _l("No rate of VAT is known for the day of service"),
    "other_vat": _l(
        "VAT was added to a price at another rate than holds for its day: enter the tariff again to correct it"
    ),
}


def stored_text(text: str, language: str) -> str:
    """Return a text of an issued document for a page: what documents say themselves is in the language of the page.

    language: of the document. What somebody entered stays as it is.
    """
    with force_locale(language):
        known = {str(one): one for one in STORED_WORDS}
    return str(known.get(text, text))
