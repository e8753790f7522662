"""The base classes of the errors that the domain raises, and the errors that any use case can raise."""

from __future__ import annotations

from typing import Any, ClassVar


class DomainError(Exception):
    """A refusal with a code and facts, without a sentence.

    The web layer turns the code into a text and an HTTP status. Facts are plain values (ids, integers, instants,
    spans), never ORM objects: after a failed flush these may no longer be touched.
    """

    code: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class Unavailable(DomainError):
    """The database cannot serve the request now; try again. facts: retry_after_seconds.

    Nothing was stored, except perhaps with OutcomeUnknown.
    """


class Busy(Unavailable):
    """The database could not be locked for writing in time."""

    code = "busy"


class WriteClash(Busy):
    """Others changed the same rows at the same moment: a deadlock or a serialisation failure, try after try."""

    code = "write_clash"


class DatabaseUnreachable(Unavailable):
    """The database does not answer."""

    code = "database_unreachable"


class DiskFull(Unavailable):
    """The disk of the database is full. Reading still works."""

    code = "disk_full"


class DatabaseReadOnly(Unavailable):
    """The database accepts reads but no writes."""

    code = "database_read_only"


class DatabaseCorrupt(Unavailable):
    """The database file is corrupt."""

    code = "database_corrupt"


class DatabaseForbids(Unavailable):
    """The database denies the role of DATABASE_URL what the program needs: its rights were taken, or never given."""

    code = "database_forbids"


class SchemaDiffers(Unavailable):
    """A statement failed, and the database has another schema than this program: one of them was replaced."""

    code = "schema_differs"


class DatabaseNotUnicode(Unavailable):
    """The database stores texts in another encoding than UTF-8. facts: database, encoding."""

    code = "database_not_unicode"

    def __str__(self) -> str:
        """Return what is wrong, for the log."""
        database, encoding = self.facts["database"], self.facts["encoding"]
        return f"the database {database} stores texts as {encoding}, the ring needs UTF-8"


class OutcomeUnknown(Unavailable):
    """The connection was lost during the commit, or the commit not confirmed in time: it is stored, or it is not."""

    code = "outcome_unknown"


class StaleRevision(DomainError):
    """The record was changed since the caller read it. facts: expected, actual (revisions)."""

    code = "stale_revision"
