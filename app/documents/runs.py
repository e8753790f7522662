"""Runs of documents: what was confirmed is issued to each member in a transaction of its own, so that it is resumed.

A member of whom something has changed since is left out, and told: nothing is issued that nobody has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from app.documents.composer import TextComposer
from app.wording.formats import as_zone
from billing.allocations.periods import Period
from billing.documents import runs
from billing.documents.drafts import drafts
from billing.documents.issuing import issue_found
from billing.documents.runs import RunMember, RunResult, sums_of
from billing.documents.terms import lock_documents
from billing.errors.document_errors import InvoicesChanged
from billing.statements.issued_statements import issue_statement, lock_statements, require_over, statement_drafts
from billing.statements.issued_statements import sums_of as sums_of_statements
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

AT_ONCE = 10  # more are issued in the background
LINES_AT_ONCE = 20_000  # a preview of more takes longer than a second: 100,000 took 5

Run = Callable[[Session, Callable[[], None]], None]


def today() -> date:
    """Return the day of issue."""
    return local_day(now(), as_zone(None))


def seen_invoices(session: Session, seen: str, until: date) -> dict[int, str]:
    """Return member id -> digest of what can be issued to it; empty where that is not what was seen.

    Call outside write_transaction(): of many lines it takes seconds, and nobody shall wait for it. What changes
    afterwards is found member by member, under the lock, when it is issued.
    """
    found = [one for one in drafts(session, until).values() if one.drafts]
    return {one.member_id: sums_of([one]).digest for one in found} if sums_of(found).digest == seen else {}


def seen_statements(session: Session, seen: str, days: Period) -> dict[int, str]:
    """Return member id -> digest of its statement, as seen_invoices() does."""
    found = statement_drafts(session, days)
    same = sums_of_statements(found.values(), days).digest == seen
    return {member_id: one.digest(days) for member_id, one in found.items()} if same else {}


def confirm(
    session: Session, seen: str, members: Mapping[int, str], *, first_day: date | None = None, last_day: date, by: Actor
) -> None:
    """Note what was seen to be issued. first_day: of statements. Call inside write_transaction().

    Raises InvoicesChanged where `members` is empty.
    """
    if not members:
        raise InvoicesChanged
    lock_documents(session)
    runs.confirm(session, seen, members, first_day=first_day, last_day=last_day, by=by, now=now())


def confirm_invoices(session: Session, seen: str, until: date, by: Actor) -> int:
    """Compare what was seen, note it, and return to how many members it is issued. Raises InvoicesChanged."""
    members = seen_invoices(session, seen, until)
    in_write_transaction(session, partial(confirm, session, seen, members, last_day=until, by=by))
    return len(members)


def confirm_statements(session: Session, seen: str, days: Period, by: Actor) -> int:
    """Compare what was seen, note it, and return how many it is. Raises StatementRefused, InvoicesChanged."""
    require_over(days, today())
    members = seen_statements(session, seen, days)
    in_write_transaction(session, partial(confirm, session, seen, members, first_day=days[0], last_day=days[1], by=by))
    return len(members)


def issue_invoices(session: Session, seen: str, until: date, by: Actor, run: Run = in_write_transaction) -> RunResult:
    """Issue the invoices of a run that was confirmed, or what is left of it. run: `at_once` inside a transaction."""
    composer = TextComposer(session)
    return _carry_out(session, seen, lambda member: _invoice(session, seen, member, until, composer, by), run)


def issue_statements(
    session: Session, seen: str, days: Period, by: Actor, run: Run = in_write_transaction
) -> RunResult:
    """Issue the statements of a run that was confirmed, or what is left of it. run: as of issue_invoices()."""
    composer = TextComposer(session)
    return _carry_out(session, seen, lambda member: _state(session, seen, member, days, composer, by), run)


def at_once(_session: Session, use_case: Callable[[], None]) -> None:
    """Run a use case in the transaction that there is."""
    use_case()


def _carry_out(session: Session, seen: str, issue_to: Callable[[RunMember], None], run: Run) -> RunResult:
    members = runs.members_of_run(session, seen)
    for member in tracked(members, len(members)):
        if member.is_open:
            run(session, partial(issue_to, member))
    return runs.result_of(session, seen)


def _invoice(session: Session, seen: str, member: RunMember, until: date, composer: TextComposer, by: Actor) -> None:
    """Issue what one member owes, unless it is not what was seen."""
    lock_documents(session)
    found, issued = drafts(session, until, [member.member_id]).get(member.member_id), 0
    if found is not None and sums_of([found]).digest == member.seen:
        issued = len(issue_found(session, found, composer, on=today(), by=by, now=now()))
    runs.settle(session, seen, member.member_id, issued)


def _state(session: Session, seen: str, member: RunMember, days: Period, composer: TextComposer, by: Actor) -> None:
    """Issue the statement of one member, unless it is not what was seen."""
    lock_statements(session)
    found, issued = statement_drafts(session, days, [member.member_id]).get(member.member_id), 0
    if found is not None and found.digest(days) == member.seen:
        issue_statement(session, member.member_id, days, composer, on=today(), by=by, now=now())
        issued = 1
    runs.settle(session, seen, member.member_id, issued)
