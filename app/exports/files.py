"""Tables as files, from every desk: the words over their columns, and the answer that carries one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from flask import Response, stream_with_context
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from app.wording.billing import KEY_WORDS, PRICE_CLASS_WORDS
from app.wording.formats import SMALL_UNIT_NAMES, UNIT_NAMES
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.tables import CODE, Table
from billing.exports.xlsx import write_xlsx

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE_BYTES = 64 * 1024

# By the codes of the columns.
HEADS: dict[str, Any] = {
    "allocation": _l("Allocation"),
    "reverses": _l("Reverses"),
    "pool": _l("Cost pool"),
    "period_from": _l("Period from"),
    "period_until": _l("Period until"),
    "posted_on": _l("Posted on"),
    "member_number": _l("Member number"),
    "member": _l("Member"),
    "pot": _l("Pot"),
    "kinds": _l("Kinds of cost"),
    "key": _l("Key"),
    "shares_on": _l("Shares of"),
    "weight": _l("Weight"),
    "weight_sum": _l("Sum of weights"),
    "weight_unit": _l("Weight in"),
    "pot_amount": _l("Pot in EUR"),
    "amount": _l("Amount in EUR"),
    "rounding_cent": _l("Rounding cent"),
    "slip": _l("Usage slip"),
    "service_date": _l("Day of service"),
    "machine": _l("Machine"),
    "price_class": _l("Price class"),
    "unit": _l("Unit"),
    "booked": _l("Booked"),
    "used": _l("Used"),
    "charged": _l("Charged"),
    "used_small": _l("Used, exactly"),
    "small_unit": _l("Exactly in"),
    "unit_price": _l("Price per unit"),
    "disputed": _l("Disputed"),
    "supplier": _l("Supplier"),
    "kind": _l("Kind of cost"),
    "document": _l("Number of the bill"),
    "note": _l("Note"),
    "workshop": _l("Workshop"),
    "member_price": _l("Price for members"),
    "guest_price": _l("Price for guests"),
    "step": _l("Steps"),
    "minimum_amount": _l("Least amount"),
    "minimum_charge": _l("Least price in EUR"),
    "valid_from": _l("Valid from"),
    "name": _l("Name"),
    "trade": _l("Trade"),
    "email": _l("E-mail address"),
    "phone": _l("Telephone"),
    "address": _l("Address"),
    "joined_on": _l("Member since"),
    "left_on": _l("Left on"),
    "shares": _l("Shares"),
    "reversed_by": _l("Reversed by"),
    "event": _l("No."),
    "at": _l("When"),
    "actor": _l("Who"),
    "what": _l("What"),
    "concerns": _l("Concerns"),
    "details": _l("Details"),
    "starts_at": _l("Begins"),
    "ends_at": _l("Ends"),
    "reservation": _l("Reservation"),
    "event_type": _l("Kind, exactly"),
    "facts": _l("Facts, exactly"),
}


# What the codes of a column are called.
CODES: dict[str, dict[str, Any]] = {
    "key": KEY_WORDS,
    "price_class": PRICE_CLASS_WORDS,
    "unit": UNIT_NAMES,
    "small_unit": SMALL_UNIT_NAMES,
    "weight_unit": SMALL_UNIT_NAMES | {"": ""},  # shares and heads have none
}


def heads() -> dict[str, str]:
    """The heads of the files in the language of the page."""
    return {code: str(words) for code, words in HEADS.items()}


def in_words(table: Table) -> Table:
    """A table with words for its codes, in the language of the page."""
    words = [
        {code: str(word) for code, word in CODES[column.code].items()} if column.kind == CODE else None
        for column in table.columns
    ]
    rows = (
        tuple(cell if said is None else said[str(cell)] for cell, said in zip(row, words, strict=True))
        for row in table.rows
    )
    return replace(table, rows=rows)


def file_answer(table: Table, file_format: str) -> Response:
    """A table as an attachment, csv or xlsx, in the language of whoever asks. Raises TooManyRows."""
    if file_format == "xlsx":
        answer = Response(_pieces(workbook(table)), mimetype=XLSX)
    else:
        style = STYLES.get(getattr(get_locale(), "language", "en"), STYLES["en"])
        answer = Response(stream_with_context(csv_chunks(in_words(table), heads(), style)), mimetype=CSV)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{table.name}.{file_format}")
    return answer


def workbook(table: Table) -> IO[bytes]:
    """A workbook on the disk, to be read and closed: whole before the first piece is sent, so that a refusal is a page.

    Raises TooManyRows.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
    try:
        write_xlsx(in_words(table), heads(), file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece
