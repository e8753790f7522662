"""Every error is one complete row of app/wording/errors/; a fault of a row is named in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import ClassVar

import pytest
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from app.api import document
from app.server import refusals
from app.wording import errors
from app.wording.errors.text import ErrorText, by_code
from booking.kernel.errors import DomainError


def error_classes(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Yield every error of the four packages that has a code."""
    if "code" in vars(kind) and kind.__module__.split(".")[0] in ("app", "billing", "booking", "calendars"):
        yield kind
    for each in kind.__subclasses__():
        yield from error_classes(each)


def faults(rows: dict[str, ErrorText], classes: set[type[DomainError]]) -> list[str]:
    """Return what is missing or superfluous, one line each. Call with an application context."""
    known = {kind.code for kind in classes}
    return [
        *(f"{kind.__name__}: no row for code {kind.code}" for kind in classes if kind.code not in rows),
        *(f"row {code}: no error class" for code in sorted(rows.keys() - known)),
        *(fault for row in rows.values() for fault in faults_of_row(row)),
    ]


def faults_of_row(row: ErrorText) -> Iterator[str]:
    """Yield the faults of one row: its statuses, its texts, their German."""
    for status in (row.status, row.api_status):
        if status is not None and not _is_error_status(status):
            yield f"row {row.code}: {status} is not the status of an error"
    for part in ("title", "sentence"):
        english, german = (_text(getattr(row, part), language) for language in ("en", "de"))
        if not english.strip():
            yield f"row {row.code}: no {part}"
        elif english == german:
            yield f"row {row.code}: no German {part}"


def _text(text: object, language: str) -> str:
    with force_locale(language):
        return str(text)


def _is_error_status(status: object) -> bool:
    return isinstance(status, int) and status in set(HTTPStatus) and status >= HTTPStatus.BAD_REQUEST


@pytest.fixture
def request_context(app):
    with app.test_request_context():
        yield


def test_every_error_has_a_complete_row_and_every_row_an_error(request_context):
    assert faults(errors.DOMAIN_ERRORS, set(error_classes())) == []


def test_every_error_of_http_has_a_complete_row(request_context):
    rows = [*errors.HTTP_ERRORS.values(), errors.API_ERRORS["malformed_json"]]

    assert [fault for row in rows for fault in faults_of_row(row)] == []


class MachineOnFire(DomainError):
    """An error that exists only here."""

    code: ClassVar[str] = "machine_on_fire"


def test_an_error_without_a_row_is_named(request_context):
    assert faults({}, {MachineOnFire}) == ["MachineOnFire: no row for code machine_on_fire"]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (lambda: ErrorText("x", 409, _l("Not found"), _l("Please log in")), "row x: no error class"),
        (lambda: ErrorText("machine_on_fire", 200, _l("Not found"), _l("Please log in")), "200 is not the status"),
        (lambda: ErrorText("machine_on_fire", 409, "", _l("Please log in")), "row machine_on_fire: no title"),
        (lambda: ErrorText("machine_on_fire", 409, _l("Not found"), "Fire!"), "machine_on_fire: no German sentence"),
    ],
)
def test_a_fault_of_a_row_is_named(request_context, row: Callable[[], ErrorText], fault: str):
    made = row()

    assert any(fault in line for line in faults({made.code: made}, {MachineOnFire}))


def test_a_row_without_a_status_cannot_be_made():
    with pytest.raises(TypeError, match="sentence"):
        ErrorText("machine_on_fire", _l("Not found"), _l("Please log in"))


def test_an_error_with_two_rows_is_named():
    row = ErrorText("machine_on_fire", 409, _l("Not found"), _l("Please log in"))
    other = ErrorText("machine_on_fire", 404, _l("Not found"), _l("Please log in"))

    with pytest.raises(ValueError, match="machine_on_fire has two rows"):
        by_code((row, other))


def test_the_document_of_the_api_lists_every_code():
    codes = document.document()["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]

    assert codes == sorted(errors.API_ERRORS)
    assert {kind.code for kind in error_classes()} <= set(codes)


@pytest.mark.parametrize("code", refusals.PROBLEMS)
def test_a_refusal_before_the_program_runs_is_a_problem_with_the_texts_of_its_row(app, code):
    """The server answers it without a language, so its titles stand there twice."""
    environ = {"PATH_INFO": "/api/v1/reservations", "HTTP_ACCEPT_LANGUAGE": "de-AT"}
    answer = refusals.refusal(environ, code)
    document = json.loads(answer.body)
    row = errors.API_ERRORS[document["code"]]

    assert dict(answer.headers)["Content-Type"] == "application/problem+json"
    assert (document["status"], document["type"]) == (row.status, f"/api/v1/docs#problem-{code}")
    assert answer.status == row.status
    with force_locale("de"):
        assert document["title"] == str(row.title)
    assert "Es wurde nichts gespeichert" in document["detail"]


def test_numbers_in_a_sentence_are_facts_of_its_error(app):
    """A placeholder that nobody fills in is shown as it is written."""
    with app.app_context():
        sentences = {kind: str(errors.DOMAIN_ERRORS[kind.code].sentence) for kind in error_classes()}
        for kind, sentence in sentences.items():
            names = re.findall(r"%\((\w+)\)s", sentence)
            for name in names:
                assert re.search(rf"[Ff]acts: .*\b{name}\b", kind.__doc__ or ""), kind
            if names:
                assert "%" not in errors.sentence_of(kind(**dict.fromkeys(names, 3)))
