"""Marks without end: normalizing a text takes time with the square of those in a row."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from booking.kernel.texts import MARKS_MAX, is_fit, without_unfit


@pytest.mark.parametrize("char", ["\u0301", "\u0f73", "\u0f75", "\u0f81", "\uff9e", "\uff9f"])
def test_what_only_normalizing_makes_a_mark_counts_as_one(char):
    most = "a" + char * MARKS_MAX

    assert (is_fit(most), is_fit(most + char), without_unfit(most + char)) == (True, False, most)


def test_no_character_of_unicode_can_join_a_row_of_marks_uncounted():
    """Only a character of class 0 in what it becomes ends a row; the others are what the rule counts."""
    characters = (chr(number) for number in range(128, sys.maxunicode + 1))
    joining = [char for char in characters if all(map(unicodedata.combining, unicodedata.normalize("NFKD", char)))]

    assert len(joining) > 900
    assert [char for char in joining if is_fit("a" + char * (MARKS_MAX + 1))] == []
