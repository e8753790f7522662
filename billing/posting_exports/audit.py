"""The audit of exports, run by `ring check ledger`. Yields the inconsistencies that it finds.

Codes of the findings and their facts (export_id): export_sums (its entries are not what it states), export_file (its
file is not the one that was made), export_hash (its hash is not what the event log has).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from billing.errors.export_errors import ExportNotFound
from billing.events import PostingsExported
from billing.models import ExportedEntry, Posting, PostingExport
from billing.posting_exports.recording import content_of_export
from booking.kernel.audit import AuditFinding
from booking.kernel.events import RecordedEvent


def broken_exports(session: Session) -> Iterator[AuditFinding]:
    """Yield the exports whose entries, file or hash are not what was recorded."""
    logged = {
        facts["export_id"]: facts["sha256"]
        for facts in session.scalars(select(RecordedEvent.facts).where(RecordedEvent.type == PostingsExported.type))
    }
    debits = func.coalesce(func.sum(case((Posting.cents > 0, Posting.cents), else_=0)), 0)
    for one in session.scalars(select(PostingExport).order_by(PostingExport.id)).all():
        held = (
            select(func.count(ExportedEntry.entry_id.distinct()), func.count(), debits)
            .join(Posting, Posting.entry_id == ExportedEntry.entry_id)
            .where(ExportedEntry.export_id == one.id)
        )
        if tuple(map(int, session.execute(held).one())) != (one.entries, one.lines, one.cents):
            yield AuditFinding("export_sums", {"export_id": one.id})
        if _hash_of_file(session, one.id) != one.sha256:
            yield AuditFinding("export_file", {"export_id": one.id})
        if logged.pop(one.id, None) != one.sha256:
            yield AuditFinding("export_hash", {"export_id": one.id})
    for export_id in sorted(logged):  # it is gone, so that its entries would go into a second file unasked
        yield AuditFinding("export_hash", {"export_id": export_id})


def _hash_of_file(session: Session, export_id: int) -> str:
    """Return the hash of the stored file of an export; "" where it is gone or cannot be unpacked."""
    try:
        return hashlib.sha256(content_of_export(session, export_id)).hexdigest()
    except (ExportNotFound, zlib.error):
        return ""
