"""The ledger: posting balanced entries. Entries are append-only; a correction is an entry that reverses another.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from billing.errors.money_errors import PeriodNotOpen
from billing.events import EntryPosted
from billing.models import Entry, Ledger, LedgerAccount, Posting
from booking.kernel import events
from booking.kernel.events import Actor
from booking.kernel.orm import table_of

RECEIVABLES, USE_CHARGES, ALLOCATED_COSTS, ADVANCES = "receivables", "use_charges", "allocated_costs", "advances"
FEES, DUES, MATERIALS, DEPOSITS = "fees", "dues", "materials", "deposits"
EQUITY, EQUITY_LEFT, OPENING_BALANCES = "equity", "equity_left", "opening_balances"  # the first is a topic, too
PERIOD_GUARDS = ("billing_period_closed", "billing_period_soft_closed")
# What a line is for.
USE, SHARE, ADVANCE, COUNTED, COUNTER = "use", "share", "advance", "counted", "counter"
FEE, OF_DUES, MATERIAL, DEPOSIT, SET_OFF = "fee", "dues", "material", "deposit", "set_off"


class LineDraft(NamedTuple):
    """A line to be posted. account: a code of LedgerAccount; cents: debits above zero; topic: what it is for.

    member_id: only on the receivables.
    """

    account: str
    cents: int
    topic: str
    member_id: int | None = None
    machine_id: int | None = None
    pool_id: int | None = None


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry to be posted. Exactly one of charge_id, allocation_id, advance_id, fee_id and equity_id is its source.

    service_from, service_until: first and last day of what was supplied. reverses_id: the entry that it reverses.
    """

    service_from: date
    service_until: date
    lines: Sequence[LineDraft]
    charge_id: int | None = None
    allocation_id: int | None = None
    advance_id: int | None = None
    fee_id: int | None = None
    equity_id: int | None = None
    reverses_id: int | None = None


def lock_ledger(session: Session) -> Ledger:
    """Lock the ledger until the transaction ends, and return its state: entries are posted one after another.

    Take it before the rows that an entry is made from.
    """
    return session.get_one(Ledger, 1, with_for_update=True, populate_existing=True)


def post(session: Session, draft: EntryDraft, *, on: date, by: Actor, now: datetime) -> int:
    """Post an entry with the posting date `on` and return its id; its hash goes into the event log.

    The caller has locked the ledger. Lines of zero cents are left out. The database refuses an entry that does not
    balance.

    Raises PeriodNotOpen (the database refuses the posting date).
    """
    (posted,) = insert_entries(session, [(draft, on)], by=by, now=now)
    events.record(session, posted, by=by, at=now)
    return posted.entry_id


def insert_entries(
    session: Session, drafts: Sequence[tuple[EntryDraft, date]], *, by: Actor, now: datetime
) -> list[EntryPosted]:
    """Insert entries, each with its posting date, and return their events, which the caller records in this order.

    As post(), in as many statements for a thousand entries as for one.
    """
    codes, first_id = account_ids(session), _next_id(session)
    entries, rows = [], []
    for entry_id, (draft, on) in enumerate(drafts, first_id):
        lines = _line_rows(draft, entry_id, codes)
        entry = _row(draft, entry_id, on, len(lines)) | {"posted_at": now, "posted_by": by.user_id}
        entry["sha256"] = digest(entry, lines)
        entries.append(entry)
        rows += lines
    session.flush()
    # By the tables: the mapper would insert lines with and without a member one after another.
    connection = session.connection()
    connection.execute(insert(table_of(Posting)), rows)
    try:
        connection.execute(insert(table_of(Entry)), entries)
    except IntegrityError as error:
        if not any(guard in str(error.orig) for guard in PERIOD_GUARDS):
            raise
        raise PeriodNotOpen(posting_date=drafts[0][1]) from error
    return [EntryPosted(entry_id=entry["id"], sha256=entry["sha256"]) for entry in entries]


def _line_rows(draft: EntryDraft, entry_id: int, codes: Mapping[str, int]) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate((line for line in draft.lines if line.cents), start=1):
        row = line._asdict() | {"entry_id": entry_id, "number": number, "account_id": codes[line.account]}
        del row["account"]
        rows.append(row)
    return rows


def mirrored(session: Session, entry_id: int) -> list[LineDraft]:
    """Return the lines of an entry with the opposite sign, in their order."""
    columns = (
        LedgerAccount.code,
        -Posting.cents,
        Posting.topic,
        Posting.member_id,
        Posting.machine_id,
        Posting.pool_id,
    )
    statement = (
        select(*columns)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.entry_id == entry_id)
        .order_by(Posting.number)
    )
    return [LineDraft(*row) for row in session.execute(statement)]


def account_ids(session: Session) -> dict[str, int]:
    """Return code -> id of the accounts."""
    return {row.code: row.id for row in session.execute(select(LedgerAccount.code, LedgerAccount.id))}


def digest(entry: dict[str, Any], lines: Iterable[dict[str, Any]]) -> str:
    """Return the SHA-256 over the content of an entry and its lines, as hexadecimal text."""
    return digest_of([entry[name] for name in ENTRY_CONTENT], [[line[name] for name in LINE_CONTENT] for line in lines])


def digest_of(entry: Sequence[Any], lines: Sequence[Sequence[Any]]) -> str:
    """Return the digest of the values of ENTRY_CONTENT and, for each line, of LINE_CONTENT.

    Not over posted_at and posted_by: the event beside it has both. A kind of source that came later only up to the one
    that it has: there were no fees and no equity at first, and the hashes of that time stay.
    """
    first = len(ENTRY_CONTENT) - len(LATER_SOURCES)
    later = next((at for at, value in enumerate(entry[first:], start=1) if value is not None), 0)
    return hashlib.sha256(_as_json([entry[: first + later], lines]).encode()).hexdigest()


_as_json = json.JSONEncoder(separators=(",", ":"), default=str, check_circular=False).encode
LATER_SOURCES = ("fee_id", "equity_id")
ENTRY_CONTENT = (
    "id",
    "posting_date",
    "service_from",
    "service_until",
    "lines",
    "charge_id",
    "allocation_id",
    "advance_id",
    "reverses_id",
    *LATER_SOURCES,
)
LINE_CONTENT = ("number", "account_id", "member_id", "machine_id", "pool_id", "topic", "cents")


def _row(draft: EntryDraft, entry_id: int, on: date, lines: int) -> dict[str, Any]:
    return {
        "id": entry_id,
        "posting_date": on,
        "service_from": draft.service_from,
        "service_until": draft.service_until,
        "lines": lines,
        "charge_id": draft.charge_id,
        "allocation_id": draft.allocation_id,
        "advance_id": draft.advance_id,
        "fee_id": draft.fee_id,
        "equity_id": draft.equity_id,
        "reverses_id": draft.reverses_id,
    }


def _next_id(session: Session) -> int:
    """Return the id of the next entry: its lines are inserted before it. Without gaps, because the ledger is locked."""
    return int(session.scalar(select(func.coalesce(func.max(Entry.id), 0))) or 0) + 1
