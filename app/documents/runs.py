"""Runs of documents: what was confirmed is issued to each member in a transaction of its own, so that it is resumed.

A member of whom something has changed since is left out, and told: nothing is issued that nobody has seen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from app.documents.composer import TextComposer
from app.wording.formats import as_zone
from billing.document_errors import InvoicesChanged
from billing.documents import runs
from billing.documents.drafts import MemberDrafts, drafts
from billing.documents.issuing import issue_found
from billing.documents.runs import RunMember, RunResult, sums_of
from billing.documents.terms import lock_documents
from billing.issued_statements import issue_statement, lock_statements, require_over, statement_drafts
from billing.issued_statements import sums_of as sums_of_statements
from billing.periods import Period
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import in_write_transaction
from booking.wall_clock import local_day

AT_ONCE = 10  # more are issued in the background
LINES_AT_ONCE = 20_000  # a preview of more takes longer than a second: 100,000 took 5


def today() -> date:
    """Return the day of issue."""
    return local_day(now(), as_zone(None))


def confirm_invoices(session: Session, seen: str, until: date, by: Actor) -> list[MemberDrafts]:
    """Note what was seen to be issued, and return it. Call inside write_transaction(). Raises InvoicesChanged."""
    lock_documents(session)
    found = [one for _member, one in sorted(drafts(session, until).items()) if one.drafts]
    if not found or sums_of(found).digest != seen:
        raise InvoicesChanged
    members = {one.member_id: sums_of([one]).digest for one in found}
    runs.confirm(session, seen, members, last_day=until, by=by, now=now())
    return found


def confirm_statements(session: Session, seen: str, days: Period, by: Actor) -> int:
    """Note which statements were seen, and return how many. Call inside write_transaction().

    Raises StatementRefused, InvoicesChanged.
    """
    require_over(days, today())
    lock_statements(session)
    found = statement_drafts(session, days)
    if not found or sums_of_statements(found.values(), days).digest != seen:
        raise InvoicesChanged
    members = {member_id: one.digest(days) for member_id, one in found.items()}
    runs.confirm(session, seen, members, first_day=days[0], last_day=days[1], by=by, now=now())
    return len(found)


def issue_invoices(session: Session, seen: str, until: date, by: Actor) -> RunResult:
    """Issue the invoices of a run that was confirmed, or what is left of it."""
    composer = TextComposer(session)
    return _carry_out(session, seen, lambda member: _invoice(session, seen, member, until, composer, by))


def issue_statements(session: Session, seen: str, days: Period, by: Actor) -> RunResult:
    """Issue the statements of a run that was confirmed, or what is left of it."""
    composer = TextComposer(session)
    return _carry_out(session, seen, lambda member: _state(session, seen, member, days, composer, by))


def _carry_out(session: Session, seen: str, issue_to: Callable[[RunMember], None]) -> RunResult:
    members = runs.members_of_run(session, seen)
    for member in tracked(members, len(members)):
        if member.is_open:
            in_write_transaction(session, partial(issue_to, member))
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
