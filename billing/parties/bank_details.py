"""IBAN, creditor identifier, VAT id and Leitweg-ID: cleaned, checked, shortened. Pure."""

from __future__ import annotations

import re

from booking.errors.schedule_errors import Violation

CREDITOR_ID = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{3}[A-Z0-9]{1,28}")
GERMAN_CREDITOR_ID = re.compile(r"DE[0-9]{2}[A-Z0-9]{3}0[0-9]{10}")
VAT_ID = re.compile(r"[A-Z]{2}[A-Z0-9+*]{2,13}")
GERMAN_VAT_ID = re.compile(r"DE[0-9]{9}")
TAX_NUMBER = re.compile(r"[0-9][0-9 /]{5,24}[0-9]")
LEITWEG_ID = re.compile(r"[0-9]{2,12}(?:-[A-Z0-9]{1,30})?-[0-9]{2}")


def compact(text: str) -> str:
    """Return an identifier in capitals, without spaces."""
    return "".join(text.split()).upper()


def short_iban(iban: str) -> str:
    """Return an IBAN for those who only need to recognise it: "DE02 … 2051"."""
    return f"{iban[:4]} … {iban[-4:]}" if iban else ""


def spaced_iban(iban: str) -> str:
    """Return an IBAN in groups of four, as on paper."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def check_iban(iban: str) -> list[Violation]:
    """Return iban_form, iban_country, iban_length, iban_check (the check digits do not fit)."""
    if not iban:
        return []
    from schwifty import IBAN, exceptions

    reasons: tuple[tuple[type[Exception], Violation], ...] = (
        (exceptions.InvalidCountryCode, Violation("iban_country", "iban", actual=iban[:2])),
        (exceptions.InvalidLength, Violation("iban_length", "iban", actual=len(iban))),
        (exceptions.InvalidChecksumDigits, Violation("iban_check", "iban", actual=iban[2:4])),
        (exceptions.SchwiftyException, Violation("iban_form", "iban", actual=iban[:40])),
    )
    try:
        IBAN(iban).validate()
    except exceptions.SchwiftyException as error:
        return [next(violation for kind, violation in reasons if isinstance(error, kind))]
    return []


def check_creditor_id(creditor_id: str) -> list[Violation]:
    """Return creditor_form, or creditor_check where the check digits (mod 97-10) do not fit."""
    if not creditor_id:
        return []
    form = GERMAN_CREDITOR_ID if creditor_id.startswith("DE") else CREDITOR_ID
    if not form.fullmatch(creditor_id):
        return [Violation("creditor_form", "creditor_id", actual=creditor_id[:40])]
    # The three characters of the business code are left out.
    if _remainder(creditor_id[7:] + creditor_id[:4]) != 1:
        return [Violation("creditor_check", "creditor_id", actual=creditor_id)]
    return []


def check_vat_id(vat_id: str) -> list[Violation]:
    """Return vat_id_form, or vat_id_check where the check digit of a German one does not fit."""
    if not vat_id:
        return []
    if vat_id.startswith("DE"):
        if not GERMAN_VAT_ID.fullmatch(vat_id):
            return [Violation("vat_id_form", "vat_id", actual=vat_id[:40])]
        return [] if _mod_11_10(vat_id[2:]) else [Violation("vat_id_check", "vat_id", actual=vat_id)]
    return [] if VAT_ID.fullmatch(vat_id) else [Violation("vat_id_form", "vat_id", actual=vat_id[:40])]


def check_tax_number(tax_number: str) -> list[Violation]:
    """Return tax_number_form: 7 to 26 digits, slashes and spaces."""
    if not tax_number or TAX_NUMBER.fullmatch(tax_number):
        return []
    return [Violation("tax_number_form", "tax_number", actual=tax_number[:40])]


def check_leitweg_id(leitweg_id: str) -> list[Violation]:
    """Return leitweg_form, or leitweg_check where the check digits (mod 97-10) do not fit."""
    if not leitweg_id:
        return []
    if not LEITWEG_ID.fullmatch(leitweg_id):
        return [Violation("leitweg_form", "leitweg_id", actual=leitweg_id[:60])]
    if _remainder(leitweg_id.replace("-", "")) != 1:
        return [Violation("leitweg_check", "leitweg_id", actual=leitweg_id)]
    return []


def _remainder(text: str) -> int:
    """Return the remainder by 97 of a text whose letters count from A = 10 (ISO 7064 mod 97-10)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _mod_11_10(digits: str) -> bool:
    """Return whether the last digit is the check digit of those before it (ISO 7064 mod 11,10)."""
    product = 10
    for digit in digits[:-1]:
        product = (int(digit) + product) % 10 or 10
        product = product * 2 % 11
    return (11 - product) % 10 == int(digits[-1])
