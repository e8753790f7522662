"""Which characters a text may hold: the one rule for forms, addresses, programs, files, commands and settings.

Refused are control characters but tab and line breaks (PostgreSQL cannot store NUL, a terminal or a printer obeys
others, U+009B as well as ESC), halves of surrogate pairs (they have no bytes in UTF-8), U+FFFE and U+FFFF (XML cannot
hold them), and what overrides the direction of writing (a name could be shown as another one). A text of nothing but
characters that nobody sees (of no width, fillers, marks without a letter) is refused too: a name would look empty.
"""

from __future__ import annotations

import re

NUL = "\0"
REPLACEMENT = "\ufffd"
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
# Unicode's Default_Ignorable_Code_Point, the blank of braille, invisible formatting, and combining accents.
_INVISIBLE = (
    "\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_VISIBLE = re.compile(rf"[^\s{_INVISIBLE}]")


def is_fit(text: str) -> bool:
    """Return whether a text holds no character that is refused, and is empty, blank or to be seen."""
    if text.isascii():
        return text.isprintable() or UNFIT.search(text) is None
    return UNFIT.search(text) is None and not _is_invisible(text)


def without_unfit(text: str) -> str:
    """Return a text without the characters that are refused; nothing of one that nobody would see."""
    if is_fit(text):
        return text
    kept = UNFIT.sub("", text)
    return "" if _is_invisible(kept) else kept


def _is_invisible(text: str) -> bool:
    return bool(text.strip()) and _VISIBLE.search(text) is None


def code_points(text: str) -> str:
    """Return the refused characters of a text as code points, at most three: "U+0000, U+202E"."""
    return ", ".join(f"U+{ord(each):04X}" for each in list(dict.fromkeys(UNFIT.findall(text) or text))[:3])
