"""Answering calendar programs: not modified, the file (packed or not), or nothing to be had.

Programs ask every few minutes for years, so the usual answer, "not modified", costs one statement.
"""

from __future__ import annotations

from datetime import datetime

from flask import Response, current_app, request
from flask_babel import gettext as _

from app.clock import now
from app.extensions import db
from app.pages.feeds.entitlement import is_entitled
from app.pages.feeds.words import words_of
from app.pages.formats import as_zone
from calendars import feeds, tokens
from calendars.shelf import Document, Shelf

PACKED = "-gzip"  # behind the tag of the packed file: other octets, another tag
_OPENING = tokens.opening(is_entitled())
_SHELF = "feed_shelf"


def answer(secret: str) -> Response:
    """What a calendar program gets for the secret in its address."""
    session, instant = db.session(), now()
    feed = tokens.look_up(session, _OPENING, secret, today=instant.astimezone(as_zone(None)).date())
    if feed is None:
        return _nothing()
    base_url = current_app.config["BASE_URL"]
    if known := _known_tag(feeds.etag_of(feed, base_url, instant)):
        return _with_headers(Response(status=304), known)
    document = feeds.document(session, feed, _shelf(), words_of, base_url, now=instant)
    if _is_unmodified_since(document.last_modified):
        return _with_headers(Response(status=304), document.etag, document.last_modified)
    return _file(document)


def _file(document: Document) -> Response:
    is_packed = request.accept_encodings["gzip"] > 0
    response = Response(document.packed if is_packed else document.body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'inline; filename="ringbuch.ics"'  # a download must not bear the secret
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    return _with_headers(response, document.etag + PACKED * is_packed, document.last_modified)


def _nothing() -> Response:
    """Alike for an address that never was, was revoked, or whose owner has left."""
    sentence = _("There is no such calendar subscription, or no longer. Log in to the ring to make a new one.")
    response = Response(sentence + "\n", status=404, mimetype="text/plain")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _with_headers(response: Response, tag: str, last_modified: datetime | None = None) -> Response:
    headers = response.headers
    headers["ETag"] = f'"{tag}"'
    headers["Cache-Control"] = "private, no-cache"
    headers["Vary"] = "Accept-Encoding"
    headers["Referrer-Policy"] = "no-referrer"
    if last_modified is not None:
        response.last_modified = last_modified
    return response


def _known_tag(etag: str) -> str | None:
    """Which form of the present file the program holds already, if any."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return None
    forms = (etag, etag + PACKED)
    for form in forms:
        if header == f'"{form}"':  # what nearly every program sends; the rest is read by the book
            return form
    held = request.if_none_match
    return next((form for form in forms if held.contains_weak(form)), None)


def _is_unmodified_since(last_modified: datetime) -> bool:
    if "If-None-Match" in request.headers or (since := request.if_modified_since) is None:
        return False
    return last_modified.replace(microsecond=0) <= since


def _shelf() -> Shelf:
    shelf: Shelf = current_app.extensions.setdefault(_SHELF, Shelf())
    return shelf
