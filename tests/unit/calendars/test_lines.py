"""Content lines: folded by octets, and no words of a person can break out of their line."""

from __future__ import annotations

import pytest

from calendars.lines import escape, fold, text_line


def unfold(text: str) -> str:
    return text.replace("\r\n ", "")


def test_a_short_line_is_left_alone():
    assert fold("SUMMARY:Combine") == "SUMMARY:Combine\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "x" * 75,
        "x" * 76,
        "ä" * 200,
        "🚜" * 100,
        "a" + "🚜" * 100,
        "ab" + "€" * 100,
        "قمح " * 80,
        "x" * 10_000,
    ],
)
def test_no_part_is_longer_than_75_bytes_and_no_character_is_split(text):
    folded = fold(text)

    parts = folded.removesuffix("\r\n").split("\r\n")
    assert all(len(part.encode()) <= 75 for part in parts)
    assert all(part.startswith(" ") for part in parts[1:])
    assert unfold(folded) == text + "\r\n"


def test_a_line_of_exactly_75_bytes_is_not_folded():
    assert fold("ä" * 37 + "x").count("\r\n") == 1
    assert fold("ä" * 38).count("\r\n") == 2


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("straw; hay, silage", "straw\\; hay\\, silage"),
        ("C:\\barn", "C:\\\\barn"),
        ("first\r\nsecond\nthird\rfourth", "first\\nsecond\\nthird\\nfourth"),
        ("a\u2028b\u2029c\x85d\ve\ff", "a\\nb\\nc\\nd\\ne\\nf"),
        ("nul\x00bell\x07escape\x1bdelete\x7fc1\x9f", "nulbellescapedeletec1"),
        ("tab\tbed", "tab bed"),
        ("half a pair \ud83d here", "half a pair  here"),
        ("🚜 مرحبا שלום", "🚜 مرحبا שלום"),
    ],
)
def test_text_is_escaped(words, written):
    assert escape(words) == written


def test_nobody_can_write_a_property_of_their_own():
    attack = "hay\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTACH:http://evil.example/"

    line = text_line("DESCRIPTION", attack)

    assert len(unfold(line).splitlines()) == 1
