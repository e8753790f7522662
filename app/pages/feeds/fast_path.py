"""The fast path of calendar feeds, a WSGI middleware.

Calendar programs poll every few minutes for years, and nearly always nothing changed. A valid address is answered
before Flask starts a request (sessions, languages, logins): one statement to see that nothing changed, no session,
nothing written. An invalid one, and every failure, is passed on to the page, which explains it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import ColumnElement, Connection, Engine, exists, or_
from sqlalchemy.orm import Session
from werkzeug import Request, Response
from werkzeug.http import http_date, parse_etags

from app.auth import memberships
from app.auth.models import User
from app.clock import now_of
from app.ring_card import ring_zone
from app.web.intermediaries import with_unmarked
from app.wording.calendar import labels_of
from booking.times.wall_clock import local_day
from calendars import feeds, tokens
from calendars.feed_cache import Document, FeedCache
from calendars.models import Feed
from calendars.tokens import ResolvedFeed
from calendars.vevents import Labels

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX, SUFFIX = "/feeds/", ".ics"
FAILURE = "ringbuch.feed_failure"  # in the WSGI environment: what the page is to say


class NotModified:
    """The usual response, 304, as small as WSGI allows."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._headers = headers

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the headers and no body."""
        start_response("304 NOT MODIFIED", list(self._headers.items()))
        return ()


class FeedMiddleware:
    """WSGI in front of the application: calendar files here, all else inside."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._app, self._engine, self._cache = app, engine, FeedCache()
        self._inside: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request for a calendar file with a valid address; pass everything else on."""
        path: str = environ["PATH_INFO"]
        if not (path.startswith(PREFIX) and path.endswith(SUFFIX)) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._inside(environ, start_response)
        try:
            response = self._answer(environ, path[len(PREFIX) : -len(SUFFIX)])
        except Exception as failure:  # noqa: BLE001 - the page logs it and answers as for any other failure
            environ[FAILURE], response = failure, None
        return (response or self._inside)(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, secret: str) -> WSGIApplication | None:
        base_url, instant = self._app.config["BASE_URL"], now_of(self._app)
        with self._engine.connect() as connection:
            feed = open_feed(connection, secret, instant, ring_zone(self._app, connection))
            if feed is None:
                return None
            if known := known_tag(environ.get("HTTP_IF_NONE_MATCH"), feeds.etag_of(feed, base_url, instant)):
                return NotModified(headers_of(known))
            document = feeds.document(connection, feed, self._cache, self._labels_of, base_url, now=instant)
        request = Request(environ)
        if is_unmodified_since(request, document.last_modified):
            return NotModified(headers_of(document.etag, document.last_modified))
        return _file(request, document)

    def _labels_of(self, language: str) -> Labels:
        with self._app.app_context():
            return labels_of(language)


def _file(request: Request, document: Document) -> Response:
    is_gzipped = request.accept_encodings["gzip"] > 0
    tag = document.etag + GZIPPED if is_gzipped else document.etag
    response = Response(
        document.gzipped if is_gzipped else document.body,
        mimetype="text/calendar",
        headers=headers_of(tag, document.last_modified),
    )
    response.headers["Content-Disposition"] = 'inline; filename="ringbuch.ics"'  # a download must not bear the secret
    if is_gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


GZIPPED = "-gzip"  # suffix of the ETag of the gzipped file: other bytes, another tag


def known_tag(if_none_match: str | None, etag: str) -> str | None:
    """Return the ETag that a program holds already, plain or gzipped, by its If-None-Match header; None for neither."""
    if if_none_match is None:
        return None
    forms = (etag, etag + GZIPPED)
    for form in forms:
        if if_none_match == f'"{form}"':  # what nearly every program sends
            return form
    held = parse_etags(with_unmarked(if_none_match))
    return next((form for form in forms if held.contains_weak(form)), None)


def is_unmodified_since(request: Request, last_modified: datetime) -> bool:
    """Return whether If-Modified-Since holds, for programs that keep no ETag. If-None-Match takes precedence."""
    if "If-None-Match" in request.headers or (since := request.if_modified_since) is None:
        return False
    return last_modified.replace(microsecond=0) <= since


def headers_of(tag: str, last_modified: datetime | None = None) -> dict[str, str]:
    """Return the headers of a file and of a 304. The secret must not leak in a Referer."""
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if last_modified is not None:
        headers["Last-Modified"] = http_date(last_modified)
    return headers


def is_entitled() -> ColumnElement[bool]:
    """Return a condition on Feed, with the parameter `today`.

    The login is not disabled, its member (if any) has not left, and it still acts for the member of a "mine" feed.
    """
    return exists().where(
        User.id == Feed.user_id,
        User.disabled_at.is_(None),
        or_(Feed.member_id.is_(None), Feed.member_id == User.member_id),
        ~memberships.has_left(),
    )


_STATEMENT = tokens.resolve_statement(is_entitled())


def open_feed(reader: Session | Connection, secret: str, instant: datetime, zone: ZoneInfo) -> ResolvedFeed | None:
    """Return the feed of a secret at an instant; zone: by whose calendar members leave."""
    return tokens.resolve(reader, _STATEMENT, secret, today=local_day(instant, zone))
