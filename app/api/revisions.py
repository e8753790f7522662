"""ETag and If-Match: a program changes what it has seen, not what somebody made of it since."""

from __future__ import annotations

from flask import request

NO_REVISION = -1  # never the revision of anything, so that a foreign tag is always stale


def etag(revision: int) -> dict[str, str]:
    """The header that names a revision."""
    return {"ETag": f'"{revision}"'}


def expected(current: int) -> int | None:
    """The revision that If-Match asks for: None where the program does not care.

    current: the revision just read. The use case compares again under its lock and raises StaleRevision.
    """
    if "If-Match" not in request.headers:
        return None
    wanted = request.if_match
    if wanted.star_tag:
        return None
    return current if wanted.contains_weak(str(current)) else NO_REVISION
