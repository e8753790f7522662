"""Which characters a text may hold: the one rule for forms, addresses, programs, files, commands and settings.

Refused are control characters but tab and line breaks (PostgreSQL cannot store NUL, a terminal or a printer obeys
others, U+009B as well as ESC), halves of surrogate pairs (they have no bytes in UTF-8), U+FFFE and U+FFFF (XML cannot
hold them), and what overrides the direction of writing (a name could be shown as another one). A text of nothing but
characters that nobody sees (of no width, fillers, marks without a letter) is refused too: a name would look empty.
So are more than 30 marks on one letter: no script has them (Unicode's "stream-safe text format"), and normalizing and
folding a text takes time with the square of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

NUL = "\0"
REPLACEMENT = "\ufffd"
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# Unicode's Default_Ignorable_Code_Point, the blank of braille, invisible formatting, and combining accents.
_INVISIBLE = (
    "\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
MARKS_MAX = 30
_FIRST_MARK, _LAST_MARK = "\u0300", "\U0001efff"
_MAY_BE_MARKS = re.compile(f"[{_FIRST_MARK}-{_LAST_MARK}]{{{MARKS_MAX + 1}}}")  # hardly any text: quick to tell
_VISIBLE = re.compile(rf"[^\s{_INVISIBLE}]")


def is_fit(text: str) -> bool:
    """Return whether a text holds no character that is refused, and is empty, blank or to be seen."""
    if text.isascii():
        return text.isprintable() or UNFIT.search(text) is None
    return UNFIT.search(text) is None and not _is_invisible(text) and not _has_too_many_marks(text)


def without_unfit(text: str) -> str:
    """Return a text without the characters that are refused; nothing of one that nobody would see."""
    if is_fit(text):
        return text
    kept = UNFIT.sub("", text)
    if _has_too_many_marks(kept):
        kept = _too_many_marks().sub(lambda found: found[0][:MARKS_MAX], kept)
    return "" if _is_invisible(kept) else kept


def _is_invisible(text: str) -> bool:
    return bool(text.strip()) and _VISIBLE.search(text) is None


def _has_too_many_marks(text: str) -> bool:
    return _MAY_BE_MARKS.search(text) is not None and _too_many_marks().search(text) is not None


@lru_cache(maxsize=1)
def _too_many_marks() -> re.Pattern[str]:
    """Return a pattern of more marks in a row than one letter can have: built once, and hardly ever needed."""
    characters = map(chr, range(ord(_FIRST_MARK), ord(_LAST_MARK) + 1))
    # Some are no marks but become marks: U+0F73 is U+0F71 and U+0F72, U+FF9E a narrow U+3099.
    marks = "".join(char for char in characters if unicodedata.combining(unicodedata.normalize("NFKD", char)[0]))
    return re.compile(f"[{marks}]{{{MARKS_MAX + 1},}}")


def code_points(text: str) -> str:
    """Return the refused characters of a text as code points, at most three: "U+0000, U+202E"."""
    return ", ".join(f"U+{ord(each):04X}" for each in list(dict.fromkeys(UNFIT.findall(text) or text))[:3])
