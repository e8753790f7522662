"""Texts of billing details: their fields, VAT regimes, codes of VAT, and what is missing for documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

PARTY_FIELDS: dict[str, Any] = {
    "vat_id": _l("VAT identification number"),
    "tax_number": _l("Tax number"),
    "iban": _l("IBAN"),
    "creditor_id": _l("Creditor identifier"),
    "document_email": _l("E-mail address for documents"),
    "leitweg_id": _l("Leitweg-ID"),
    "contact_name": _l("Contact for questions"),
    "contact_phone": _l("Telephone for questions"),
    "contact_email": _l("E-mail address for questions"),
    "regime": _l("How it is taxed"),
    "standard": _l("Standard rate"),
    "reduced": _l("Reduced rate"),
    "flat_rate": _l("Flat rate of farmers (§ 24 UStG)"),
}

REGIME_LABELS: dict[str, Any] = {
    "regular": _l("Regular taxation"),
    "small": _l("Small business (§ 19 UStG)"),
    "flat_rate": _l("Flat-rate farmer (§ 24 UStG)"),
    "outside": _l("Outside VAT (no entrepreneur)"),
}

VAT_CODE_LABELS: dict[str, Any] = {code: PARTY_FIELDS[code] for code in ("standard", "reduced", "flat_rate")}

GAP_LABELS: dict[str, Any] = {
    "address": _l("Street, postcode or town is missing"),
    "unsplit": _l("The address is not split into its parts"),
    "regime": _l("How it is taxed is not stated"),
    "tax_number": _l("Tax number or VAT identification number is missing"),
    "iban": _l("IBAN is missing"),
    "contact": _l("Contact with telephone and e-mail address is missing"),
    "email": _l("E-mail address is missing"),
}


def format_percent(percent: Decimal) -> str:
    """Return a rate in percent, such as 7.8%, in German 7,8 %."""
    language = getattr(get_locale(), "language", "en")
    space = "\u00a0" if language == "de" else ""
    return f"{format_decimal(percent, format='0.##', locale=language)}{space}%"
