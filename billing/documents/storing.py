"""Storing a document that is issued: its number, its sums, its hash, and the event. Its parts first: it closes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from billing.documents import numbering
from billing.documents.texts import Heading, TextWriter
from billing.events import DocumentIssued
from billing.models import Document, DocumentLine, DocumentVat, IssuedStatement
from booking.kernel import events
from booking.kernel.events import Actor

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What the texts of a document start from. notes: about VAT. cancels: number and day of what it takes back."""

    intro: str = ""
    notes: tuple[str, ...] = ()
    cancels: str = ""
    cancels_issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a document consists of, as rows: lines and sums by rate, or the statement that it is."""

    lines: Sequence[Row] = ()
    groups: Sequence[Row] = ()
    statement: Row | None = None


def store(
    session: Session, row: Row, parts: Parts, writer: TextWriter, said: Said = Said(), *, by: Actor, now: datetime
) -> int:
    """Give a document its number, insert it and return its id. row: kind, member_id, days, both sides, cancels_id.

    The caller has locked the documents.
    """
    series, year = numbering.SERIES[row["kind"]], row["issued_on"].year
    sequence = numbering.next_number(session, series, year)
    net, vat = (sum(group[name] for group in parts.groups) for name in ("net_cents", "vat_cents"))
    row |= {
        "id": (session.scalar(select(func.max(Document.id))) or 0) + 1,
        "series": series,
        "year": year,
        "sequence": sequence,
        "number": numbering.full_number(series, year, sequence),
        "net_cents": net,
        "vat_cents": vat,
        "gross_cents": net + vat,
        "lines": len(parts.lines),
        "vat_groups": len(parts.groups),
    }
    row["texts"] = _texts(row, writer, said)
    lines, groups = (_numbered(row["id"], rows) for rows in (parts.lines, parts.groups))
    statement = None if parts.statement is None else parts.statement | {"document_id": row["id"]}
    row["sha256"] = digest(row, lines, groups, statement)
    session.flush()
    for model, rows in (
        (DocumentLine, lines),
        (DocumentVat, groups),
        (IssuedStatement, [statement] if statement else []),
    ):
        if rows:
            session.execute(insert(model), rows)
    session.execute(insert(Document), [row | {"issued_at": now, "issued_by": by.user_id}])
    names = ("member_id", "number", "gross_cents", "cancels_id", "sha256")
    events.record(session, DocumentIssued(document_id=row["id"], **{name: row[name] for name in names}), by=by, at=now)
    return int(row["id"])


def digest(row: Row, lines: Sequence[Row], groups: Sequence[Row], statement: Mapping[str, Any] | None = None) -> str:
    """Return the SHA-256 over a document, its lines and its sums, but not over issued_at and issued_by."""
    plain = {name: value for name, value in row.items() if name not in ("issued_at", "issued_by", "sha256")}
    content: list[Any] = [plain, [_plain_line(line) for line in lines], [_plain_line(group) for group in groups]]
    if statement is not None:
        content.append(dict(statement))
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True, default=str).encode()).hexdigest()


def _numbered(document_id: int, rows: Sequence[Row]) -> list[Row]:
    return [each | {"document_id": document_id, "number": number} for number, each in enumerate(rows, start=1)]


def _texts(row: Row, writer: TextWriter, said: Said) -> Row:
    heading = Heading(
        kind=row["kind"],
        number=row["number"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        gross_cents=row["gross_cents"],
        intro=said.intro,
        notes=said.notes,
        cancels=said.cancels,
        cancels_issued_on=said.cancels_issued_on,
    )
    return writer.texts(heading) | {"vat_notes": list(said.notes)}


def _plain_line(row: Row) -> Row:
    """Return a row with its rate as both databases give it back: with two decimals."""
    return row | {"percent": f"{Decimal(row['percent']):.2f}"}
