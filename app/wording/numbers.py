"""Typed numbers -> exact values: "1.234,50" in German, "1,234.50" in English.

A single separator that cannot group thousands counts as the decimal separator in every language, because the
keyboard of a phone offers only one of the two.
"""

from __future__ import annotations

import re
from decimal import Decimal

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

DIGITS_MAX = 12

_NUMBER = re.compile(r"([+-]?)([0-9][0-9.,]*|[.,][0-9]+)")
_GROUPED = {".": re.compile(r"[0-9]{1,3}(\.[0-9]{3})+"), ",": re.compile(r"[0-9]{1,3}(,[0-9]{3})+")}


# 4:15, 4:15:30, 4 h 15 min, 45 min, 4 Std.
_CLOCK = re.compile(r"(?P<h>[0-9]{1,5}):(?P<min>[0-5]?[0-9])(?::(?P<s>[0-5]?[0-9]))?")
_LENGTH = re.compile(
    r"(?:(?P<h>[0-9]{1,5})(?:h|hours?|std\.?|stunden?))?"
    r"(?:(?P<min>[0-9]{1,6})(?:m|min\.?|minutes?|minuten?))?"
    r"(?:(?P<s>[0-9]{1,6})(?:s|sek\.?|sec\.?|seconds?|sekunden?))?",
    re.IGNORECASE,
)


class AmountError(ValueError):
    """The text is not a number; the message says so in the language of the page."""


def parse_decimal(text: str, *, decimals: int | None = None) -> Decimal:
    """Return an exact number from a text. Raises AmountError, also for more than `decimals` decimals."""
    bare = re.sub(r"[\s\u00a0\u202f€]", "", text).replace("−", "-")
    match = _NUMBER.fullmatch(bare)
    if match is None:
        raise AmountError(_("“%(text)s” is not a number. Enter for example 12.5 or 1250.", text=text[:40]))
    sign, digits = match.groups()
    number = Decimal(sign + _plain(digits, text))
    if len(number.as_tuple().digits) > DIGITS_MAX:
        raise AmountError(_("This number is too large."))
    exponent = number.as_tuple().exponent
    if decimals is not None and isinstance(exponent, int) and -exponent > decimals:
        raise AmountError(
            ngettext(
                "At most %(num)s decimal is possible here.", "At most %(num)s decimals are possible here.", decimals
            )
        )
    return number


def _too_many(decimals: int) -> str:
    return ngettext(
        "At most %(num)s decimal is possible here.", "At most %(num)s decimals are possible here.", decimals
    )


def parse_length(text: str) -> int | None:
    """Return the seconds of a length with units or a colon, 4 h 15 min or 4:15; None for any other text."""
    bare = re.sub(r"[\s\u00a0\u202f]", "", text)
    match = _CLOCK.fullmatch(bare) or _LENGTH.fullmatch(bare)
    if not bare or match is None:
        return None
    return int(match["h"] or 0) * 3_600 + int(match["min"] or 0) * 60 + int(match["s"] or 0)


def _plain(digits: str, text: str) -> str:
    """Return the digits with a point as decimal separator and without grouping."""
    group = "." if _language() == "de" else ","
    separators = [char for char in digits if char in ".,"]
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
    raise AmountError(_("“%(text)s” is not a number. Enter for example 12.5 or 1250.", text=text[:40]))


def _language() -> str:
    locale = get_locale()
    return locale.language if locale is not None else "en"
