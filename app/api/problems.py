"""Errors as problem documents (application/problem+json, RFC 9457) with violations and alternatives."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from app.api.field_names import field_of
from app.api.fields import format_instant
from app.api.limit_faults import OUTSIDE_LIMITS, limit_fault
from app.web.whole_response import WholeResponse
from app.wording import errors as texts
from app.wording.errors.http import MALFORMED_JSON, SERVER_ERROR
from app.wording.errors.invalid import invalid_sentence
from app.wording.errors.text import ErrorText
from app.wording.rules import rule_name, taken_sentence, violation_sentence
from booking.errors.exchange_errors import PartnerRefused
from booking.errors.schedule_errors import (
    DecisionsRefused,
    GroupRefused,
    GroupTaken,
    MachineRefusal,
    RulesBroken,
    SeriesConflicts,
    SlotTaken,
    UseOverlaps,
    Violation,
)
from booking.kernel.errors import DomainError, Unavailable
from booking.kernel.texts import without_unfit
from booking.replan.errors import PlanChanged

VIOLATIONS_MAX = 20  # in one document; of the others only the number
NAME_LENGTH_MAX, MESSAGE_LENGTH_MAX = 100, 500

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/api/v1/docs#problem-"
UNAUTHORIZED, TOO_LARGE = 401, 413

INDUCTION_RULES = ("induction", "prerequisite", "persons_apart")
ASK_FOR_INDUCTION = "/api/v1/induction-wishes"  # the way out of these

FORWARDED_HEADERS = ("Accept-Encoding", "Allow", "Retry-After", "WWW-Authenticate")


class Refusal(Exception):
    """Ends a request with a problem document that is not a DomainError: `reply`."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Reply:
    """A response that can be stored and sent again."""

    status: int
    body: str
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the reply as a Flask response."""
        return WholeResponse(self.body, self.status, self.headers, content_type=self.media_type)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    violations: Sequence[dict[str, Any]] = (),
    alternatives: Sequence[dict[str, Any]] = (),
    machines: Sequence[dict[str, Any]] = (),
    dates: Sequence[dict[str, Any]] = (),
    slip_id: int | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Return a problem document; violations, alternatives, machines, dates and the slip only where there are some."""
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if violations:
        document["violations"] = list(violations[:VIOLATIONS_MAX])
    if more := len(violations[VIOLATIONS_MAX:]):
        document["detail"] = f"{detail} {_more(more)}"
    if alternatives:
        document["alternatives"] = list(alternatives)
    if machines:
        document["machines"] = list(machines)
    if dates:
        document["dates"] = list(dates)
    if slip_id is not None:
        document["slip_id"] = slip_id
        document["slip_url"] = url_for("usage.show", usage_id=slip_id, _external=True)
    return Reply(status, json.dumps(document, ensure_ascii=False), MEDIA_TYPE, headers or {})


def of_refusal(error: DomainError, alternatives: Iterable[dict[str, Any]] = ()) -> Reply:
    """Return the problem of a DomainError: its status and sentence, and all broken rules."""
    if isinstance(error, DecisionsRefused):
        return of_decisions(error, {one: f"reservations.{one}" for one in error.refusals})
    if isinstance(error, PlanChanged):
        return _of_changed_plan(error)
    broken = [of_violation(violation) for violation in getattr(error, "violations", ())]
    if isinstance(error, OUTSIDE_LIMITS):
        broken = [limit_fault(error)]
    if isinstance(error, PartnerRefused):
        broken = [field_error("member_id", rule_name(one)) | {"rule": one} for one in error.facts["rules"]]
    detail = _detail(error)
    headers = {"Retry-After": str(error.facts["retry_after_seconds"])} if isinstance(error, Unavailable) else {}
    return problem(
        texts.api_status_of(error),
        error.code,
        texts.title_of(error),
        detail,
        violations=broken,
        alternatives=list(alternatives),
        machines=[_of_machine(one) for one in error.refusals] if isinstance(error, GroupTaken | GroupRefused) else (),
        dates=_of_dates(error.by_day) if isinstance(error, SeriesConflicts) else (),
        slip_id=error.facts["usage_id"] if isinstance(error, UseOverlaps) else None,
        headers=headers,
    )


def _of_dates(by_day: Mapping[date, Sequence[Violation]]) -> list[dict[str, Any]]:
    """Return every refused date of a series with the rules in its way; the list of violations may be cut."""
    return [
        {"day": day.isoformat(), "rules": list(dict.fromkeys(one.rule for one in found))}
        for day, found in by_day.items()
    ]


def _of_changed_plan(error: PlanChanged) -> Reply:
    """Return the problem with the reservations for which something else is planned now."""
    changed = [
        {**field_error(f"reservations.{one}", texts.sentence_of(error)), "rule": error.code}
        for one in error.facts["changed"]
    ]
    title, detail = texts.title_of(error), texts.sentence_of(error)
    return problem(texts.api_status_of(error), error.code, title, detail, violations=changed)


def of_decisions(refused: DecisionsRefused, names: Mapping[int, str]) -> Reply:
    """Return the problem with the reason of each decision that failed. names: its field, by id of the reservation."""
    faults = [
        {**field_error(name, _reason(found)), "rule": found.code}
        for reservation_id, name in names.items()
        if (found := refused.refusals.get(reservation_id)) is not None
    ]
    return problem(
        texts.api_status_of(refused),
        refused.code,
        texts.title_of(refused),
        texts.sentence_of(refused),
        violations=faults,
    )


def _reason(refusal: DomainError) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(violation) for violation in refusal.violations)
    return texts.sentence_of(refusal)


def _detail(error: DomainError) -> str:
    return taken_sentence(error) if isinstance(error, SlotTaken) else texts.sentence_of(error)


def _of_machine(refused: MachineRefusal) -> dict[str, Any]:
    """Return why a machine of a group cannot be had."""
    broken = [of_violation(violation) for violation in getattr(refused.error, "violations", ())]
    return {
        "machine_id": refused.machine_id,
        "name": refused.machine_name,
        "code": refused.error.code,
        "detail": _detail(refused.error),
        "violations": broken,
    }


def of_violation(violation: Violation) -> dict[str, Any]:
    """Return a broken rule with its limit and actual value."""
    found = {
        "rule": violation.rule,
        "field": field_of(violation.field),
        "message": violation_sentence(violation),
        "limit": _json_value(violation.limit),
        "actual": _json_value(violation.actual),
    }
    if violation.added is not None:
        found["added"] = violation.added
    if violation.rule in INDUCTION_RULES:
        found["ask"] = ASK_FOR_INDUCTION
    return found


def of_invalid(error: ValidationError) -> Reply:
    """Return the problem of input that is not JSON (400) or not valid (422), with all fields at once."""
    found = error.errors(include_url=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in found):
        return from_error_text(MALFORMED_JSON)
    return invalid(*(field_error(".".join(map(str, one["loc"])), _message(one)) for one in found))


def invalid(*faults: dict[str, Any]) -> Reply:
    """Return the problem of fields that are not valid; see `field_error`."""
    return from_error_text(texts.http_error_text(texts.INVALID_INPUT), violations=faults)


def too_large(field: str, limit: int, actual: int | None) -> Reply:
    """Return the problem of a body, or of the field that makes it so large, with more bytes than the limit."""
    message = (
        _("at most %(limit)s bytes are possible", limit=limit)
        if actual is None
        else _("%(actual)s bytes were sent, at most %(limit)s are possible", actual=actual, limit=limit)
    )
    fault = {"rule": "at_most", "field": field, "message": message, "limit": limit, "actual": actual}
    return from_error_text(texts.http_error_text(TOO_LARGE), violations=[fault])


def field_error(name: str, message: str) -> dict[str, Any]:
    """Return one field that is not valid."""
    shown = shortened(without_unfit(name), NAME_LENGTH_MAX)
    return {"rule": "invalid", "field": shown, "message": message, "limit": None, "actual": None}


def shortened(text: str, length_max: int) -> str:
    """Return a text that came with the request, cut where it is long."""
    return text if len(text) <= length_max else text[: length_max - 1] + "…"


def of_http_error(error: HTTPException) -> Reply:
    """Return the problem of an HTTP error."""
    response = error.get_response()
    headers = {name: value for name, value in response.headers if name in FORWARDED_HEADERS}
    return of_status(error.code or SERVER_ERROR, headers)


def of_status(status: int, headers: dict[str, str] | None = None) -> Reply:
    """Return the problem for an error of HTTP by its status alone."""
    if status == UNAUTHORIZED:
        headers = {"WWW-Authenticate": 'Bearer realm="Ringbuch"', **(headers or {})}
    return from_error_text(texts.http_error_text(status), status=status, headers=headers)


def from_error_text(
    row: ErrorText,
    *,
    status: int | None = None,
    violations: Sequence[dict[str, Any]] = (),
    headers: dict[str, str] | None = None,
) -> Reply:
    """Return the problem that a row of texts describes. status: where it differs from that of the row."""
    return problem(
        status or row.status, row.code, str(row.title), str(row.sentence), violations=violations, headers=headers
    )


def problem_titles() -> dict[str, str]:
    """Return the title of each problem code, sorted: the targets of the addresses in `type`."""
    return {code: str(texts.API_ERRORS[code].title) for code in sorted(texts.API_ERRORS)}


def is_api_request() -> bool:
    """Return whether the current request goes to the API, so that its errors are problem documents."""
    return request.path.startswith("/api/")


def _message(fault: ErrorDetails) -> str:
    text = invalid_sentence(fault["type"], fault.get("ctx", {}), fault["msg"])
    return shortened(text.removeprefix("Value error, "), MESSAGE_LENGTH_MAX)


def _more(count: int) -> str:
    return str(ngettext("And %(num)d more.", "And %(num)d more.", count))


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    return value.isoformat() if isinstance(value, date) else value
