"""Letters that were misread before a file was saved are recognised; what people really write is not."""

from __future__ import annotations

import pytest

from app.imports import mojibake
from app.imports.mojibake import lost_words, misread_words, repaired

RIGHT = [
    "Müller",
    "Straße",
    "Größe",
    "m³/h",
    "Huber–Maier",
    "Müller–Maier",
    "Łukasz",
    "Dvořák",
    "„CAFÉ“",
    "Bauer…und",
    "•Item",
    "naïve",
    "O’Neil",
    "Œuvre",
    "Žižek",
    "5€",
    "½h",
    "Col·lecció",
    "„Sonne“",
    "Ø20",
    "±5",
    "Ziegenhof®Sailer",
    "Björn’s",
    "Zürich/Köln",
    "Şahin",
    "Aydın",
    "3×4",
    "Jörg&Söhne",
    "MÜLLER",
    "ÖBB",
    "Škoda",
]


@pytest.mark.parametrize(
    ("misread", "code", "right"),
    [
        ("MÃ¼ller", "utf-8-twice", "Müller"),
        ("GrÃ¶ÃŸe", "utf-8-twice", "Größe"),
        ("5â‚¬", "utf-8-twice", "5€"),
        ("J√§ger", "utf-8-as-mac", "Jäger"),
        ("H├Âfer", "utf-8-as-dos", "Höfer"),
        ("M¸ller", "windows-as-mac", "Müller"),
        ("J‰ger", "windows-as-mac", "Jäger"),
        ("Hˆfer", "windows-as-mac", "Höfer"),
        ("Straﬂe", "windows-as-mac", "Straße"),
        ("Wei§gerber", "mac-as-windows", "Weißgerber"),
        ("MŸller", "mac-as-windows", "Müller"),
        ("J„ger", "dos-as-windows", "Jäger"),
        ("M\x81ller", "dos-as-windows", "Müller"),
        ("M³ller", "windows-as-dos", "Müller"),
        ("H÷fer", "windows-as-dos", "Höfer"),
    ],
)
def test_a_misread_word_is_recognised_and_repaired(misread, code, right):
    assert list(misread_words(f"Nummer;Name\n1;{misread}\n")) == [code]
    assert repaired(f"Huber {misread}", code) == f"Huber {right}"


def test_what_people_write_is_not_suspected():
    assert {word: found for word in RIGHT if (found := misread_words(word))} == {}


def test_lost_letters_are_found_but_no_questions_and_no_addresses():
    text = "M\ufffdller;Gr?nau;Stra?e;ï¿½rzte;was?;warum? weil;http://x/y?z=1;a@b.c?d"
    assert lost_words(text) == ["M\ufffdller", "Gr?nau", "Stra?e", "ï¿½rzte"]


def test_of_a_long_text_so_many_words_are_judged(monkeypatch):
    """One row of 290 texts of 10,000 letters held a web process for twelve seconds."""
    monkeypatch.setattr(mojibake, "WORDS_MAX", 3)
    assert list(misread_words("ä1 ö1 ä1 HÃ¶fer ü1")) == ["utf-8-twice"]
    assert misread_words("ä1 ö1 ü1 HÃ¶fer") == {}
