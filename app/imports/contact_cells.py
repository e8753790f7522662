"""Addresses, telephone numbers and postcodes without what databases, spreadsheets and mail programs put around them."""

from __future__ import annotations

import re

from flask_babel import gettext as _

from app.imports.cells import CellError
from app.wording.countries import country_code
from booking.addresses import COUNTRIES

_LINK = re.compile(
    r".*?#?mailto:([^#?]*)[#?]?.*|[^#<>]*#([^#]*)#[^#]*", re.IGNORECASE
)  # text#mailto:address# of Access
_BEHIND_A_NAME = re.compile(r"""[^<>]*<([^<>]*)>""")
_AROUND = " '\"“”„<>,;"
_TELEPHONE_LINK = re.compile(r"tel:(?://)?", re.IGNORECASE)
_ROUND_NUMBER = re.compile(r"(\d{4,})[.,]0{1,2}", re.ASCII)
_COUNTRY_AND_POSTCODE = re.compile(r"([A-Z]{1,3})[- ]+(\d{4,6})")
# 3-5 became 2026-03-05, 05. Mrz or Mrz 05.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[.-] ?[^\W\d_]{3}\.?|[^\W\d_]{3}\.? \d{2}")


def email_of(text: str) -> str:
    """Return the address in a link or behind a name: "Anna <anna@farm.example>", anna@farm.example#mailto:..."""
    link, named = _LINK.fullmatch(text), _BEHIND_A_NAME.fullmatch(text)
    if link:
        text = link[1] or link[2] or text
    elif named:
        text = named[1]
    return text.strip(_AROUND).removesuffix(".")


def phone_of(text: str) -> str:
    """Return a telephone number: tel:+49 8841 1 and 1721234567.0 without what is no part of it."""
    return without_zeros_behind(_TELEPHONE_LINK.sub("", text))


def without_zeros_behind(text: str) -> str:
    """Return 82418 for 82418.0, as programs write the numbers of a column with empty cells."""
    match = _ROUND_NUMBER.fullmatch(text)
    return match[1] if match else text


def postcode_of(text: str) -> tuple[str, str]:
    """Return the country and the postcode of A-1010; "" as country where none is written."""
    match = _COUNTRY_AND_POSTCODE.fullmatch(text)
    if match and (country := country_code(match[1])) in COUNTRIES:
        return country, match[2]
    return "", without_zeros_behind(text)


def require_no_day(text: str, column: str) -> None:
    """Raise CellError for a house number that a spreadsheet has taken for a day."""
    if _DAY.fullmatch(text):
        raise CellError(
            _(
                "%(column)s: a spreadsheet has made the date “%(text)s” of it. Format its column as text, and enter "
                "it again.",
                column=column,
                text=text[:40],
            )
        )
