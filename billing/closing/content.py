"""What a period holds: its entries and lines, counted and hashed in the order of their posting."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from billing.ledger.posting import ENTRY_CONTENT, LINE_CONTENT, digest
from billing.models import Entry, Posting
from billing.period_names import PeriodSpan
from booking.kernel.orm import table_of

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class PeriodContent:
    """The entries of a period: how many, how many lines, the sum of the debits; sha256: over all of their content."""

    entries: int
    lines: int
    debit_cents: int
    sha256: str


def content_of(session: Session, period: PeriodSpan) -> PeriodContent:
    """Return what the entries with a posting date in a period hold, read from their lines."""
    entries = lines = debit_cents = 0
    whole = hashlib.sha256(f"{period.name},{period.first_day},{period.last_day};".encode())
    for entry, its_lines in _entries(session, period):
        whole.update(digest(entry, its_lines).encode())
        entries += 1
        lines += len(its_lines)
        debit_cents += sum(line["cents"] for line in its_lines if line["cents"] > 0)
    return PeriodContent(entries, lines, debit_cents, whole.hexdigest())


def _entries(session: Session, period: PeriodSpan) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield the content of each entry with that of its lines; an entry without lines is left to the ledger's audit."""
    entry, posting = table_of(Entry), table_of(Posting)
    within = entry.c.posting_date.between(period.first_day, period.last_day)
    columns = [entry.c[name] for name in ENTRY_CONTENT]
    of_lines = [posting.c[name].label(f"line_{name}") for name in LINE_CONTENT]
    statement = (
        select(*columns, *of_lines)
        .join(posting, posting.c.entry_id == entry.c.id)
        .where(within)
        .order_by(entry.c.id, posting.c.number)
    )
    for _id, group in groupby(_stream(session, statement), key=lambda row: row.id):
        rows = list(group)
        content = {name: getattr(rows[0], name) for name in ENTRY_CONTENT}
        yield content, [{name: getattr(row, f"line_{name}") for name in LINE_CONTENT} for row in rows]


def _stream(session: Session, statement: Select[Any]) -> Iterator[Row[Any]]:
    return iter(session.connection().execute(statement.execution_options(yield_per=BATCH)))
