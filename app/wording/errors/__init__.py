"""Error code -> status, title and sentence: one row per error, in one module per package that raises it.

A subclass of DomainError without a row, and a row without a subclass, fail tests/architecture/test_error_texts.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.wording.errors import (
    api,
    auth,
    billing,
    booking,
    calendars,
    costs,
    equity,
    http,
    imports,
    kernel,
    periods,
    posting_exports,
)
from app.wording.errors.http import SERVER_ERROR, HttpErrorText
from app.wording.errors.text import ErrorText, by_code
from app.wording.formats import format_money, format_number
from booking.kernel.errors import DomainError

DOMAIN_ERRORS = by_code(
    kernel.ERRORS
    + booking.ERRORS
    + billing.ERRORS
    + costs.ERRORS
    + equity.ERRORS
    + periods.ERRORS
    + posting_exports.ERRORS
    + calendars.ERRORS
    + auth.ERRORS
    + api.ERRORS
    + imports.ERRORS,
)
HTTP_ERRORS: dict[int, HttpErrorText] = {row.status: row for row in http.ERRORS}
# Every problem that the API can answer with. not_found is one of HTTP and one of the domain, with the same texts.
API_ERRORS: dict[str, ErrorText] = {row.code: row for row in (*http.ERRORS, http.MALFORMED_JSON)} | DOMAIN_ERRORS
INVALID_INPUT = 422


def error_text(error: DomainError) -> ErrorText:
    """Return the row of a refusal. Raises KeyError for an error without one."""
    return DOMAIN_ERRORS[error.code]


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a refusal."""
    return error_text(error).status


def api_status_of(error: DomainError) -> int:
    """Return the HTTP status with which the API answers a refusal."""
    row = error_text(error)
    return row.api_status or row.status


def title_of(error: DomainError) -> str:
    """Return the heading of a refusal."""
    return str(error_text(error).title)


def sentence_of(error: DomainError) -> str:
    """Return a refusal as one sentence."""
    row = error_text(error)
    sentence = str(row.by_status.get(str(error.facts.get("status")), row.sentence))
    if "%(" not in sentence:
        return sentence
    return sentence % {name: _shown(name, one) for name, one in error.facts.items()}


def _shown(name: str, fact: Any) -> Any:
    if name.endswith("_cents"):
        return format_money(fact)
    return format_number(fact) if isinstance(fact, Decimal) else fact


def http_error_text(status: int) -> HttpErrorText:
    """Return the row of an error of HTTP; of the nearest general status for one that has no row."""
    return HTTP_ERRORS.get(status) or HTTP_ERRORS[INVALID_INPUT if status < SERVER_ERROR else SERVER_ERROR]


def page_texts(status: int, *, upload_mb: int) -> tuple[str, str]:
    """Return title and sentence of an error of HTTP for the reader of a page. upload_mb: the largest file."""
    row = http_error_text(status)
    title, sentence = row.page_title or row.title, row.page_sentence or row.sentence
    return str(title), str(sentence) % {"size": upload_mb} if row is HTTP_ERRORS[413] else str(sentence)
