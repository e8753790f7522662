"""Every refusal as application/problem+json (RFC 9457): what happened, by which rules, what would be possible."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from app.api.fields import written
from app.wording import errors as texts
from app.wording.errors.http import MALFORMED_JSON, SERVER_ERROR
from app.wording.errors.text import ErrorText
from app.wording.rules import taken_sentence, violation_sentence
from booking.errors import SlotTaken, Violation
from booking.kernel.errors import DomainError, Unavailable

MEDIA_TYPE = "application/problem+json"
TYPES = "/api/v1/docs#problem-"
UNAUTHORIZED = 401

# The domain speaks of parts of a wish; the API names its fields.
FIELDS = {"start": "starts_at", "end": "ends_at", "member": "member_id", "machine": "machine_id"}

KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class Refusal(Exception):
    """Ends a call of the API with a problem that is not one of the trade: `reply` says which."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent, and as it is stored for a repeated request."""

    status: int
    body: str
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer as Flask sends it."""
        return Response(self.body, self.status, self.headers, content_type=self.media_type)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    violations: Sequence[dict[str, Any]] = (),
    alternatives: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
) -> Reply:
    """Return a problem document, with violations and alternatives only where there are some."""
    document: dict[str, Any] = {
        "type": TYPES + code,
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if violations:
        document["violations"] = list(violations)
    if alternatives:
        document["alternatives"] = list(alternatives)
    return Reply(status, json.dumps(document, ensure_ascii=False), MEDIA_TYPE, headers or {})


def of_refusal(error: DomainError, alternatives: Iterable[dict[str, Any]] = ()) -> Reply:
    """Return the problem of a DomainError: its status and sentence, and every broken rule at once."""
    broken = [of_violation(violation) for violation in getattr(error, "violations", ())]
    detail = taken_sentence(error) if isinstance(error, SlotTaken) else texts.sentence_of(error)
    headers = {"Retry-After": str(error.facts["retry_after_seconds"])} if isinstance(error, Unavailable) else {}
    return problem(
        texts.api_status_of(error),
        error.code,
        texts.title_of(error),
        detail,
        violations=broken,
        alternatives=list(alternatives),
        headers=headers,
    )


def of_violation(violation: Violation) -> dict[str, Any]:
    """Return a broken rule with its numbers; the reference page names their units."""
    return {
        "rule": violation.rule,
        "field": FIELDS.get(violation.field, violation.field),
        "message": violation_sentence(violation),
        "limit": _figure(violation.limit),
        "actual": _figure(violation.actual),
    }


def of_invalid(error: ValidationError) -> Reply:
    """Return the problem of input that is not JSON (400) or not valid (422), with every field at once."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in found):
        return of_row(MALFORMED_JSON)
    return invalid(*(fault(".".join(map(str, one["loc"])), _message(one["msg"])) for one in found))


def invalid(*faults: dict[str, Any]) -> Reply:
    """Return the problem of fields that are not valid; see `fault`."""
    return of_row(texts.http_error_text(texts.INVALID_INPUT), violations=faults)


def fault(name: str, message: str) -> dict[str, Any]:
    """Return one field that is not valid."""
    return {"rule": "invalid", "field": name, "message": message, "limit": None, "actual": None}


def of_http_error(error: HTTPException) -> Reply:
    """Return the problem of an HTTP error."""
    response = error.get_response()
    headers = {name: value for name, value in response.headers if name in KEPT_HEADERS}
    return of_status(error.code or SERVER_ERROR, headers)


def of_status(status: int, headers: dict[str, str] | None = None) -> Reply:
    """Return the problem for an error of HTTP by its status alone."""
    if status == UNAUTHORIZED:
        headers = {"WWW-Authenticate": 'Bearer realm="Ringbuch"', **(headers or {})}
    return of_row(texts.http_error_text(status), status=status, headers=headers)


def of_row(
    row: ErrorText,
    *,
    status: int | None = None,
    violations: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
) -> Reply:
    """Return the problem that a row of texts describes. status: the one to answer with where it is not the row's."""
    return problem(
        status or row.status, row.code, str(row.title), str(row.sentence), violations=violations, headers=headers
    )


def known() -> dict[str, str]:
    """Return every code of a problem with its title, in order: what the addresses in `type` lead to."""
    return {code: str(texts.API_ERRORS[code].title) for code in sorted(texts.API_ERRORS)}


def are_wanted() -> bool:
    """Return whether the present request goes to the API, so that its errors are problem documents."""
    return request.path.startswith("/api/")


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")


def _figure(value: Any) -> Any:
    if isinstance(value, datetime):
        return written(value)
    return value.isoformat() if isinstance(value, date) else value
