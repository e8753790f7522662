"""The names of countries: as choices of a form, and as a table from another program writes them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from flask_babel import get_locale

from app.wording.folding import by_word, fold
from booking.addresses import COUNTRIES, COUNTRY_LINES, COUNTRY_PREFIXES


def country_choices() -> list[tuple[str, str]]:
    """Return codes and names in the language of the page, in the order of the names."""
    return list(_choices(getattr(get_locale(), "language", "en")))


def country_code(written: str) -> str:
    """Return the code of a country that is written as its code or its name, German or English; else what is written."""
    return _codes().get(fold(written), written)


@lru_cache(maxsize=4)
def _choices(language: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_names(language).items(), key=lambda pair: unicodedata.normalize("NFKD", pair[1]).casefold()))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    names = by_word((name, code) for language in ("de", "en") for code, name in _names(language).items())
    aliases = {fold(alias): codes[0] for alias, codes in get_global("territory_aliases").items() if len(codes) == 1}
    known = {alias: code for alias, code in aliases.items() if code in COUNTRIES}  # AUT and UK, but no former ones
    own = by_word([*COUNTRY_LINES.items(), *COUNTRY_PREFIXES.items(), *((code, code) for code in COUNTRIES)])
    return known | names | own


def _names(language: str) -> dict[str, str]:
    names = Locale(language).territories
    return {code: names[code] for code in COUNTRIES}
