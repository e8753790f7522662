"""Identifiers are checked by their check digits, and named by what is wrong with them."""

from __future__ import annotations

import pytest

from billing.parties.bank_details import (
    check_creditor_id,
    check_iban,
    check_leitweg_id,
    check_tax_number,
    check_vat_id,
    short_iban,
    spaced_iban,
)

GERMAN = "DE02120300000000202051"


def rules(violations):
    return [violation.rule for violation in violations]


@pytest.mark.parametrize(
    ("iban", "expected"),
    [
        (GERMAN, []),
        ("AT611904300234573201", []),
        ("", []),
        ("DE03120300000000202051", ["iban_check"]),
        ("DE02120300000000202015", ["iban_check"]),  # two digits swapped
        ("DE0212030000000020205", ["iban_length"]),
        ("XX021203", ["iban_country"]),
        ("Sparkasse", ["iban_form"]),
    ],
)
def test_an_iban_is_named_by_what_is_wrong(iban, expected):
    assert rules(check_iban(iban)) == expected


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (check_creditor_id, "DE98ZZZ09999999999", []),
        (check_creditor_id, "DE98ABC09999999999", []),  # the business code does not count
        (check_creditor_id, "DE97ZZZ09999999999", ["creditor_check"]),
        (check_creditor_id, "DE98ZZZ0999999999", ["creditor_form"]),
        (check_vat_id, "DE136695976", []),
        (check_vat_id, "DE136695977", ["vat_id_check"]),
        (check_vat_id, "DE13669597", ["vat_id_form"]),
        (check_vat_id, "ATU12345675", []),
        (check_leitweg_id, "04011000-1234512345-06", []),
        (check_leitweg_id, "04011000-1234512345-07", ["leitweg_check"]),
        (check_leitweg_id, "Gemeinde", ["leitweg_form"]),
        (check_tax_number, "119/815/08151", []),
        (check_tax_number, "none", ["tax_number_form"]),
    ],
)
def test_other_identifiers_too(check, value, expected):
    assert rules(check(value)) == expected


def test_an_iban_is_shortened_for_others_and_grouped_on_paper():
    assert short_iban(GERMAN) == "DE02 … 2051"
    assert spaced_iban(GERMAN) == "DE02 1203 0000 0000 2020 51"
