"""Refusals that a server answers without the program: as text for people, as a problem document for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from app.server.bodies import API
from app.server.lanes import RETRY_AFTER_SECONDS
from app.web.security_headers import REFUSAL_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

TOO_MUCH = {
    "de": "Im Augenblick wird zu viel auf einmal gesendet. Es wurde nichts gespeichert. Bitte gleich noch einmal.",
    "en": "Too much is being sent at the moment. Nothing was stored. Please try again in a few seconds.",
}
GONE = {
    "de": "Die Datenbank antwortet nicht. Es wurde nichts gespeichert; bitte versuchen Sie es gleich noch einmal.",
    "en": "The database does not answer. Nothing was stored; please try again in a moment.",
}
TOO_MANY, BUSY, UNREACHABLE = "too_many_requests", "busy", "database_unreachable"


class Words(NamedTuple):
    """What a refusal says; the titles are those of app/wording/errors: there is no language without the program."""

    status: HTTPStatus
    titles: dict[str, str]
    sentences: dict[str, str]


PROBLEMS = {
    TOO_MANY: Words(HTTPStatus.TOO_MANY_REQUESTS, {"de": "Zu viele Anfragen", "en": "Too many requests"}, TOO_MUCH),
    BUSY: Words(HTTPStatus.SERVICE_UNAVAILABLE, {"de": "Gerade zu viel los", "en": "Too busy right now"}, TOO_MUCH),
    UNREACHABLE: Words(
        HTTPStatus.SERVICE_UNAVAILABLE,
        {"de": "Der Ring ist nicht erreichbar", "en": "The ring cannot be reached"},
        GONE,
    ),
}


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """Status, headers and body of an answer; the connection ends with it."""

    status: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes


def refusal(environ: WSGIEnvironment, code: str) -> PlainAnswer:
    """Return the answer of a code of PROBLEMS, with Retry-After."""
    language = "de" if environ.get("HTTP_ACCEPT_LANGUAGE", "").lower().startswith("de") else "en"
    status, titles, sentences = PROBLEMS[code]
    text, media_type = sentences[language], "text/plain; charset=utf-8"
    if environ.get("PATH_INFO", "").startswith(API):
        media_type = "application/problem+json"
        facts = {"title": titles[language], "status": status.value, "detail": text, "code": code}
        text = json.dumps({"type": f"/api/v1/docs#problem-{code}", **facts}, ensure_ascii=False)
    own = [("Content-Type", media_type), ("Retry-After", str(RETRY_AFTER_SECONDS)), ("Connection", "close")]
    return PlainAnswer(status, [*own, *REFUSAL_HEADERS], f"{text}\n".encode())
