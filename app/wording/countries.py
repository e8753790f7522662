"""The names of countries: as choices of a form, and as a table from another program writes them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale
from flask_babel import get_locale

from booking.addresses import COUNTRIES, COUNTRY_LINES, COUNTRY_PREFIXES


def country_choices() -> list[tuple[str, str]]:
    """Return codes and names in the language of the page, in the order of the names."""
    return list(_choices(getattr(get_locale(), "language", "en")))


def country_code(written: str) -> str:
    """Return the code of a country that is written as its code or its name, German or English; else what is written."""
    return _codes().get(written.casefold(), written)


@lru_cache(maxsize=4)
def _choices(language: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_names(language).items(), key=lambda pair: unicodedata.normalize("NFKD", pair[1]).casefold()))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    names = {name.casefold(): code for language in ("de", "en") for code, name in _names(language).items()}
    prefixes = {prefix.casefold(): code for prefix, code in COUNTRY_PREFIXES.items()}
    return names | COUNTRY_LINES | prefixes | {code.casefold(): code for code in COUNTRIES}


def _names(language: str) -> dict[str, str]:
    names = Locale(language).territories
    return {code: names[code] for code in COUNTRIES}
