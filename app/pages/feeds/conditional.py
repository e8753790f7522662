"""The tags of calendar files, as HTTP speaks of them."""

from __future__ import annotations

from werkzeug.http import parse_etags

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


def headers_of(tag: str) -> dict[str, str]:
    """What goes with a file and with the answer that it did not change. The secret must not travel in a Referer."""
    return {
        "ETag": f'"{tag}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "Referrer-Policy": "no-referrer",
    }
