"""Texts whose letters were misread before they were saved: Ã¼, √º or ¸ for ü, and letters that were lost.

Such a text is valid, so only its words tell: a sign within a word that becomes an umlaut in another encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

GERMAN = "äöüÄÖÜß"
OTHERS = "éèêëáàâãíìîïóòôõúùûçñåøæœšžÉÈÁÀÇÑÅØÆŠŽ"
SIGNS = "€–—„“”‚‘’²³°§µ½¼¾·«»…™®©"
# Code of a repair -> the encoding in which the text was read, and the one that it was in.
REPAIRS = {
    "utf-8-twice": ("cp1252", "utf-8"),
    "utf-8-as-mac": ("mac_roman", "utf-8"),
    "utf-8-as-dos": ("cp850", "utf-8"),
    "windows-as-mac": ("mac_roman", "cp1252"),
    "mac-as-windows": ("cp1252", "mac_roman"),
    "dos-as-windows": ("cp1252", "cp850"),
    "windows-as-dos": ("cp850", "cp1252"),
}
_SEPARATOR = re.compile(r"[\s;,\"|]+")
_QUESTIONED = re.compile(r"[^\W\d_]+\?[^\W\d_]+")
WORD_LENGTH_MAX = 200  # what is longer is no word
WORDS_MAX = 20_000  # different words with letters beyond ASCII that are judged, in half a second
_RUN = re.compile(r"[^\x00-\x7f]+")
_LIGATURES = "ﬂƒˆ"  # letters that are ß, Ä and ö of Windows in Mac Roman
_CAPITALS = "ŠŸ"  # letters that are ä and ü of Mac Roman in Windows; within a word nobody writes them


def repaired(text: str, code: str) -> str:
    """Return a text in which runs that were misread are read again; a run that cannot be stays as it is."""
    read_as, was = REPAIRS[code]

    def read_again(run: re.Match[str]) -> str:
        try:
            return b"".join(_byte(char, read_as) for char in run[0]).decode(was)
        except UnicodeError:
            return run[0]

    return _RUN.sub(read_again, text)


def misread_words(text: str) -> dict[str, list[str]]:
    """Return code of a repair -> the words that it makes right, the repair of most words first; {} for none.

    The first WORDS_MAX words tell it of the whole text.
    """
    words = list(islice((word for word in words_of(text) if not word.isascii()), WORDS_MAX))
    found = {code: [word for word in words if _is_misread(word, code)] for code in REPAIRS}
    ranked = sorted((code for code in found if found[code]), key=lambda code: -len(found[code]))
    return {code: found[code] for code in ranked}


def lost_words(text: str) -> list[str]:
    """Return the words of which letters were lost for good: M�ller, M?ller."""
    return [word for word in words_of(text) if "\ufffd" in word or "ï¿½" in word or _QUESTIONED.fullmatch(word)]


def words_of(text: str) -> list[str]:
    """Return the different words of a text; splitting costs the same for a text without separators."""
    return [word for word in dict.fromkeys(_SEPARATOR.split(text)) if len(word) <= WORD_LENGTH_MAX]


def _byte(char: str, encoding: str) -> bytes:
    """Return a character as a byte; the five that cp1252 lacks are kept as control characters by most programs."""
    return bytes([ord(char)]) if 0x80 <= ord(char) <= 0x9F else char.encode(encoding)


def _is_misread(word: str, code: str) -> bool:
    right = repaired(word, code)
    if REPAIRS[code][1] == "utf-8":  # several characters that make one: nobody writes them by chance
        return right != word and all(char < "\x80" or char in GERMAN + OTHERS + SIGNS for char in right)
    return right != word and _is_odd(word) and _is_word(right)


def _is_word(word: str) -> bool:
    """Return whether what is not ASCII in a word are German letters or usual signs, in places where they can be."""
    letters = [(at, char) for at, char in enumerate(word) if char > "\x7f"]
    return bool(letters) and all(
        char in GERMAN and _has_letter_beside(word, at) and not (char.isupper() and _is_within_lower(word, at))
        for at, char in letters
    )


def _is_within_lower(word: str, at: int) -> bool:
    return word[at - 1 : at].islower() or (at > 0 and word[at + 1 : at + 2].islower())


def _has_letter_beside(word: str, at: int) -> bool:
    return word[at - 1 : at].isalpha() or word[at + 1 : at + 2].isalpha()


def _is_odd(word: str) -> bool:
    """Return whether a sign stands between two letters, or a ligature in a word."""
    return any(char in _LIGATURES for char in word) or any(
        (_is_sign(word[at]) or word[at] in _CAPITALS)
        and word[at - 1 : at].isalpha()
        and word[at + 1 : at + 2].isalpha()
        for at in range(1, len(word))
    )


def _is_sign(char: str) -> bool:
    return char > "\x7f" and not char.isalpha() and char != "’"


def samples(words: list[str], most: int) -> Iterator[str]:
    """Return the first words, shortened."""
    return (word[:40] for word in words[:most])
