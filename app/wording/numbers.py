"""Figures as people type them -> exact values: "1.234,50" in German, "1,234.50" in English.

A single separator that cannot group thousands is taken for the decimal one, whatever the language: the
keyboard of a phone offers only one of the two.
"""

from __future__ import annotations

import re
from decimal import Decimal

from flask_babel import get_locale
from flask_babel import gettext as _

DIGITS_MAX = 12

_FIGURE = re.compile(r"([+-]?)([0-9][0-9.,]*|[.,][0-9]+)")
_GROUPED = {".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+"), ",": re.compile(r"[0-9]{1,3}(,[0-9]{3})+")}


class AmountError(ValueError):
    """The text is no figure; its message says so in the language of the page."""


def parse_decimal(text: str, *, decimals: int | None = None) -> Decimal:
    """An exact figure out of a text. Raises AmountError; also for more than `decimals` decimals."""
    bare = re.sub(r"[\s\u00a0\u202f€]", "", text).replace("−", "-")
    match = _FIGURE.fullmatch(bare)
    if match is None:
        raise AmountError(_("“%(text)s” is not a figure. Write for example 12.5 or 1250.", text=text[:40]))
    sign, digits = match.groups()
    figure = Decimal(sign + _plain(digits, text))
    if len(figure.as_tuple().digits) > DIGITS_MAX:
        raise AmountError(_("This figure is too large."))
    exponent = figure.as_tuple().exponent
    if decimals is not None and isinstance(exponent, int) and -exponent > decimals:
        raise AmountError(_("At most %(count)s decimals are possible here.", count=decimals))
    return figure


def _plain(digits: str, text: str) -> str:
    """The digits with a point as decimal separator and no grouping."""
    group = "." if _language() == "de" else ","
    separators = [letter for letter in digits if letter in ".,"]
    if len(set(separators)) == 2:
        last = separators[-1]
        whole, _point, decimals = digits.rpartition(last)
        other = "," if last == "." else "."
        if _GROUPED[other].fullmatch(whole):
            return whole.replace(other, "") + "." + decimals
    elif not separators or _GROUPED[group].fullmatch(digits):
        return digits.replace(group, "")
    elif len(separators) == 1:
        return digits.replace(",", ".")
    raise AmountError(_("“%(text)s” is not a figure. Write for example 12.5 or 1250.", text=text[:40]))


def _language() -> str:
    locale = get_locale()
    return locale.language if locale is not None else "en"
