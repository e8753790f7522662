"""The text of a cell as it was meant: without what spreadsheets and other programs put around it."""

from __future__ import annotations

import re
import unicodedata

from billing.exports.csv import unescape_formula
from booking.kernel.texts import is_fit, without_unfit

# Zero-width characters, the soft hyphen and the mark of a text direction: invisible, and never typed on purpose.
_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_PAGE_BREAKS = re.compile("[\x0b\x0c]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAKS = re.compile(r"[\r\n\x0b\x0c\u0085\u2028\u2029\t]+ ?")
_TEXT_FORMULA = re.compile(r'="([^"]*)"')  # how programs keep the zeros of ="0042"
_TEXT_MARK = re.compile(r"'([+0-9][-0-9 ()/.]*)")  # '0042, a number typed as text
# What a spreadsheet shows in place of a value, in English and German; #### is a column that was too narrow.
_FAULTS = re.compile(
    r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|NV|WERT!|BEZUG!|ZAHL!|#+)|Err:\d{3}", re.ASCII | re.IGNORECASE
)
_NOTHING = ("NULL", "(null)", "<null>", "\\N", "NaN", "nan", "NaT")  # how databases and programs write an empty cell


def clean(text: str, *, keeps_lines: bool = False) -> str:
    """Return the text of a cell: composed letters, plain spaces, nothing invisible. keeps_lines: with its lines."""
    text = _TEXT_FORMULA.sub(r"\1", text) if text.startswith('="') else unescape_formula(text)
    text = _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    text = without_unfit(_CONTROLS.sub("", text if keeps_lines else _LINE_BREAKS.sub(" ", text)).strip())
    if text in _NOTHING:
        return ""
    marked = _TEXT_MARK.fullmatch(text)
    return marked[1] if marked else text


def storable(text: str) -> str:
    """Return a text with line breaks in place of page breaks and without the other control characters."""
    return text if is_fit(text) else without_unfit(_PAGE_BREAKS.sub("\n", text))


def is_fault(text: str) -> bool:
    """Return whether a spreadsheet shows an error in place of the value."""
    return _FAULTS.fullmatch(text) is not None
