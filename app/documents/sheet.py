"""What every document has around its lines: sender, recipient, footer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from billing.parties.bank_details import spaced_iban
from booking.addresses import DEFAULT_COUNTRY

Side = Mapping[str, Any]  # seller or buyer, as stored with a document

NO_BREAK = "\u00a0"  # an IBAN in two lines is mistyped


def sender(seller: Side) -> str:
    """Return the line above the address."""
    return ", ".join(part for part in (seller["name"], seller["street"], _town(seller)) if part)


def recipient(buyer: Side) -> list[str]:
    """Return the lines of the address."""
    lines = [buyer["name"], buyer["addressee"], buyer["street"], _town(buyer)]
    if buyer["country"] != DEFAULT_COUNTRY:
        lines.append(buyer["country"])
    return [line for line in lines if line]


def footer(seller: Side) -> list[list[str]]:
    """Return the columns of the footer: who, whom to ask, the numbers."""
    numbers = [
        seller["tax_number"] and _("Tax number: %(number)s", number=seller["tax_number"]),
        seller["vat_id"] and _("VAT ID: %(number)s", number=seller["vat_id"]),
        seller["iban"] and f"IBAN: {spaced_iban(seller['iban']).replace(' ', NO_BREAK)}",
    ]
    columns = (
        (seller["name"], seller["street"], _town(seller)),
        (seller["contact_name"], seller["contact_phone"], seller["email"]),
        numbers,
    )
    return [[text for text in column if text] for column in columns]


def _town(side: Side) -> str:
    return f"{side['postcode']} {side['town']}".strip()
