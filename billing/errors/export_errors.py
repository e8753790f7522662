"""Errors of exported postings: codes and facts; their messages are in app/wording/errors/posting_exports.py."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class ExportNotFound(NotFound):
    """There is no such export."""

    code = "export_not_found"


class NotExportable(DomainError):
    """Something is missing before the file can be made. facts: problems (list of codes of ExportProblem)."""

    code = "not_exportable"


class NothingToExport(DomainError):
    """The days have no entry, or each is in a file of this kind already. facts: earlier (how many are)."""

    code = "nothing_to_export"


class StaleExport(DomainError):
    """What the file would hold is not what was looked at."""

    code = "stale_export"
