"""Searches find a name however its umlauts, accents and cases are written."""

from __future__ import annotations

import pytest

from booking.kernel.search_patterns import is_text_in


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mueller", "Müller"),
        ("muller", "Müller"),
        ("MÜLLER", "Mueller"),
        ("Müller", "Muller"),
        ("müh", "Mu\u0308hle"),
        ("mu\u0308h", "Mühle"),
        ("gross", "Große Wiese"),
        ("große", "GROSSE"),
        ("gros", "Groß"),
        ("STRAẞE", "Dorfstrasse"),
        ("bauer", "Bauernhof"),
        ("uer", "Bauer"),
        ("quelle", "Quelle"),
        ("lukasz", "Łukasz"),
        ("soren", "Søren"),
        ("cafe", "Café"),
        ("иван", "ИВАН"),
        ("50 % (a)", "Rabatt 50 % (a)"),
    ],
)
def test_one_spelling_finds_the_other(typed, name):
    assert is_text_in(typed, name)


@pytest.mark.parametrize(("typed", "name"), [("müller", "Möller"), (".", "Anna"), ("%", "Anna"), ("_", "Anna")])
def test_another_name_is_not_found(typed, name):
    assert not is_text_in(typed, name)
