"""What users have chosen about the columns of files, kept for the next file with the same headers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.imports.mapping import Choice
from app.imports.models import RememberedColumns


def remembered_choices(session: Session, kind: str) -> dict[str, Choice]:
    """Return the choices for files of one kind, by the shape of the file."""
    rows = session.execute(
        select(RememberedColumns.shape, RememberedColumns.choice).where(RememberedColumns.kind == kind)
    )
    return {
        row.shape: Choice(
            columns=row.choice["columns"],
            constants=row.choice["constants"],
            generates=frozenset(row.choice["generates"]),
        )
        for row in rows
    }


def remember(session: Session, kind: str, shape: str, choice: Choice, *, now: datetime) -> None:
    """Keep a choice in place of an earlier one for the same shape. Call inside write_transaction()."""
    stored = {
        "columns": dict(choice.columns),
        "constants": dict(choice.constants),
        "generates": sorted(choice.generates),
    }
    session.merge(RememberedColumns(kind=kind, shape=shape, choice=stored, chosen_at=now))
    session.flush()
