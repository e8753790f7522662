"""Addresses in free text are split where it is certain, and stay whole where it is not."""

from __future__ import annotations

import pytest

from booking.addresses import Address, check_address, split_address

SPLIT = [
    ("one line", "Am Bahnhof 4, 82418 Murnau", Address("", "Am Bahnhof 4", "82418", "Murnau")),
    (
        "two lines",
        "Seefeldweg 2\n82449 Uffing am Staffelsee",
        Address("", "Seefeldweg 2", "82449", "Uffing am Staffelsee"),
    ),
    (
        "an addressee first",
        "Hof Huber\nDorfstr. 3a\n82418 Seehausen",
        Address("Hof Huber", "Dorfstr. 3a", "82418", "Seehausen"),
    ),
    (
        "a prefix of the country",
        "Museumstr. 1, A-6020 Innsbruck",
        Address("", "Museumstr. 1", "6020", "Innsbruck", "AT"),
    ),
    (
        "the country on its own line",
        "Hauptgasse 8\n3011 Bern\nSchweiz",
        Address("", "Hauptgasse 8", "3011", "Bern", "CH"),
    ),
    ("the German prefix", "Ring 5, D-80331 München", Address("", "Ring 5", "80331", "München")),
]

WHOLE = [
    ("nothing but a town", "Seehausen"),
    ("no house number", "Am Anger, 82418 Murnau"),
    ("no postcode", "Am Bahnhof 4, Murnau"),
    ("four digits name no German town", "Museumstr. 1, 6020 Innsbruck"),
    ("four parts could mean anything", "Hof Huber, Büro, Dorfstr. 3, 82418 Seehausen"),
    ("an unknown prefix", "Rue 3, F-75001 Paris"),
    ("a remark behind the town", "Dorfstr. 3, 82418 Murnau, Tor links"),
    ("a telephone number", "08841 1234"),
    ("a telephone number for a street", "Tel. 08841 1234, 82418 Murnau"),
    ("a telephone number behind the town", "Dorfstr. 3, 82418 Murnau Tel. 08841 12"),
    ("a part of the building behind the street", "Dorfstr. 3, Haus 2, 82418 Murnau"),
]


@pytest.mark.parametrize(("reason", "text", "address"), SPLIT, ids=[row[0] for row in SPLIT])
def test_a_certain_address_is_split(reason, text, address):
    assert split_address(text) == address


@pytest.mark.parametrize(("reason", "text"), WHOLE, ids=[row[0] for row in WHOLE])
def test_an_uncertain_address_stays_whole(reason, text):
    address = split_address(text)

    assert address == Address(text=text)
    assert not address.is_complete


def test_one_line_is_read_from_the_parts_or_else_from_the_text():
    assert Address(street="Ring 5", postcode="80331", town="München", text="old").one_line == "Ring 5, 80331 München"
    assert Address(town="Murnau").one_line == "Murnau"
    assert Address(text="Am Anger\nMurnau").one_line == "Am Anger, Murnau"
    assert Address().one_line == ""


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        (Address(postcode="8241"), "postcode_form"),
        (Address(postcode="82418", country="AT"), "postcode_form"),
        (Address(country="Deutschland"), "unknown_country"),
        (Address(country=""), "unknown_country"),
        (Address(town="x" * 121), "at_most"),
    ],
)
def test_an_address_that_breaks_a_rule_is_refused(address, rule):
    assert [violation.rule for violation in check_address(address)] == [rule]


def test_a_foreign_postcode_may_have_any_form():
    assert check_address(Address(postcode="EC1A 1BB", country="GB")) == []
