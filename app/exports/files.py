"""Tables as files in the language of the page: CSV and XLSX, and the response that carries one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from flask import Response, stream_with_context
from flask_babel import force_locale

from app.exports.texts import file_name, headers, language, sheet_style, with_texts
from billing.exports.csv import STYLES, csv_chunks
from billing.exports.tables import Table
from billing.exports.xlsx import write_xlsx

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK_BYTES = 64 * 1024


def file_response(table: Table, file_format: str) -> Response:
    """Return a table as an attachment, csv or xlsx, in the language of the page. Raises TooManyRows."""
    if file_format == "xlsx":
        response = Response(_chunks(workbook(table)), mimetype=XLSX)
    else:
        response = Response(stream_with_context(csv_file(table)), mimetype=CSV)
    response.headers.set("Content-Disposition", "attachment", filename=file_name(table, file_format))
    return response


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


def _in_language(code: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a file; its rows are made while it is sent, in the language in which it was asked for."""
    with force_locale(code):
        yield from chunks


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
