"""Searches in names as people type them: ü, ue and u are one, ß and ss too; accents and case do not count."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

LENGTH_MAX = 100  # of what is searched for; the rest of a longer text is not looked at

_OF_TWO_LETTERS = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "ß": "ss"}
_UMLAUTS = "aou"
_UMLAUT = re.compile("([aou])e")
_MARKS = "[\u0300-\u0304\u0306-\u030c\u0327\u0328]*"  # of letters written in two characters, as Apple's systems do
_FIRST_LETTER, _END_OF_LETTERS = 0xC0, 0x250  # Latin-1, Latin Extended-A and -B


def search_pattern(text: str) -> str:
    """Return the regular expression of a text, for Python and both databases."""
    return "".join(_parts(_plain(text[:LENGTH_MAX].strip())))


def has_text(columns: Iterable[InstrumentedAttribute[str]], text: str) -> ColumnElement[bool]:
    """Return the condition that one of some columns has a text in it."""
    pattern = search_pattern(text)
    return or_(*(column.regexp_match(pattern) for column in columns))


def is_text_in(text: str, *values: str) -> bool:
    """Return whether one of some values has a text in it, as has_text() finds it."""
    pattern = compiled(text)
    return any(pattern.search(value) for value in values)


@lru_cache(maxsize=100)
def compiled(text: str) -> re.Pattern[str]:
    """Return search_pattern() of a text, compiled."""
    return re.compile(search_pattern(text))


def _plain(text: str) -> str:
    """Return a text in small letters without accents, its umlauts as one letter: "Müller", "Mueller": "muller"."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(_OF_TWO_LETTERS.get(char, char) for char in folded if not unicodedata.combining(char))
    return _UMLAUT.sub(r"\1", bare)


def _parts(plain: str) -> Iterator[str]:
    position = 0
    while position < len(plain):
        char = plain[position]
        if plain.startswith("ss", position):
            yield f"(?:[ßẞ]|[{_LETTERS['s']}]{_MARKS}[{_LETTERS['s']}]{_MARKS})"
            position += 2
            continue
        yield _part(char)
        position += 1


def _part(char: str) -> str:
    if char in _LETTERS:
        return f"[{_LETTERS[char]}]{_MARKS}" + ("[eE]?" if char in _UMLAUTS else "")
    if char.upper() != char and len(char.upper()) == 1:
        return f"[{char}{char.upper()}]"
    return re.escape(char)


def _letters() -> Mapping[str, str]:
    """Return plain letter -> all letters that count as it, in both cases."""
    found: dict[str, set[str]] = defaultdict(set)
    for plain in string.ascii_lowercase:
        found[plain] |= {plain, plain.upper()}
    for code in range(_FIRST_LETTER, _END_OF_LETTERS):
        plain = unicodedata.normalize("NFKD", _OF_TWO_LETTERS.get(chr(code).lower(), chr(code)).casefold())
        if plain[0].isascii() and plain[0].isalpha():
            found[plain[0]].add(chr(code))
    return {plain: "".join(sorted(group)) for plain, group in found.items()}


_LETTERS = _letters()
