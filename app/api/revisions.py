"""ETag and If-Match: optimistic locking for programs."""

from __future__ import annotations

import re

from flask import request
from flask_babel import gettext as _

from app.api import problems
from app.api.problems import Refusal
from app.web.intermediaries import unmarked

HEADER = "If-Match"
TAG = r'(W/)?"[!#-~]{0,40}"'
TAGS_PATTERN = rf"^(\*|{TAG}( ?, ?{TAG}){{0,9}})$"
NO_REVISION = -1  # no revision is negative, so an unknown tag is always stale


def etag(revision: int) -> dict[str, str]:
    """Return the ETag header of a revision."""
    return {"ETag": f'"{revision}"'}


def expected_of_part(current: int, *, is_whole: bool) -> int | None:
    """Return the revision that a change requires whose other fields stay as they were read.

    Without If-Match it is the one just read, unless the change is_whole: what somebody else changed in between would be
    undone.
    """
    wanted = expected(current)
    return current if wanted is None and not is_whole else wanted


def expected(current: int) -> int | None:
    """Return the revision that If-Match requires; None without the header.

    current: the revision just read. The use case compares again under its lock and raises StaleRevision.
    A weak tag (W/"3") and a marked one ("3-gzip") match too, because proxies that compress change tags.
    """
    tags = request.headers.get(HEADER)
    if tags is None:
        return None
    if not re.match(TAGS_PATTERN, tags, re.ASCII):
        raise Refusal(
            problems.invalid(
                problems.field_error(
                    HEADER, _('must be an entity tag as sent in ETag, for example "3", or a list of them')
                )
            )
        )
    wanted = request.if_match
    if wanted.star_tag:
        return None
    held = {unmarked(tag) for tag in wanted.as_set(include_weak=True) if tag}  # an empty tag is read as None
    return current if str(current) in held else NO_REVISION
