"""The root of every error that the trade itself can raise."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a reason: a code and facts, no sentence.

    The web edge turns the code into words and a status; see app/pages/texts.py.
    Facts are plain values (ids, integers, instants, spans), never ORM objects: after a failed
    flush these may no longer be touched.
    """

    code: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class Busy(DomainError):
    """The database could not be written to in time. Nothing was stored; try again.

    facts: retry_after_seconds.
    """

    code = "busy"


class StaleRevision(DomainError):
    """Somebody changed the thing since the caller looked at it.

    facts: expected, actual (revisions).
    """

    code = "stale_revision"
