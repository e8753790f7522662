"""The root of every error that the trade itself can raise."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a reason: a code and facts, no sentence.

    The web edge turns the code into words and a status; see app/wording/errors.py.
    Facts are plain values (ids, integers, instants, spans), never ORM objects: after a failed
    flush these may no longer be touched.
    """

    code: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class Unavailable(DomainError):
    """The database cannot serve now, through nobody's fault who asks. Nothing was stored; try again.

    facts: retry_after_seconds.
    """


class Busy(Unavailable):
    """The database could not be written to in time."""

    code = "busy"


class DatabaseGone(Unavailable):
    """The database does not answer."""

    code = "database_gone"


class NoRoom(Unavailable):
    """The disk under the database is full. What is stored can be read."""

    code = "no_room"


class NotWritable(Unavailable):
    """The database can be read and not be written to."""

    code = "not_writable"


class Damaged(Unavailable):
    """The database file does not hold together."""

    code = "damaged"


class StaleRevision(DomainError):
    """Somebody changed the thing since the caller looked at it.

    facts: expected, actual (revisions).
    """

    code = "stale_revision"
