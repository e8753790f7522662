"""Has the program this file already? Tags and dates of calendar files, as HTTP speaks of them."""

from __future__ import annotations

from datetime import datetime

from werkzeug import Request
from werkzeug.http import http_date, parse_etags

PACKED = "-gzip"  # behind the tag of the packed file: other octets, another tag


def known_tag(if_none_match: str | None, etag: str) -> str | None:
    """Which form of the present file a program holds already, by its If-None-Match header; None: neither."""
    if if_none_match is None:
        return None
    forms = (etag, etag + PACKED)
    for form in forms:
        if if_none_match == f'"{form}"':  # what nearly every program sends; the rest is read by the book
            return form
    held = parse_etags(if_none_match)
    return next((form for form in forms if held.contains_weak(form)), None)


def is_unmodified_since(request: Request, last_modified: datetime) -> bool:
    """By the clock, for programs that keep no tag; If-None-Match, when there is one, has the last word."""
    if "If-None-Match" in request.headers or (since := request.if_modified_since) is None:
        return False
    return last_modified.replace(microsecond=0) <= since


def headers_of(tag: str, last_modified: datetime | None = None) -> dict[str, str]:
    """What goes with a file and with the answer that it did not change. The secret must not travel in a Referer."""
    headers = {
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if last_modified is not None:
        headers["Last-Modified"] = http_date(last_modified)
    return headers
