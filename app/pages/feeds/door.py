"""A door of its own for calendar programs.

They ask every few minutes for years, and nearly always nothing changed. So whoever has a key is answered before
Flask begins its work for a page (sessions, languages, logins): one statement to see that nothing changed, no
session, nothing written. Whoever has none, and every failure, is passed on to the page, which says it in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Engine
from werkzeug import Request, Response

from app.clock import now_of
from app.pages.feeds.conditional import PACKED, headers_of, is_unmodified_since, known_tag
from app.pages.feeds.opening import open_feed
from app.pages.feeds.words import words_of
from calendars import feeds
from calendars.shelf import Document, Shelf
from calendars.vevents import Words

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX, SUFFIX = "/feeds/", ".ics"
FAILURE = "ringbuch.feed_failure"  # in the WSGI environment: what the page is to say


class NotModified:
    """The usual answer, as small as WSGI allows."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Say that nothing changed; send nothing."""
        start_response("304 NOT MODIFIED", list(self._headers.items()))
        return ()


class FeedDoor:
    """WSGI in front of the application: calendar files here, all else inside."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._app, self._engine, self._shelf = app, engine, Shelf()
        self._inside: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a question for a calendar file, if its address opens one."""
        path: str = environ["PATH_INFO"]
        if not (path.startswith(PREFIX) and path.endswith(SUFFIX)) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._inside(environ, start_response)
        try:
            response = self._answer(environ, path[len(PREFIX) : -len(SUFFIX)])
        except Exception as failure:  # noqa: BLE001 - the page logs it and answers as for any other failure
            environ[FAILURE], response = failure, None
        return (response or self._inside)(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, secret: str) -> WSGIApplication | None:
        config, instant = self._app.config, now_of(self._app)
        base_url = config["BASE_URL"]
        with self._engine.connect() as connection:
            feed = open_feed(connection, secret, instant, config["TIMEZONE"])
            if feed is None:
                return None
            if known := known_tag(environ.get("HTTP_IF_NONE_MATCH"), feeds.etag_of(feed, base_url, instant)):
                return NotModified(headers_of(known))
            document = feeds.document(connection, feed, self._shelf, self._words_of, base_url, now=instant)
        request = Request(environ)
        if is_unmodified_since(request, document.last_modified):
            return NotModified(headers_of(document.etag, document.last_modified))
        return _file(request, document)

    def _words_of(self, language: str) -> Words:
        with self._app.app_context():
            return words_of(language)


def _file(request: Request, document: Document) -> Response:
    is_packed = request.accept_encodings["gzip"] > 0
    tag = document.etag + PACKED if is_packed else document.etag
    response = Response(
        document.packed if is_packed else document.body,
        mimetype="text/calendar",
        headers=headers_of(tag, document.last_modified),
    )
    response.headers["Content-Disposition"] = 'inline; filename="ringbuch.ics"'  # a download must not bear the secret
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
