"""The fields of each kind of table: their headers in the language of the page, and further names for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from app.wording.folding import by_word, foldings, in_every_language
from app.wording.rules.machine import MACHINE_RULES
from booking.rules.lending_rules import RULE_NAMES


@dataclass(frozen=True)
class Columns:
    """The fields of one kind of table.

    headers: field -> its name in the language of the page. parts: the same for fields that only other programs have
    and that become part of another one, such as the first name. aliases: further names -> field. labels: what pages
    call a field. Headers and labels are read in both languages, whatever the language of the page. required:
    mandatory fields. joined_by: fields that several columns of a file may fill, with what is put between them.
    multiline: fields whose line breaks count. days: fields that hold or begin with a day.
    """

    headers: Mapping[str, Any]
    aliases: Mapping[str, str]
    required: tuple[str, ...]
    parts: Mapping[str, Any] = field(default_factory=dict)
    joined_by: Mapping[str, str] = field(default_factory=dict)
    multiline: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    labels: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @cached_property
    def _names(self) -> dict[tuple[str, str], str]:
        """Language and field -> name."""
        return {}

    @cached_property
    def _known(self) -> dict[str, str]:
        known = by_word(self.aliases.items())
        for column, labels in self.labels.items():
            for label in labels:
                known |= in_every_language({column: label})
        return known | in_every_language({**self.headers, **self.parts})

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that a column of a file may fill, in the order of a list to choose from."""
        return (*self.headers, *self.parts)

    def column_of(self, text: str) -> str:
        """Return the field of a header, ignoring case, accents and punctuation; "" for an unknown one."""
        without_unit = re.sub(r"[(\[].*", "", text)
        keys = (key for name in (text, without_unit) for key in sorted(foldings(name)))
        return next((self._known[key] for key in keys if key in self._known), "")

    def header(self, column: str) -> str:
        """Return the name of a field in the language of the page. Asked for ten times in each row of a file."""
        key = (str(get_locale()), column)
        if key not in self._names:
            self._names[key] = str(self.headers[column] if column in self.headers else self.parts.get(column, column))
        return self._names[key]

    def joined(self, columns: Collection[str] | None = None) -> str:
        """Return the names of some fields, or of all that we have, for a sentence."""
        return ", ".join(self.header(column) for column in (self.headers if columns is None else columns))


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
    parts={
        "first_name": _l("first name"),
        "last_name": _l("last name"),
        "company": _l("company or farm"),
        "house_number": _l("house number"),
        "postcode_town": _l("postcode and town"),
    },
    aliases={
        "nummer": "number", "nr": "number", "no": "number", "id": "number", "mitgliedsnummer": "number",
        "mitgliedsnr": "number", "mitglieds-nummer": "number", "mitgliednr": "number", "mitglnr": "number",
        "mitgl-nr": "number", "mnr": "number", "mitgliednummer": "number", "mitglied id": "number",
        "mitglieds id": "number", "externe mitgliedsnummer": "number", "kundennummer": "number", "kundennr": "number",
        "kunden-nr": "number", "member number": "number", "member no": "number", "member id": "number",
        "membership number": "number", "employee number": "number", "employee no": "number", "user id": "number",
        "full name": "name", "vollständiger name": "name", "mitglied": "name",
        "member": "name", "member name": "name", "mitgliedsname": "name", "display name": "name",
        "vor- und nachname": "name", "name, vorname": "name", "vorname nachname": "name", "your name": "name",
        "ihr name": "name",
        "first name": "first_name", "firstname": "first_name", "given name": "first_name", "vorname": "first_name",
        "last name": "last_name", "lastname": "last_name", "surname": "last_name", "family name": "last_name",
        "nachname": "last_name", "familienname": "last_name", "zuname": "last_name",
        "company": "company", "company name": "company", "organization": "company", "organisation": "company",
        "firma": "company", "firmenname": "company", "betrieb": "company", "betriebsname": "company", "hof": "company",
        "hofname": "company", "farm": "company", "organization name": "company",
        "gewerbe": "trade", "branche": "trade", "beruf": "trade", "job title": "trade", "job": "trade",
        "e-mail": "email", "mail": "email", "e-mail address": "email", "e-mail-adresse": "email",
        "mailadresse": "email", "email 1": "email", "email privat": "email",
        "telephone": "phone", "telefon": "phone", "telefonnummer": "phone", "tel": "phone", "tel nr": "phone",
        "phone number": "phone", "telefon privat": "phone", "telefonprivat": "phone", "telefon dienstlich": "phone",
        "telefondienstlich": "phone", "telefon geschäftlich": "phone", "handy": "phone", "handynummer": "phone",
        "mobil": "phone", "mobile": "phone", "mobile phone": "phone", "mobiltelefon": "phone", "mobilnummer": "phone",
        "festnetz": "phone", "cell phone": "phone",
        "addressee": "address_name", "empfänger": "address_name",
        "adresszusatz": "address_name", "adressierungszusatz": "address_name", "address line 2": "address_name",
        "adresszeile 2": "address_name",
        "street": "address_street", "street and number": "address_street", "address line 1": "address_street",
        "straße": "address_street", "straße und hausnummer": "address_street", "str": "address_street",
        "straße nr": "address_street", "straße hausnr": "address_street", "street address": "address_street",
        "house number": "house_number", "hausnummer": "house_number", "hausnr": "house_number",
        "postcode": "address_postcode", "postal code": "address_postcode", "zip": "address_postcode",
        "zip code": "address_postcode", "plz": "address_postcode", "postleitzahl": "address_postcode",
        "town": "address_town", "city": "address_town", "ort": "address_town", "stadt": "address_town",
        "wohnort": "address_town", "plz ort": "postcode_town", "plz und ort": "postcode_town",
        "postleitzahl ort": "postcode_town", "postleitzahl und ort": "postcode_town", "zip city": "postcode_town",
        "country": "address_country", "land": "address_country",
        "staat": "address_country", "country code": "address_country",
        "address": "address_text", "anschrift": "address_text", "adresse": "address_text",
        "postal address": "address_text", "postanschrift": "address_text",

        "preisklasse": "price_class",
        "member since": "joined_on", "mitglied seit": "joined_on", "eintritt": "joined_on",
        "eintrittsdatum": "joined_on", "eingetreten am": "joined_on", "beitritt": "joined_on",
        "beitrittsdatum": "joined_on", "start date": "joined_on", "joined": "joined_on",
        "ausgetreten am": "left_on", "austritt": "left_on", "austrittsdatum": "left_on", "end date": "left_on",
        "left": "left_on",
    },
    required=("number", "name"),
    labels={
        "email": (_l("E-mail address"),),
        "price_class": (_l("Pays as"),),
        "joined_on": (_l("Member since"),),
        "left_on": (_l("Last day of the membership"), _l("Left on")),
        "address_text": (_l("Address, not split"),),
        "address_street": (_l("Street and number"),),
    },
    joined_by={"phone": " / ", "trade": ", ", "address_name": ", "},
    multiline=frozenset({"address_text"}),
    days=frozenset({"joined_on", "left_on"}),
)  # fmt: skip

MACHINES = Columns(
    headers={
        "slug": _l("short name"),
        "name": _l("name"),
        "workshop": _l("workshop"),
        "sort": _l("sort"),
        "kind": _l("kind"),
        "description": _l("description"),
        "location": _l("location"),
        "places": _l("places"),
        "charge_unit": _l("charge unit"),
        **{name: MACHINE_RULES[name].column for name in RULE_NAMES},
        "induction": _l("induction"),
        "own_hours": _l("own opening hours"),
    },
    aliases={
        "short name": "slug", "kurzname": "slug", "kürzel": "slug", "asset tag": "slug",
        "inventarnummer": "slug", "inventarnr": "slug",
        "maschine": "name", "machine": "name", "gerät": "name", "bezeichnung": "name", "asset name": "name",
        "item name": "name", "resource": "name", "resource name": "name", "ressource": "name", "room": "name",
        "raum": "name", "equipment": "name",
        "standort": "workshop", "werkstatt": "workshop", "schedule": "workshop", "area": "workshop",
        "art": "kind", "kategorie": "kind", "category": "kind", "type": "kind", "typ": "kind",
        "resource type": "kind",
        "beschreibung": "description", "notes": "description", "notizen": "description", "bemerkung": "description",
        "ort": "location", "wo sie steht": "location",
        "plätze": "places", "anzahl": "places", "anzahl plätze": "places", "number of places": "places",
        "quantity": "places", "capacity": "places", "kapazität": "places",
        "einheit": "charge_unit", "unit": "charge_unit",
        **{alias: name for name in RULE_NAMES for alias in MACHINE_RULES[name].aliases},
        "einweisung": "induction",
        "sorte": "sort",
        "opening hours": "own_hours", "öffnungszeiten": "own_hours", "hours of operation": "own_hours",
        "betriebszeiten": "own_hours",
    },
    required=("slug", "name", "workshop"),
    labels={
        "slug": (_l("Short name in addresses"),),
        "charge_unit": (_l("Charged by"),),
        "sort": (_l("What it is"),),
        "location": (_l("Where it stands"),),
        "induction": (_l("Required induction"),),
        **{name: (texts.name, texts.label) for name, texts in MACHINE_RULES.items()},
    },
    joined_by={"description": "\n", "kind": ", ", "location": ", "},
    multiline=frozenset({"description"}),
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
    parts={
        "member_name": _l("name of the member"),
        "member_email": _l("e-mail address of the member"),
        "member_first_name": _l("first name of the member"),
        "member_last_name": _l("last name of the member"),
        "end_date": _l("date of the end"),
        "duration": _l("length of the reservation"),
        "duration_hours": _l("length in hours"),
        "duration_min": _l("length in minutes"),
        "status": _l("status"),
        "second_person": _l("second person"),
        "variants": _l("variants"),
    },
    aliases={
        "maschine": "machine", "gerät": "machine", "raum": "machine", "resource": "machine",
        "area - room": "machine",
        "resource name": "machine", "ressource": "machine", "room": "machine", "equipment": "machine",
        "asset": "machine", "asset name": "machine", "asset tag": "machine", "machine name": "machine",
        "slug": "machine", "short name": "machine", "kurzname": "machine",
        "member number": "member", "number": "member", "member no": "member", "member id": "member",
        "mitglied": "member", "mitgliedsnummer": "member", "mitgliedsnr": "member", "nummer": "member",
        "mitglied nr": "member", "mitgl-nr": "member", "mitglieds-nr": "member", "kundennummer": "member",
        "user": "member_name", "user name": "member_name", "member name": "member_name", "benutzer": "member_name",
        "name": "member_name", "name des mitglieds": "member_name", "created by": "member_name",
        "name of the member": "member_name", "booked for": "member_name", "owner": "member_name",
        "ihr name": "member_name", "your name": "member_name", "full name": "member_name",
        "erstellt von": "member_name", "checked out to": "member_name",
        "e-mail": "member_email", "email": "member_email", "email address": "member_email", "mail": "member_email",
        "e-mail-adresse": "member_email", "e-mail address of the member": "member_email",
        "e-mail-adresse des mitglieds": "member_email",
        "first name": "member_first_name", "vorname": "member_first_name", "vorname des mitglieds": "member_first_name",
        "first name of the member": "member_first_name",
        "last name": "member_last_name", "nachname": "member_last_name", "surname": "member_last_name",
        "last name of the member": "member_last_name", "nachname des mitglieds": "member_last_name",
        "day": "date", "datum": "date", "tag": "date", "start date": "date", "startdatum": "date",
        "starts_at": "start", "from": "start", "beginn": "start", "von": "start", "start time": "start",
        "begin": "start", "begin date": "start", "startzeit": "start", "anfang": "start", "uhrzeit von": "start",
        "ends_at": "end", "until": "end", "to": "end", "ende": "end", "bis": "end", "end time": "end",
        "endzeit": "end", "uhrzeit bis": "end",
        "end date": "end_date", "enddatum": "end_date", "date of the end": "end_date", "datum des endes": "end_date",
        "dauer": "duration", "duration": "duration", "länge": "duration", "length": "duration",
        "nutzungsdauer": "duration", "laufzeit": "duration", "zeitdauer": "duration", "dauer (h:mm)": "duration",
        "dauer (h)": "duration_hours", "dauer in h": "duration_hours", "dauer (std)": "duration_hours",
        "dauer in stunden": "duration_hours", "dauer stunden": "duration_hours", "stunden": "duration_hours",
        "duration (h)": "duration_hours", "duration (hours)": "duration_hours", "duration in hours": "duration_hours",
        "duration hours": "duration_hours", "hours": "duration_hours", "anzahl stunden": "duration_hours",
        "dauer (min)": "duration_min", "dauer in minuten": "duration_min", "dauer in min": "duration_min",
        "dauer (minuten)": "duration_min", "dauer minuten": "duration_min", "minuten": "duration_min",
        "duration (min)": "duration_min", "duration (minutes)": "duration_min", "duration in minutes": "duration_min",
        "duration minutes": "duration_min", "minutes": "duration_min",
        "plätze": "places", "quantity": "places", "anzahl": "places",
        "what for": "purpose", "zweck": "purpose", "wofür": "purpose", "title": "purpose", "titel": "purpose",
        "description": "purpose", "beschreibung": "purpose", "brief description": "purpose",
        "full description": "purpose", "kurzbeschreibung": "purpose",
        "status": "status", "reservation status": "status", "zustand": "status",
    },
    required=("machine", "member", "start", "end"),
    joined_by={"purpose": "\n"},
    multiline=frozenset({"purpose"}),
    days=frozenset({"date", "start", "end", "end_date"}),
)  # fmt: skip

SHARES = Columns(
    headers={"member": _l("member number"), "member_name": _l("name of the member"), "shares": _l("shares")},
    parts={"member_email": _l("e-mail address of the member")},
    aliases={
        "number": "member", "nr": "member", "nummer": "member", "mitglied nr": "member", "mitgliedsnummer": "member",
        "mitgliedsnr": "member", "mitglieds-nr": "member", "member no": "member", "member id": "member",
        "kundennummer": "member", "mnr": "member",
        "name": "member_name", "mitglied": "member_name", "member": "member_name", "member name": "member_name",
        "name des mitglieds": "member_name", "betrieb": "member_name", "owner": "member_name", "holder": "member_name",
        "inhaber": "member_name",
        "e-mail": "member_email", "email": "member_email", "mail": "member_email", "e-mail-adresse": "member_email",
        "share": "shares", "anteil": "shares", "anteile": "shares", "anzahl": "shares", "geschäftsanteile": "shares",
        "anzahl anteile": "shares", "zahl der anteile": "shares", "number of shares": "shares", "quantity": "shares",
        "stück": "shares", "units": "shares",
    },
    required=("member", "shares"),
)  # fmt: skip
