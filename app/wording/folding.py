"""Words compared as people write them: without case, accents, punctuation and spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from flask_babel import force_locale

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
SLUG_LENGTH_MAX = 60
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return the key under which spellings of the same word meet: "Größe (m³)" and "grosse m3" are "grossem3"."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_ALPHANUMERIC.sub("", bare)


def foldings(text: str) -> set[str]:
    """Return every key of a word of ours: with ä as a and as ae."""
    spelled_out = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    return {fold(text), fold(spelled_out)} - {""}


def in_every_language(labels: Mapping[str, object]) -> dict[str, str]:
    """Return folded word -> code for lazy labels (code -> text) in each language; codes are words too."""
    words: dict[str, str] = {}
    for language in ("de", "en"):
        with force_locale(language):
            for code, label in labels.items():
                words |= dict.fromkeys(foldings(str(label)) | foldings(code), code)
    return words


def by_word(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return folded word -> value for pairs of a word and a value."""
    return {key: value for word, value in pairs for key in foldings(word)}


def slug_of(text: str) -> str:
    """Return a text as a short name for addresses: "Halle Süd" becomes "halle-sued"."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_UMLAUTS))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    return "-".join(words)[:SLUG_LENGTH_MAX].strip("-")
