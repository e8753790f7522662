"""Tables as files in the language of the page: CSV and XLSX, and the response that carries one."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO

from flask import Response, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import force_locale

from app.auth import security_log
from app.background.deferral import offered
from app.exports.texts import file_name, headers, language, sheet_style, with_texts
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.tables import Row, Table
from billing.exports.xlsx import write_xlsx
from booking.kernel.progress import tracked

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 64 * 1024
# Rows that take about two seconds of one processor.
ROWS_AT_ONCE = {"csv": 50_000, "xlsx": 15_000}


def page_file(table: Table, file_format: str) -> ResponseReturnValue:
    """Return a table as an attachment; where that takes longer than a page may, the worker prepares it."""
    return offered(is_long=table.length > ROWS_AT_ONCE[file_format]) or file_response(table, file_format)


def file_response(table: Table, file_format: str) -> Response:
    """Return a table as an attachment, csv or xlsx, in the language of the page, noted in the security log.

    Raises TooManyRows.
    """
    table = noted(replace(table, rows=iter(tracked(table.rows, table.length))), file_format)
    if file_format == "xlsx":
        response = Response(_chunks(workbook(table)), mimetype=XLSX)
    else:
        response = Response(stream_with_context(csv_file(table)), mimetype=CSV)
    response.headers.set("Content-Disposition", "attachment", filename=file_name(table, file_format))
    return response


def attached(file: IO[bytes], media_type: str, name: str) -> Response:
    """Return a file as an attachment; it is read in chunks, then closed."""
    response = Response(_chunks(file), mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def noted(table: Table, file_format: str) -> Table:
    """Return a table whose rows are counted while they are read, and then noted in the security log."""
    return replace(table, rows=_counted(table.rows, security_log.export_noter(f"{table.name}.{file_format}")))


def csv_file(table: Table) -> Iterator[bytes]:
    """Yield a table as CSV in chunks, in the language of the page."""
    code = language()
    return _in_language(code, csv_chunks(with_texts(table), headers(), STYLES[code]))


def workbook(table: Table) -> IO[bytes]:
    """Write a workbook to a temporary file, which the caller reads and closes.

    It is complete before the first chunk is sent, so that TooManyRows can still be answered by an error page.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    try:
        write_xlsx(with_texts(table), headers(), sheet_style(table), file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _counted(rows: Iterator[Row], note: Callable[[int], None]) -> Iterator[Row]:
    count = 0
    try:
        for row in rows:
            count += 1
            yield row
    finally:  # also where the reader goes away half-way
        note(count)


def _in_language(code: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a file; its rows are made while it is sent, in the language in which it was asked for."""
    with force_locale(code):
        yield from chunks


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
