"""ETag and If-Match: a program changes only the revision that it has read."""

from __future__ import annotations

import re

from flask import request

from app.api import problems
from app.api.problems import Refusal

HEADER = "If-Match"
TAG = r'(W/)?"[!#-~]{0,40}"'
TAGS_PATTERN = rf"^(\*|{TAG}( ?, ?{TAG}){{0,9}})$"
NO_REVISION = -1  # never the revision of anything, so that a foreign tag is always stale


def etag(revision: int) -> dict[str, str]:
    """Return the header that names a revision."""
    return {"ETag": f'"{revision}"'}


def expected(current: int) -> int | None:
    """Return the revision that If-Match demands; None without the header.

    current: the revision just read. The use case compares again under its lock and raises StaleRevision.
    A tag that a proxy weakened on its way (W/"3") counts as well.
    """
    tags = request.headers.get(HEADER)
    if tags is None:
        return None
    if not re.match(TAGS_PATTERN, tags, re.ASCII):
        raise Refusal(problems.invalid(problems.fault(HEADER, 'an entity tag as it came in ETag, "3", or several')))
    wanted = request.if_match
    if wanted.star_tag:
        return None
    return current if wanted.contains_weak(str(current)) else NO_REVISION
