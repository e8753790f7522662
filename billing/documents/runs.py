"""A run: what a treasurer has confirmed to issue, named by its digest, so that exactly that is issued.

The sums of what invoices could be issued are the preview of such a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from billing.documents.drafts import Draft, MemberDrafts
from billing.models import DocumentRun, DocumentRunMember
from booking.kernel.events import Actor


@dataclass(frozen=True, slots=True)
class RunSums:
    """The sums of what can be issued. digest: over each line, with its member, its VAT and its amount."""

    documents: int
    net_cents: int
    vat_cents: int
    gross_cents: int
    digest: str


@dataclass(frozen=True, slots=True)
class RunMember:
    """A member of a run. seen: the digest of what was confirmed. is_open: it is still to be issued."""

    member_id: int
    seen: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run: how many documents were issued, and of how many members something has changed."""

    documents: int
    changed: int


def sums_of(found: Iterable[MemberDrafts]) -> RunSums:
    """Return the sums of drafts, whatever their order."""
    drafts = [draft for one in found for draft in one.drafts]
    groups = [group for draft in drafts for group in draft.taxed.groups]
    lines = sorted(line for draft in drafts for line in _lines(draft))
    return RunSums(
        documents=len(drafts),
        net_cents=sum(group.net_cents for group in groups),
        vat_cents=sum(group.vat_cents for group in groups),
        gross_cents=sum(group.gross_cents for group in groups),
        digest=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    )


def confirm(
    session: Session,
    seen: str,
    members: Mapping[int, str],
    *,
    last_day: date,
    first_day: date | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Note what was confirmed, before any of it is issued. seen: the digest of the preview; members: of each of them.

    Confirmed once more, what was left because it had changed is to be issued again. first_day: of statements.
    """
    run_id = session.scalar(select(DocumentRun.id).where(DocumentRun.seen == seen).with_for_update())
    if run_id is not None:
        left = update(DocumentRunMember).where(DocumentRunMember.run_id == run_id, DocumentRunMember.documents == 0)
        session.execute(left.values(documents=None))
        return
    kind = "invoice" if first_day is None else "statement"
    run = DocumentRun(
        kind=kind, seen=seen, first_day=first_day, last_day=last_day, confirmed_at=now, confirmed_by=by.user_id
    )
    session.add(run)
    session.flush()
    rows = [{"run_id": run.id, "member_id": each, "seen": digest} for each, digest in sorted(members.items())]
    session.execute(insert(DocumentRunMember), rows)


def members_of_run(session: Session, seen: str) -> tuple[RunMember, ...]:
    """Return the members of a run in their order."""
    rows = session.execute(
        select(DocumentRunMember.member_id, DocumentRunMember.seen, DocumentRunMember.documents.is_(None))
        .join(DocumentRun, DocumentRun.id == DocumentRunMember.run_id)
        .where(DocumentRun.seen == seen)
        .order_by(DocumentRunMember.member_id)
    )
    return tuple(RunMember(*row) for row in rows)


def settle(session: Session, seen: str, member_id: int, documents: int) -> None:
    """Note how many documents were issued to a member of a run, in the transaction that issues them; 0: it changed.

    What is noted stays: who carries out the same run a second time finds nothing to issue, and no change either.
    """
    run_id = select(DocumentRun.id).where(DocumentRun.seen == seen).scalar_subquery()
    is_open = DocumentRunMember.documents.is_(None)
    of_member = DocumentRunMember.run_id == run_id, DocumentRunMember.member_id == member_id
    session.execute(update(DocumentRunMember).where(*of_member, is_open).values(documents=documents))


def result_of(session: Session, seen: str) -> RunResult:
    """Return what became of a run, the part before an interruption included."""
    number = DocumentRunMember.documents
    row = session.execute(
        select(func.coalesce(func.sum(number), 0), func.count().filter(number == 0))
        .select_from(DocumentRunMember)
        .join(DocumentRun, DocumentRun.id == DocumentRunMember.run_id)
        .where(DocumentRun.seen == seen)
    ).one()
    return RunResult(int(row[0] or 0), row[1])


def _lines(draft: Draft) -> Iterable[str]:
    for line in draft.lines:
        vat = line.treatment
        yield (
            f"{draft.member_id} {line.entry_id} {line.posting_number} {line.turn} {line.cents} "
            f"{vat.category} {vat.percent:.2f} {vat.reason}"
        )
