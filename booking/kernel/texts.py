"""Which characters a text may hold: the one rule for forms, addresses, programs, files, commands and settings.

Refused are control characters but tab and line breaks (PostgreSQL cannot store NUL, a terminal or a printer obeys
others, U+009B as well as ESC), halves of surrogate pairs (they have no bytes in UTF-8), U+FFFE and U+FFFF (XML cannot
hold them), and what overrides the direction of writing (a name could be shown as another one).
"""

from __future__ import annotations

import re

NUL = "\0"
REPLACEMENT = "\ufffd"
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def is_fit(text: str) -> bool:
    """Return whether a text holds no character that is refused."""
    return text.isprintable() or UNFIT.search(text) is None


def without_unfit(text: str) -> str:
    """Return a text without the characters that are refused."""
    return text if is_fit(text) else UNFIT.sub("", text)


def code_points(text: str) -> str:
    """Return the refused characters of a text as code points, at most three: "U+0000, U+202E"."""
    return ", ".join(f"U+{ord(each):04X}" for each in list(dict.fromkeys(UNFIT.findall(text)))[:3])
