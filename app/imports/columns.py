"""The columns of each kind of table: their headers in the language of the page, and aliases."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l

from app.wording.rules.machine import MACHINE_RULES
from booking.rules import RULE_NAMES


@dataclass(frozen=True)
class Columns:
    """The columns of one kind of table.

    headers: column -> its name in the language of the page. aliases: further names -> column, with the German
    headers, so that files in both languages are read whatever the language of the page. required: mandatory columns.
    """

    headers: Mapping[str, Any]
    aliases: Mapping[str, str]
    required: tuple[str, ...]
    _known: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {_plain(alias): column for alias, column in self.aliases.items()}
        object.__setattr__(self, "_known", known | {_plain(column): column for column in self.headers})

    def column_of(self, text: str) -> str:
        """Return the column of a header, ignoring case and punctuation; "" for an unknown one."""
        return self._known.get(_plain(text)) or self._known.get(_plain(text.partition("(")[0]), "")

    def header(self, column: str) -> str:
        """Return the name of a column in the language of the page."""
        return str(self.headers.get(column, column))

    def joined(self, columns: Collection[str] | None = None) -> str:
        """Return the names of some columns, or of all, for a sentence."""
        return ", ".join(self.header(column) for column in (self.headers if columns is None else columns))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())


MEMBERS = Columns(
    headers={
        "number": _l("number"),
        "name": _l("name"),
        "trade": _l("trade"),
        "email": _l("email"),
        "phone": _l("phone"),
        "address_name": _l("addressee"),
        "address_street": _l("street"),
        "address_postcode": _l("postcode"),
        "address_town": _l("town"),
        "address_country": _l("country"),
        "address_text": _l("address"),
        "price_class": _l("price class"),
        "joined_on": _l("joined on"),
        "left_on": _l("left on"),
    },
    aliases={
        "nummer": "number", "mitgliedsnummer": "number", "member number": "number",
        "gewerbe": "trade",
        "e-mail": "email", "e-mail address": "email", "e-mail-adresse": "email",
        "telephone": "phone", "telefon": "phone",
        "addressee": "address_name", "empfänger": "address_name", "adresszusatz": "address_name",
        "street": "address_street", "street and number": "address_street",
        "straße": "address_street", "strasse": "address_street", "straße und hausnummer": "address_street",
        "postcode": "address_postcode", "postal code": "address_postcode", "zip": "address_postcode",
        "plz": "address_postcode", "postleitzahl": "address_postcode",
        "town": "address_town", "city": "address_town", "ort": "address_town", "stadt": "address_town",
        "country": "address_country", "land": "address_country",
        "address": "address_text", "anschrift": "address_text", "adresse": "address_text",
        "address, not split": "address_text", "anschrift, nicht aufgeteilt": "address_text",
        "preisklasse": "price_class",
        "member since": "joined_on", "mitglied seit": "joined_on", "eintritt": "joined_on",
        "ausgetreten am": "left_on", "austritt": "left_on",
    },
    required=("number", "name"),
)  # fmt: skip

MACHINES = Columns(
    headers={
        "slug": _l("short name"),
        "name": _l("name"),
        "workshop": _l("workshop"),
        "kind": _l("kind"),
        "description": _l("description"),
        "location": _l("location"),
        "places": _l("places"),
        "charge_unit": _l("charge unit"),
        **{name: MACHINE_RULES[name].column for name in RULE_NAMES},
        "induction": _l("induction"),
    },
    aliases={
        "short name": "slug", "kurzname": "slug",
        "standort": "workshop",
        "art": "kind",
        "beschreibung": "description",
        "ort": "location",
        "plätze": "places",
        "einheit": "charge_unit",
        **{alias: name for name in RULE_NAMES for alias in MACHINE_RULES[name].aliases},
        "einweisung": "induction",
    },
    required=("slug", "name", "workshop"),
)  # fmt: skip

RESERVATIONS = Columns(
    headers={
        "machine": _l("machine"),
        "member": _l("member number"),
        "date": _l("date"),
        "start": _l("start"),
        "end": _l("end"),
        "places": _l("places"),
        "purpose": _l("purpose"),
    },
    aliases={
        "maschine": "machine", "gerät": "machine", "raum": "machine",
        "slug": "machine", "short name": "machine", "kurzname": "machine",
        "member number": "member", "number": "member",
        "mitglied": "member", "mitgliedsnummer": "member", "nummer": "member",
        "day": "date", "datum": "date", "tag": "date",
        "starts_at": "start", "from": "start", "beginn": "start", "von": "start",
        "ends_at": "end", "until": "end", "to": "end", "ende": "end", "bis": "end",
        "plätze": "places",
        "what for": "purpose", "zweck": "purpose", "wofür": "purpose",
    },
    required=("machine", "member", "start", "end"),
)  # fmt: skip
