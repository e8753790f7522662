"""The DATEV Buchungsstapel (header 700, category 21, format version 13): one file of postings for a tax adviser.

Windows-1252, semicolons, CR LF after every line; texts in quotes, numbers bare. A file holds one fiscal year, because a
posting names day and month alone. Source: DATEV, format description of July 2026, and its official sample.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

ENCODING, END = "cp1252", "\r\n"
COLUMNS_FILE = Path(__file__).with_name("datev_columns.txt")
# T: a text, which is quoted even where it is empty; n: a number, bare.
FORMS = (
    "nTTnnTnnTnTTnTnTnnnTTTTTTTTTTTTTTTTTTTnTnTnnnnnTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTTnnnTnnnTTnTnnnTTnTnTnTTnTnnnnn"
    "TnTTnTnn"
)
AMOUNT, SIDE, ACCOUNT, COUNTER, TAX_KEY, DAY, DOCUMENT, TEXT = 1, 2, 7, 8, 9, 10, 11, 14
COST_CENTRE, MANDATE, LOCK, SERVICE_DAY = 37, 105, 114, 115
ROWS_MAX, CENTS_MAX = 99_999, 999_999_999_999
TEXT_LENGTH_MAX, DOCUMENT_LENGTH_MAX, LABEL_LENGTH_MAX, EXPORTER_LENGTH_MAX = 60, 36, 30, 25
DOCUMENT_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$&%*+-/")
# What a decomposed character does not give.
LETTERS = str.maketrans({"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "→": "->", "←": "<-", "−": "-", "≤": "<="})
UNKNOWN = "?"
# Accounts that compute VAT by themselves (Automatikkonten): a key beside them is refused by DATEV. Where accounts have
# more digits, zeros follow.
AUTOMATIC = frozenset({"8300", "8400", "8519", "1711", "1718", "4300", "4400", "4569", "3260", "3272"})


class NotForDatev(ValueError):
    """A batch that DATEV would not read: an amount of zero, days of two fiscal years, or too many rows."""


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """What the first line states. chart: "03" or "04". is_locked: nothing in it can be changed after the import."""

    created_at: datetime
    adviser: int
    client: int
    fiscal_year_start: date
    first_day: date
    last_day: date
    label: str
    chart: str
    account_length: int = 4
    origin: str = "RB"
    exported_by: str = ""
    application: str = "RINGBUCH"
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A posting: cents above zero, on the debit side of account ("S") or its credit side ("H").

    tax_key: of the VAT in the amount (BU-Schlüssel); "" for none, and beside accounts that compute VAT by themselves.
    """

    cents: int
    side: str
    account: str
    counter_account: str
    day: date
    document: str
    text: str
    service_day: date | None = None
    cost_centre: str = ""
    mandate: str = ""
    tax_key: str = ""


def batch(header: BatchHeader, rows: Iterable[BatchRow]) -> Iterator[bytes]:
    """Yield the lines of a file. Raises NotForDatev at the first row that DATEV would not read."""
    yield _encoded(_header(header))
    yield _encoded(COLUMNS_FILE.read_text(encoding="utf-8").rstrip("\n").replace("\n", ";"))
    for count, row in enumerate(rows, start=1):
        if count > ROWS_MAX:
            raise NotForDatev(f"more than {ROWS_MAX} rows")
        yield _encoded(_row(header, row))


def transliterated(text: str) -> str:
    """Return a text in the characters of Windows-1252: ł becomes l, → becomes ->; what has no likeness, a "?"."""
    spaced = " ".join(text.split())  # amounts have no-break spaces, notes have lines: a space each
    return "".join(_known(one) for one in unicodedata.normalize("NFC", spaced) if one.isprintable())


def amount(cents: int) -> str:
    """Return cents above zero as an amount in euro."""
    return f"{cents // 100},{cents % 100:02}"


def computes_vat(number: str) -> bool:
    """Return whether an account computes VAT by itself."""
    return number[:4] in AUTOMATIC and not number[4:].strip("0")


def document_key(number: str) -> str:
    """Return a document number in the characters that DATEV allows as the key of open items."""
    return "".join(one for one in number if one in DOCUMENT_CHARACTERS)[:DOCUMENT_LENGTH_MAX]


def _known(character: str) -> str:
    if _is_known(character):
        return character
    likeness = character.translate(LETTERS)
    if likeness == character:
        likeness = "".join(one for one in unicodedata.normalize("NFKD", character) if not unicodedata.combining(one))
    return "".join(one if _is_known(one) else UNKNOWN for one in likeness) or UNKNOWN


def _is_known(character: str) -> bool:
    try:
        character.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def _header(header: BatchHeader) -> str:
    created = "".join(filter(str.isdigit, header.created_at.replace(tzinfo=None).isoformat(timespec="milliseconds")))
    days = [day.isoformat().replace("-", "") for day in (header.fiscal_year_start, header.first_day, header.last_day)]
    who = [_quoted(header.origin[:2]), _quoted(header.exported_by[:EXPORTER_LENGTH_MAX]), '""']
    what = [str(header.adviser), str(header.client), days[0], str(header.account_length), days[1], days[2]]
    how = [_quoted(header.label[:LABEL_LENGTH_MAX]), '""', "1", "0", "1" if header.is_locked else "0", '"EUR"']
    rest = ["", '""', "", "", _quoted(header.chart), "", "", '""', _quoted(header.application[:16])]
    return ";".join(['"EXTF"', "700", "21", '"Buchungsstapel"', "13", created, "", *who, *what, *how, *rest])


def _row(header: BatchHeader, row: BatchRow) -> str:
    if not 0 < row.cents <= CENTS_MAX:
        raise NotForDatev(f"an amount of {row.cents} cents")
    if not header.first_day <= row.day <= header.last_day or row.day.year != header.first_day.year:
        raise NotForDatev(f"a posting of {row.day} in a batch of {header.first_day} to {header.last_day}")
    values = {
        AMOUNT: amount(row.cents),
        SIDE: row.side,
        ACCOUNT: row.account,
        COUNTER: row.counter_account,
        TAX_KEY: row.tax_key,
        DAY: _day_month(row.day),
        DOCUMENT: document_key(row.document),
        TEXT: transliterated(row.text)[:TEXT_LENGTH_MAX],
        COST_CENTRE: transliterated(row.cost_centre),
        MANDATE: row.mandate,
        LOCK: "1" if header.is_locked else "0",  # never empty: that would lock the batch for good
        SERVICE_DAY: f"{_day_month(row.service_day)}{row.service_day.year}" if row.service_day else "",
    }
    fields = ((form, values.get(number, "")) for number, form in enumerate(FORMS, start=1))
    return ";".join(_quoted(value) if form == "T" else value for form, value in fields)


def _day_month(day: date) -> str:
    return f"{day.day:02}{day.month:02}"


def _quoted(text: str) -> str:
    return '"' + transliterated(text).replace('"', '""') + '"'


def _encoded(line: str) -> bytes:
    return (line + END).encode(ENCODING)
