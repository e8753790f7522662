"""Postal addresses as values: split from free text, checked, written in one line. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from booking.errors.schedule_errors import Violation

DEFAULT_COUNTRY = "DE"
LENGTHS_MAX = {"name": 200, "street": 200, "postcode": 12, "town": 120, "text": 500}

# Country -> the form of its postcodes; others may hold any text.
POSTCODES = {"DE": r"[0-9]{5}", "AT": r"[0-9]{4}", "CH": r"[0-9]{4}"}
# How the last line of an address names a country, in German and English.
COUNTRY_LINES = {
    "deutschland": "DE",
    "germany": "DE",
    "österreich": "AT",
    "austria": "AT",
    "schweiz": "CH",
    "suisse": "CH",
    "switzerland": "CH",
}
COUNTRY_PREFIXES = {"D": "DE", "DE": "DE", "A": "AT", "AT": "AT", "CH": "CH"}

# ISO 3166-1 alpha-2.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_CODES.split())
_TOWN_LINE = re.compile(r"(?:(?P<prefix>[A-Z]{1,2})[-\s])?\s*(?P<postcode>[0-9]{4,5})\s+(?P<town>[^\W\d_]\D*)")
# A name, then somewhere a house number; five digits in a row are part of a telephone number.
_STREET_LINE = re.compile(r"(?!.*[0-9]{5})[^\W\d_].*[0-9]")
_ADDRESSEE_LINE = re.compile(r"\D+")  # with a number it could be the street, and the next line a part of the building


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address.

    name: the addressee where it differs from the name of the record. country: ISO 3166-1 alpha-2. text: an address as
    it was entered before, which could not be split; it waits to be carried over into the other fields.
    """

    name: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    country: str = DEFAULT_COUNTRY
    text: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether a letter or an invoice could be addressed."""
        return bool(self.street and self.postcode and self.town)

    @property
    def one_line(self) -> str:
        """Street, postcode and town in one line; the unsplit text where there is nothing else.

        queries.address_line() is the same as a column.
        """
        parts = (self.street, f"{self.postcode} {self.town}".strip(" "))
        return ", ".join(part for part in parts if part) or self.text.replace("\n", ", ")


NO_ADDRESS = Address()


def split_address(text: str, country: str = DEFAULT_COUNTRY) -> Address:
    """Return the parts of an address in free text; where they are not certain, the text stays whole.

    Certain is: an optional addressee, a street with a house number, postcode and town, an optional country; each on a
    line of its own or separated by commas. country: assumed where the text names none.
    """
    lines = _lines(text)
    whole = Address(country=country, text=clean_text(text))
    if lines and (named := COUNTRY_LINES.get(lines[-1].casefold())):
        country = named
        lines.pop()
    found = _TOWN_LINE.fullmatch(lines[-1]) if lines else None
    if found is None or not 2 <= len(lines) <= 3 or not _STREET_LINE.match(lines[-2]):
        return whole
    if prefix := found["prefix"]:
        country = COUNTRY_PREFIXES.get(prefix, "")
    if not re.fullmatch(POSTCODES.get(country, "(?!)"), found["postcode"]):
        return whole
    name = lines[0] if len(lines) == 3 else ""
    if name and not _ADDRESSEE_LINE.fullmatch(name):
        return whole
    return Address(name, lines[-2], found["postcode"], found["town"], country)


def clean_line(text: str) -> str:
    """Return a part of an address on one line, with single spaces."""
    return " ".join(text.split())


def clean_text(text: str) -> str:
    """Return free text with its lines trimmed and empty lines left out."""
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line)


def check_address(address: Address) -> list[Violation]:
    """Return what is wrong: at_most (characters), unknown_country, postcode_form. Fields as address_<part>."""
    violations = [
        Violation("at_most", f"address_{part}", limit=limit, actual=len(getattr(address, part)))
        for part, limit in LENGTHS_MAX.items()
        if len(getattr(address, part)) > limit
    ]
    if address.country not in COUNTRIES:
        violations.append(Violation("unknown_country", "address_country", actual=address.country))
    form = POSTCODES.get(address.country)
    if form and address.postcode and not re.fullmatch(form, address.postcode):
        violations.append(Violation("postcode_form", "address_postcode", actual=address.postcode))
    return violations


def _lines(text: str) -> list[str]:
    return [part for line in text.splitlines() for part in map(str.strip, line.split(",")) if part]
