"""A door of its own for calendar programs that ask whether anything changed.

They ask every few minutes for years, and nearly always the answer is no. So this question is answered before
Flask begins its work for a page (sessions, languages, logins): one statement, no session, nothing written. Every
other question, and every doubt, is passed on to the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now_of
from app.pages.feeds.conditional import headers_of, known_tag
from app.pages.feeds.opening import open_feed
from calendars import feeds

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX, SUFFIX = "/feeds/", ".ics"


class FeedDoor:
    """WSGI in front of the application: "not modified" at once, all else inside."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self._app, self._engine = app, engine
        self._inside: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 304 when the program holds the present file, by one of the tags it names."""
        path: str = environ["PATH_INFO"]
        if path.startswith(PREFIX) and path.endswith(SUFFIX) and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            held = environ.get("HTTP_IF_NONE_MATCH")
            if held and (tag := self._known(path[len(PREFIX) : -len(SUFFIX)], held)):
                start_response("304 NOT MODIFIED", list(headers_of(tag).items()))
                return ()
        return self._inside(environ, start_response)

    def _known(self, secret: str, held: str) -> str | None:
        config, instant = self._app.config, now_of(self._app)
        try:
            with self._engine.connect() as connection:
                feed = open_feed(connection, secret, instant, config["TIMEZONE"])
        except SQLAlchemyError:
            return None  # the page says it in words
        return known_tag(held, feeds.etag_of(feed, config["BASE_URL"], instant)) if feed else None
