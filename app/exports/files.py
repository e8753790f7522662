"""Tables as files: headers, texts of codes, and the response that carries a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO, Any

from flask import Response, stream_with_context
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.wording.billing import KEY_LABELS, price_class_label, price_label
from app.wording.formats import SMALL_UNIT_NAMES, UNIT_NAMES
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.tables import CODE, Table
from billing.exports.xlsx import write_xlsx
from booking.queries import price_classes

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 64 * 1024

# By the codes of the columns.
HEADERS: dict[str, Any] = {
    "allocation": _l("Allocation"),
    "reverses": _l("Reverses"),
    "pool": _l("Cost pool"),
    "period_from": _l("Period from"),
    "period_until": _l("Period until"),
    "posted_on": _l("Posted on"),
    "member_number": _l("Member number"),
    "member": _l("Member"),
    "cost_group": _l("Cost group"),
    "kinds": _l("Kinds of cost"),
    "key": _l("Key"),
    "shares_on": _l("Shares of"),
    "weight": _l("Weight"),
    "weight_sum": _l("Sum of weights"),
    "weight_unit": _l("Weight in"),
    "cost_group_amount": _l("Cost group in EUR"),
    "amount": _l("Amount in EUR"),
    "rounding_cent": _l("Rounding cent"),
    "slip": _l("Usage slip"),
    "service_date": _l("Service date"),
    "machine": _l("Machine"),
    "price_class": _l("Price class"),
    "unit": _l("Unit"),
    "booked": _l("Reserved"),
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
    "step": _l("Steps"),
    "minimum_amount": _l("Minimum amount"),
    "minimum_charge": _l("Minimum price in EUR"),
    "valid_from": _l("Valid from"),
    "name": _l("Name"),
    "trade": _l("Trade"),
    "email": _l("E-mail address"),
    "phone": _l("Phone"),
    "addressee": _l("Addressee"),
    "street": _l("Street and number"),
    "postcode": _l("Postcode"),
    "town": _l("Town"),
    "country": _l("Country"),
    "address": _l("Address, not split"),
    "joined_on": _l("Member since"),
    "left_on": _l("Left on"),
    "shares": _l("Shares"),
    "outlasts_membership": _l("Held after the membership"),
    "reversed_by": _l("Reversed by"),
    "charge": _l("Usage charge"),
    "tax_code": _l("Tax code"),
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


# Texts of the codes of a column; those of price classes are data.
CODE_TEXTS: dict[str, dict[str, Any]] = {
    "key": KEY_LABELS,
    "unit": UNIT_NAMES,
    "small_unit": SMALL_UNIT_NAMES,
    "weight_unit": SMALL_UNIT_NAMES | {"": ""},  # shares and heads have none
}


def headers() -> dict[str, str]:
    """Return column code -> header in the language of the page."""
    prices = {f"{each.code}_price": price_label(each) for each in price_classes(db.session())}
    return {code: str(text) for code, text in HEADERS.items()} | prices


def with_code_texts(table: Table) -> Table:
    """Return the table with texts in place of its codes, in the language of the page."""
    texts = [_code_texts(column.code) if column.kind == CODE else None for column in table.columns]
    rows = (
        tuple(cell if of_code is None else of_code[str(cell)] for cell, of_code in zip(row, texts, strict=True))
        for row in table.rows
    )
    return replace(table, rows=rows)


def file_response(table: Table, file_format: str) -> Response:
    """Return a table as an attachment, csv or xlsx, in the language of the page. Raises TooManyRows."""
    if file_format == "xlsx":
        response = Response(_chunks(workbook(table)), mimetype=XLSX)
    else:
        style = STYLES.get(getattr(get_locale(), "language", "en"), STYLES["en"])
        response = Response(stream_with_context(csv_chunks(with_code_texts(table), headers(), style)), mimetype=CSV)
    response.headers.set("Content-Disposition", "attachment", filename=f"{table.name}.{file_format}")
    return response


def workbook(table: Table) -> IO[bytes]:
    """Write a workbook to a temporary file, which the caller reads and closes.

    It is complete before the first chunk is sent, so that TooManyRows can still be answered by an error page.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        write_xlsx(with_code_texts(table), headers(), file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _code_texts(column_code: str) -> dict[str, str]:
    if column_code == "price_class":
        return {each.code: price_class_label(each) for each in price_classes(db.session())}
    return {code: str(text) for code, text in CODE_TEXTS[column_code].items()}


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
