"""Which entries a file of postings would hold, and what keeps it from being made. Reads only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from billing.exports.datev import ROWS_MAX, transliterated
from billing.ledger.filed_accounts import DATEV, usual_length
from billing.models import Entry, ExportedEntry, Ledger, Posting, PostingExport
from billing.period_names import PeriodSpan
from billing.posting_exports.terms import DatevTermsInput, datev_terms
from billing.queries.ledger import AccountView, accounts
from billing.queries.pools import pool_names
from booking.queries import machine_names, member_names

JOURNAL = "journal"
KINDS = (DATEV, JOURNAL)
LINES_MAX = 250_000  # of a journal: what one process holds in memory at once; a year of 10,000 uses has 40,000
BATCH = 1_000
NAMES_MAX = 20


@dataclass(frozen=True, slots=True)
class ExportProblem:
    """What keeps a file from being made. names: of what it concerns.

    Codes: adviser, client (the number is not stated), lengths (accounts whose numbers are shorter or longer than most),
    member_account (members whose account would have no number), rows (more lines than a file may have).
    """

    code: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedName:
    """A name with characters that Windows-1252 lacks, and how the file writes it. kind: member, machine or pool."""

    kind: str
    id: int
    name: str
    written: str


@dataclass(frozen=True, slots=True)
class ExportPreview:
    """What a file would hold. earlier: entries of the days that are in a file of the kind already.

    entry_ids: what it holds: without the earlier ones, unless is_again. cents: the sum of their debits. digest: over
    all of it; whoever makes the file names it.
    """

    kind: str
    period: PeriodSpan
    is_again: bool
    entry_ids: tuple[int, ...]
    lines: int
    cents: int
    earlier: int
    problems: tuple[ExportProblem, ...]
    changed_names: tuple[ChangedName, ...]
    terms: DatevTermsInput
    chart: str
    account_length: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Selected:
    """All that a file depends on: the ids of its entries, the accounts and the terms. digest: over all of it."""

    entry_ids: tuple[int, ...]
    earlier: int
    terms: DatevTermsInput
    accounts: Sequence[AccountView]
    chart: str
    digest: str


def preview_export(session: Session, kind: str, period: PeriodSpan, *, is_again: bool = False) -> ExportPreview:
    """Return what a file of the entries with a posting date in a period would hold.

    is_again: the entries that are in a file of the kind already are wanted too.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}")
    of = _selected(session, kind, period, is_again=is_again)
    lines, cents = _sums(session, of.entry_ids)
    problems = tuple(_problems(session, kind, lines, of))
    return ExportPreview(
        kind=kind,
        period=period,
        is_again=is_again,
        entry_ids=of.entry_ids,
        lines=lines,
        cents=cents,
        earlier=of.earlier,
        problems=problems,
        changed_names=tuple(_changed_names(session, of.entry_ids)) if kind == DATEV else (),
        terms=of.terms,
        chart=of.chart,
        account_length=usual_length(one.number for one in of.accounts),
        digest=of.digest,
    )


def is_unchanged(session: Session, preview: ExportPreview) -> bool:
    """Return whether a file would still hold what a preview shows. Reads no line: an entry never changes."""
    return _selected(session, preview.kind, preview.period, is_again=preview.is_again).digest == preview.digest


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ids in batches that one statement takes."""
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def member_account(length: int, member_id: int) -> str:
    """Return the personal account of a member: 10000 and its id where accounts have four digits."""
    return str(10**length + member_id)


def _selected(session: Session, kind: str, period: PeriodSpan, *, is_again: bool) -> _Selected:
    found = _entries(session, kind, period)
    chosen = [one for one in found if is_again or not one[2]]  # with the turns: of two clicks on "again" one is refused
    terms, _revision = datev_terms(session)
    numbers, chart = accounts(session), session.get_one(Ledger, 1).chart
    shown = (kind, period.name, is_again, chosen, terms, chart, [(one.id, one.number) for one in numbers])
    return _Selected(
        entry_ids=tuple(entry_id for entry_id, _sha256, _turns in chosen),
        earlier=sum(1 for _id, _sha256, turns in found if turns),
        terms=terms,
        accounts=numbers,
        chart=chart,
        digest=hashlib.sha256(repr(shown).encode()).hexdigest(),
    )


def _entries(session: Session, kind: str, period: PeriodSpan) -> list[tuple[int, str, int]]:
    """Return (id, hash, how many files of the kind have it) of the entries of a period, in the order of posting."""
    turns = (
        select(ExportedEntry.entry_id, func.max(ExportedEntry.turn).label("turns"))
        .where(ExportedEntry.kind == kind)
        .group_by(ExportedEntry.entry_id)
        .subquery()
    )
    statement = (
        select(Entry.id, Entry.sha256, func.coalesce(turns.c.turns, 0))
        .outerjoin(turns, turns.c.entry_id == Entry.id)
        .where(Entry.posting_date.between(period.first_day, period.last_day))
        .order_by(Entry.id)
    )
    return [(entry_id, sha256, int(number)) for entry_id, sha256, number in session.execute(statement)]


def _sums(session: Session, entry_ids: Sequence[int]) -> tuple[int, int]:
    lines = cents = 0
    for batch in batches(entry_ids):
        of_batch = Posting.entry_id.in_(batch)
        count, debits = session.execute(
            select(func.count(), func.coalesce(func.sum(Posting.cents).filter(Posting.cents > 0), 0)).where(of_batch)
        ).one()
        lines, cents = lines + count, cents + int(debits)
    return lines, cents


def _problems(session: Session, kind: str, lines: int, of: _Selected) -> Iterator[ExportProblem]:
    if lines > (ROWS_MAX if kind == DATEV else LINES_MAX):
        yield ExportProblem("rows")
    if kind != DATEV:
        return
    for code, number in (("adviser", of.terms.adviser), ("client", of.terms.client)):
        if number is None:
            yield ExportProblem(code)
    length = usual_length(one.number for one in of.accounts)
    if others := [one.code for one in of.accounts if len(one.number) != length]:
        yield ExportProblem("lengths", tuple(others))
    if of.terms.has_member_accounts:
        beyond = {one for one in _subjects(session, of.entry_ids)["member"] if one >= 6 * 10**length}
        if beyond:
            yield ExportProblem("member_account", _names(session, beyond))


def _names(session: Session, member_ids: Iterable[int]) -> tuple[str, ...]:
    found = member_names(session, sorted(member_ids)[:NAMES_MAX])
    return tuple(f"{one.number} {one.name}" for one in found)


def _subjects(session: Session, entry_ids: Sequence[int]) -> dict[str, set[int]]:
    """Return the members, machines and pools of entries, by what their lines refer to."""
    found: dict[str, set[int]] = {"member": set(), "machine": set(), "pool": set()}
    columns = {"member": Posting.member_id, "machine": Posting.machine_id, "pool": Posting.pool_id}
    for batch in batches(entry_ids):
        for name, column in columns.items():
            statement = select(column).where(Posting.entry_id.in_(batch), column.is_not(None)).distinct()
            found[name] |= {one for one in session.scalars(statement) if one is not None}
    return found


def _changed_names(session: Session, entry_ids: Sequence[int]) -> Iterator[ChangedName]:
    """Yield the names in the texts of entries that Windows-1252 cannot write as they are."""
    subjects = _subjects(session, entry_ids)
    members = {one.id: one.name for one in member_names(session, subjects["member"])}
    for kind, names in (("member", members), ("machine", machine_names(session)), ("pool", pool_names(session))):
        for each in sorted(subjects[kind]):
            name = " ".join(names[each].split())
            if (written := transliterated(name)) != name:
                yield ChangedName(kind, each, name, written)


def newest_exports(session: Session, *, limit: int = 25, offset: int = 0) -> tuple[tuple[PostingExport, ...], bool]:
    """Return a page of the files that were made, the newest first, and whether there are more."""
    statement = select(PostingExport).order_by(PostingExport.id.desc()).limit(limit + 1).offset(offset)
    found = session.scalars(statement).all()
    return tuple(found[:limit]), len(found) > limit


def posted_years(session: Session) -> tuple[int, ...]:
    """Return the years from the first posting date to the last one, the latest first."""
    start, end = select(func.min(Entry.posting_date)), select(func.max(Entry.posting_date))  # both ends of the index
    first, last = session.execute(select(start.scalar_subquery(), end.scalar_subquery())).one()
    return () if first is None else tuple(range(last.year, first.year - 1, -1))
