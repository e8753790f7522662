"""One row of a table of members: its parts composed, its numbers as they were before a spreadsheet changed them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from app.imports import cells
from app.imports.cells import CellError
from app.imports.columns import MEMBERS
from app.imports.contact_cells import email_of, phone_of, postcode_of
from app.imports.lost_zeros import ZeroRestorer
from app.imports.values import member_texts
from app.imports.words import PriceClassWords
from app.wording.countries import country_code
from booking.addresses import DEFAULT_COUNTRY, Address, clean_line, clean_text, split_address
from booking.members.members import MemberInput

EMPTY = MemberInput(number="", name="")
PARTS = ("first_name", "last_name", "company", "house_number", "postcode_town")
_FOUR_DIGITS = re.compile(r"[1-9][0-9]{3}")
_DIGITS = re.compile(r"[1-9][0-9]{5,}")
_PLACE = re.compile(r"((?:[A-Z]{1,2}[- ])?[0-9]{4,5}) +(.+)")
_NOT_DIGITS = re.compile(r"[^0-9]")


def composed(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row by the fields of a member: first and last name, company, house number put together."""
    values = {name: text for name, text in texts.items() if name not in PARTS}
    if "email" in values:
        values["email"] = email_of(values["email"])
    parts = {name: texts.get(name, "") for name in PARTS}
    if "first_name" in texts and "last_name" not in texts:
        parts["last_name"] = values.pop("name", "")  # "Name" beside a first name is the last name
    if {"first_name", "last_name", "company"} & texts.keys():
        person = f"{parts['first_name']} {parts['last_name']}".strip()
        names = [each for each in dict.fromkeys([values.get("name", ""), parts["company"], person]) if each]
        values["name"] = names[0] if names else ""
        if len(names) > 1 and not values.get("address_name"):
            values["address_name"] = names[1]
    street, house_number = values.get("address_street", ""), cells.integer_text(parts["house_number"])
    house_number = house_number or parts["house_number"]
    if house_number and not street.endswith(f" {house_number}"):
        values["address_street"] = f"{street} {house_number}".strip()
    if place := parts["postcode_town"]:
        match = _PLACE.fullmatch(place)
        values["address_postcode"], values["address_town"] = match.groups() if match else ("", place)
    return values


def without_kept(
    texts: Mapping[str, str], stored: MemberInput, price_classes: PriceClassWords
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the cells without the empty ones of filled fields, and these fields: what is stored in them stays.

    An address in free text does not stay beside its parts.
    """
    values, blank = member_texts(stored, price_classes), member_texts(EMPTY, price_classes)
    is_split = any(texts.get(f"address_{part}") for part in ("street", "postcode", "town"))
    kept = tuple(
        name
        for name, text in texts.items()
        if not text and values.get(name, "") != blank.get(name, "") and not (name == "address_text" and is_split)
    )
    left_out = kept if is_split or texts.get("address_text") else (*kept, "address_text")
    return {name: text for name, text in texts.items() if name not in left_out}, kept


def number_of(texts: Mapping[str, str]) -> str:
    """Return the member number of a row without what spreadsheets add to it (42.0). Raises CellError."""
    text = texts.get("number", "")
    require_all_digits(text, "number")
    return cells.integer_text(text) or text if re.fullmatch(r"\d+[.,]00?|\d[.,]?\d*[Ee]\+?\d+", text) else text


def require_all_digits(text: str, column: str) -> None:
    """Raise CellError where a spreadsheet has shortened a number so that digits are lost."""
    if cells.has_lost_digits(text):
        raise CellError(
            _(
                "%(column)s: a spreadsheet has shortened “%(text)s”. Format its column as text, and enter it again.",
                column=MEMBERS.header(column),
                text=text[:40],
            )
        )


def member_input(
    line: int, texts: Mapping[str, str], base: MemberInput, price_classes: PriceClassWords, zeros: ZeroRestorer
) -> MemberInput:
    """Return the member in a row. base: as stored; columns that the file lacks stay. Raises CellError."""
    values: dict[str, Any] = {name: text for name, text in texts.items() if not name.startswith("address_")}
    for column in ("joined_on", "left_on"):
        if column in values:
            text = values[column]
            values[column] = cells.parse_record_day(text, MEMBERS.header(column))
    if "price_class" in values:
        values["price_class"] = price_classes.code_of(values["price_class"], MEMBERS)
    if "phone" in values:
        values["phone"] = _phone(line, phone_of(values["phone"]), base.phone, zeros)
    parts = {name.removeprefix("address_"): text for name, text in texts.items() if name.startswith("address_")}
    return replace(base, address=_address(line, parts, base.address, zeros), **values)


def _phone(line: int, text: str, stored: str, zeros: ZeroRestorer) -> str:
    require_all_digits(text, "phone")
    if not _DIGITS.fullmatch(text) or text == stored or _NOT_DIGITS.sub("", stored).lstrip("0") != text:
        return text
    return zeros.restored(line, "phone", text, stored)


def _address(line: int, parts: dict[str, str], stored: Address, zeros: ZeroRestorer) -> Address:
    """Return an address by the cells of a row. Free text is split, unless other cells hold the parts."""
    parts = {name: text if name == "text" else clean_line(text) for name, text in parts.items()}
    if "postcode" in parts:
        written, parts["postcode"] = postcode_of(parts["postcode"])
        parts |= {"country": parts.get("country") or written} if written else {}
    if "country" in parts:
        parts["country"] = country_code(parts["country"]) or DEFAULT_COUNTRY
    country = parts.get("country", stored.country)
    if country == "DE" and _FOUR_DIGITS.fullmatch(parts.get("postcode", "")):
        postcode = parts["postcode"]
        parts["postcode"] = zeros.restored(line, "address_postcode", postcode, f"0{postcode}")
    if "text" not in parts:
        return replace(stored, **parts)
    if not any(parts.get(name) for name in ("name", "street", "postcode", "town")):
        return split_address(parts["text"], country)
    return replace(stored, **parts | {"text": clean_text(parts["text"])})
