"""Recording that a file of postings was made. Its bytes are made before, from entries that never change.

The functions that write flush and never commit: call them inside write_transaction(). They lock the ledger, so that of
two treasurers who export the same entries one is refused.
"""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from billing.errors.export_errors import ExportNotFound, NotExportable, NothingToExport, StaleExport
from billing.events import PostingsExported
from billing.ledger.posting import lock_ledger
from billing.models import ExportedEntry, PostingExport, PostingExportFile
from billing.posting_exports.selection import ExportPreview, batches, is_unchanged
from booking.kernel import events
from booking.kernel.events import Actor


def require_exportable(preview: ExportPreview, digest: str) -> None:
    """Refuse a file that cannot be made, before it is. digest: of the preview that was looked at.

    Raises StaleExport (an entry, a number or the terms changed since, or another export was made), NotExportable,
    NothingToExport.
    """
    if preview.digest != digest:
        raise StaleExport
    if preview.problems:
        raise NotExportable(problems=[problem.code for problem in preview.problems])
    if not preview.entry_ids:
        raise NothingToExport(earlier=preview.earlier)


def record_export(
    session: Session, preview: ExportPreview, content: bytes, file_name: str, *, by: Actor, now: datetime
) -> int:
    """Record a file with the entries of a preview, and store its bytes; return the id of the export.

    Raises what require_exportable raises; of two treasurers who make the same file at once, one gets StaleExport.
    """
    lock_ledger(session)
    if not is_unchanged(session, preview):
        raise StaleExport
    require_exportable(preview, preview.digest)
    export_id = (session.scalar(select(func.max(PostingExport.id))) or 0) + 1
    rows = _rows(session, preview, export_id)
    made = {
        "id": export_id,
        "kind": preview.kind,
        "first_day": preview.period.first_day,
        "last_day": preview.period.last_day,
        "entries": len(rows),
        "lines": preview.lines,
        "cents": preview.cents,
        "is_again": preview.is_again,
        "file_name": file_name,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    session.flush()
    session.execute(insert(ExportedEntry), rows)
    session.execute(insert(PostingExport), [made | {"made_at": now, "made_by": by.user_id}])
    session.execute(insert(PostingExportFile), [{"export_id": export_id, "content": zlib.compress(content)}])
    event = PostingsExported(
        export_id=export_id,
        kind=preview.kind,
        period=preview.period.name,
        entries=len(rows),
        total_cents=preview.cents,
        is_again=preview.is_again,
        sha256=str(made["sha256"]),
    )
    events.record(session, event, by=by, at=now)
    return export_id


def posting_export(session: Session, export_id: int) -> PostingExport:
    """Return an export. Raises ExportNotFound."""
    found = session.get(PostingExport, export_id)
    if found is None:
        raise ExportNotFound(id=export_id)
    return found


def content_of_export(session: Session, export_id: int) -> bytes:
    """Return the bytes of an export as they were made. Raises ExportNotFound."""
    statement = select(PostingExportFile.content).where(PostingExportFile.export_id == export_id)
    content = session.scalar(statement)
    if content is None:
        raise ExportNotFound(id=export_id)
    return zlib.decompress(content)


def _rows(session: Session, preview: ExportPreview, export_id: int) -> list[dict[str, object]]:
    turns = _turns(session, preview)
    return [
        {"export_id": export_id, "number": number, "entry_id": one, "kind": preview.kind, "turn": turns.get(one, 0) + 1}
        for number, one in enumerate(preview.entry_ids, start=1)
    ]


def _turns(session: Session, preview: ExportPreview) -> dict[int, int]:
    """Return entry id -> in how many files of the kind it is already."""
    if not preview.is_again:
        return {}
    found: dict[int, int] = {}
    for ids in batches(preview.entry_ids):
        statement = (
            select(ExportedEntry.entry_id, func.max(ExportedEntry.turn))
            .where(ExportedEntry.kind == preview.kind, ExportedEntry.entry_id.in_(ids))
            .group_by(ExportedEntry.entry_id)
        )
        found |= {entry_id: int(turn) for entry_id, turn in session.execute(statement)}
    return found
