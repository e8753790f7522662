"""Answering calendar programs: the file (packed or not), not modified, or nothing to be had."""

from __future__ import annotations

from datetime import datetime

from flask import Response, current_app, request
from flask_babel import gettext as _

from app.clock import now
from app.extensions import db
from app.pages.feeds.conditional import PACKED, headers_of, known_tag
from app.pages.feeds.opening import open_feed
from app.pages.feeds.words import words_of
from calendars import feeds
from calendars.shelf import Document, Shelf

_SHELF = "feed_shelf"


def answer(secret: str) -> Response:
    """What a calendar program gets for the secret in its address."""
    session, instant, config = db.session(), now(), current_app.config
    feed = open_feed(session, secret, instant, config["TIMEZONE"])
    if feed is None:
        return _nothing()
    if known := known_tag(request.headers.get("If-None-Match"), feeds.etag_of(feed, config["BASE_URL"], instant)):
        return Response(status=304, headers=headers_of(known))
    document = feeds.document(session, feed, _shelf(), words_of, config["BASE_URL"], now=instant)
    if _is_unmodified_since(document.last_modified):
        return _dated(Response(status=304, headers=headers_of(document.etag)), document)
    return _file(document)


def _file(document: Document) -> Response:
    is_packed = request.accept_encodings["gzip"] > 0
    tag = document.etag + PACKED if is_packed else document.etag
    response = Response(
        document.packed if is_packed else document.body, mimetype="text/calendar", headers=headers_of(tag)
    )
    response.headers["Content-Disposition"] = 'inline; filename="ringbuch.ics"'  # a download must not bear the secret
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    return _dated(response, document)


def _dated(response: Response, document: Document) -> Response:
    response.last_modified = document.last_modified
    return response


def _nothing() -> Response:
    """Alike for an address that never was, was revoked, or whose owner has left."""
    sentence = _("There is no such calendar subscription, or no longer. Log in to the ring to make a new one.")
    headers = {"Referrer-Policy": "no-referrer"}
    return Response(sentence + "\n", status=404, mimetype="text/plain", headers=headers)


def _is_unmodified_since(last_modified: datetime) -> bool:
    """By the clock, for programs that keep no tag; If-None-Match, when there is one, has the last word."""
    if "If-None-Match" in request.headers or (since := request.if_modified_since) is None:
        return False
    return last_modified.replace(microsecond=0) <= since


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions.setdefault(_SHELF, Shelf())
    return shelf
