"""Refusals that a server answers without the program: as text for people, as a problem document for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from app.server.bodies import API
from app.server.lanes import RETRY_AFTER_SECONDS
from app.web.security_headers import REFUSAL_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SENTENCES = {
    "de": "Im Augenblick wird zu viel auf einmal gesendet. Es wurde nichts gespeichert. Bitte gleich noch einmal.",
    "en": "Too much is being sent at the moment. Nothing was stored. Please try again in a few seconds.",
}
# Code and titles of each status, as app/wording/errors has them: there is no language without the program.
PROBLEMS = {
    HTTPStatus.TOO_MANY_REQUESTS: ("too_many_requests", {"de": "Zu viele Anfragen", "en": "Too many requests"}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("busy", {"de": "Gerade zu viel los", "en": "Too busy right now"}),
}


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """Headers and body of an answer; the connection ends with it."""

    headers: list[tuple[str, str]]
    body: bytes


def refusal(environ: WSGIEnvironment, status: HTTPStatus) -> PlainAnswer:
    """Return the answer that too much is being sent: 429 or 503, with Retry-After."""
    language = "de" if environ.get("HTTP_ACCEPT_LANGUAGE", "").lower().startswith("de") else "en"
    sentence, media_type = SENTENCES[language], "text/plain; charset=utf-8"
    text = sentence
    if environ.get("PATH_INFO", "").startswith(API):
        code, titles = PROBLEMS[status]
        media_type = "application/problem+json"
        facts = {"title": titles[language], "status": status.value, "detail": sentence, "code": code}
        text = json.dumps({"type": f"/api/v1/docs#problem-{code}", **facts}, ensure_ascii=False)
    own = [("Content-Type", media_type), ("Retry-After", str(RETRY_AFTER_SECONDS)), ("Connection", "close")]
    return PlainAnswer([*own, *REFUSAL_HEADERS], f"{text}\n".encode())
