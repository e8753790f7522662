"""The words of the program as cells of a table: units, yes and no, price classes, workshops, inductions, statuses.

Each word that a page or a file shows is read in both languages, whatever its case, accents and punctuation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from flask_babel import gettext as _

from app.imports.cells import CellError, integer_text
from app.imports.columns import Columns
from app.wording.billing import price_class_label
from app.wording.folding import by_word, fold, foldings, in_every_language
from app.wording.sorts import SORT_LABELS
from app.wording.statuses import STATUS_LABELS
from app.wording.units import UNIT_NAMES, UNIT_NAMES_ONE
from booking.charge_units import CHARGE_UNITS
from booking.members.members import STANDARD_PRICE_CLASS
from booking.queries import PriceClassView

# Further spellings of charge units that other programs and people use.
UNIT_ALIASES = {
    "hour": ("hr", "hrs", "std", "stunde", "stunden", "hours"),
    "minute": ("minuten", "minutes", "mins"),
    "day": ("tag", "tage", "kalendertag", "tagesmiete", "per day"),
    "place_day": ("platztag", "platztage", "platz-tag", "place day", "place-days"),
    "engine_hour": ("betriebsstunde", "betriebsstd", "betriebsstunden", "motorstunden", "bh", "engine h"),
    "ha": ("hektar", "hectares"),
    "m3": ("cbm", "kubikmeter", "cubic metre", "cubic metres", "cubic meters", "m^3"),
    "t": ("to", "tonne", "tonnen", "tonnes"),
    "kg": ("kilo", "kilogramm", "kilograms"),
    "g": ("gramm", "grams", "gr"),
    "km": ("kilometer", "kilometre", "kilometres"),
    "kwh": ("kilowattstunde", "kilowattstunden", "kilowatt hours"),
    "piece": ("st", "stk", "stck", "stück", "stücke", "pc", "pcs", "each"),
    "animal": ("tier", "tiere", "stück vieh", "head", "kopf"),
}
YES = ("1", "yes", "y", "true", "ja", "j", "x", "wahr", "on", "an", "ok", "nötig", "needed", "✓", "✔", "☑")
NO = ("", "0", "no", "n", "false", "nein", "falsch", "off", "aus", "nicht nötig", "not needed", "-", "–", "☐")
SIGNS = "✓✔☑☐-–—"  # fold to nothing, so they are compared as they are
NO_INDUCTION = ("none", "keine", "no", "nein", "-", "nicht nötig", "not needed")
SORT_ALIASES = {
    "machine": ("gerät", "device", "equipment", "anlage", "vehicle", "fahrzeug", "asset"),
    "room": ("space", "räume", "rooms", "saal", "halle"),
    "person": ("betriebshelfer", "relief worker", "helfer", "mitarbeiter", "staff", "worker"),
    "tool": ("tools", "hand tool", "handwerkzeug"),
}
# Statuses of other programs beside the labels of ours.
STATUS_ALIASES = {
    "confirmed": ("approved", "accepted", "genehmigt", "bestätigt", "freigegeben", "created", "booked", "active"),
    "requested": ("pending", "tentative", "waiting", "offen", "awaiting approval", "provisional"),
    "cancelled": ("canceled", "deleted", "abgesagt", "gelöscht"),
    "rejected": ("denied", "rejected", "abgelehnt"),
}


def charge_unit_code(text: str, column: str) -> str:
    """Return the code of a charge unit. Raises CellError, which names the words that are read."""
    code = _unit_words().get(fold(text))
    if code is None:
        raise not_known(text, column, (str(UNIT_NAMES[each]) for each in CHARGE_UNITS))
    return code


def sort_code(text: str, column: str) -> str:
    """Return the code of a sort of machine. Raises CellError, which names the words that are read."""
    code = _sort_words().get(fold(text))
    if code is None:
        raise not_known(text, column, map(str, SORT_LABELS.values()))
    return code


def flag_of(text: str, column: str) -> bool:
    """Return whether a text means yes, in English or German. An empty text means no. Raises CellError."""
    meaning = _flag_words().get(text if text in SIGNS else fold(integer_text(text) or text) or text)
    if meaning is None:
        raise CellError(_("%(column)s: write yes or no instead of “%(text)s”.", column=column, text=text[:40]))
    return meaning


def status_code(text: str) -> str | None:
    """Return the code of a status of a reservation; None for an unknown word."""
    return _status_words().get(fold(text))


class PriceClassWords:
    """The words for price classes: the code of a class and its name in either language; nothing is the standard."""

    def __init__(self, classes: Iterable[PriceClassView]) -> None:
        self._classes = tuple(classes)
        names = by_word((name, each.code) for each in self._classes for name in (each.name_de, each.name_en))
        self._codes = {"": STANDARD_PRICE_CLASS, **names, **by_word((each.code, each.code) for each in self._classes)}
        self.codes = frozenset(each.code for each in self._classes)

    def label_of(self, code: str) -> str:
        """Return the name of a class in the language of the page."""
        return next((price_class_label(each) for each in self._classes if each.code == code), code)

    def code_of(self, text: str, columns: Columns) -> str:
        """Return the code of a class. Raises CellError, which names the classes."""
        code = self._codes.get(fold(text))
        if code is None or (text and not fold(text)):
            raise not_known(text, columns.header("price_class"), map(price_class_label, self._classes))
        return code


def not_known(text: str, column: str, words: Iterable[str]) -> CellError:
    """Return the error about a word that is none of the given ones."""
    if not text:
        return CellError(_("%(column)s: this must be filled in.", column=column))
    return CellError(
        _(
            "%(column)s: “%(text)s” is not known here. Write one of: %(words)s.",
            column=column,
            text=text[:80],
            words=", ".join(words),
        )
    )


def means_no_induction(text: str) -> bool:
    """Return whether a cell says that a machine needs no induction."""
    return not text or text in SIGNS or fold(text) in {fold(word) for word in NO_INDUCTION}


@lru_cache(maxsize=1)
def _unit_words() -> Mapping[str, str]:
    spellings = by_word((word, code) for code, words in UNIT_ALIASES.items() for word in words)
    return spellings | in_every_language(UNIT_NAMES_ONE) | in_every_language(UNIT_NAMES)


@lru_cache(maxsize=1)
def _sort_words() -> Mapping[str, str]:
    spellings = by_word((word, code) for code, words in SORT_ALIASES.items() for word in words)
    return spellings | by_word((code, code) for code in SORT_LABELS) | in_every_language(SORT_LABELS)


@lru_cache(maxsize=1)
def _status_words() -> Mapping[str, str]:
    spellings = by_word((word, code) for code, words in STATUS_ALIASES.items() for word in words)
    return spellings | in_every_language(STATUS_LABELS)


@lru_cache(maxsize=1)
def _flag_words() -> Mapping[str, bool]:
    words: dict[str, bool] = {"": False}
    for meaning, spellings in ((True, YES), (False, NO)):
        for spelling in spellings:
            words |= dict.fromkeys((spelling,) if spelling in SIGNS else foldings(spelling), meaning)
    return words
