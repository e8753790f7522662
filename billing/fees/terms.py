"""What missing a reservation of a machine costs: terms from a day on, never from a day that is over.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.errors.money_errors import WrongPeriod
from billing.ledger.posting_days import today_of_ring
from billing.limits import CENTS_MAX, require_between, require_day
from billing.models import FeeTerms
from booking import queries
from booking.events.reservation_events import RecordChanged
from booking.kernel import events
from booking.kernel.events import Actor

HOURS_MAX, FREE_MAX = 8_760, 100
NOTICES_MAX = 2  # as many as the page can change: it must not lose what a call entered


@dataclass(frozen=True, slots=True)
class TermsEntry:
    """What is entered; see the model. notices: pairs (hours, percent), in any order."""

    valid_from: date
    no_show_percent: int
    notices: tuple[tuple[int, int], ...] = ()
    cap_cents: int | None = None
    free_times: int = 0
    base_cents: int = 0


def set_terms(session: Session, machine_id: int, entry: TermsEntry, *, by: Actor, now: datetime) -> FeeTerms:
    """Enter the terms of a machine, or replace those that begin on the same day.

    Raises MachineNotFound, WrongPeriod (the day is over), WrongAmount.
    """
    queries.machine_card(session, machine_id)
    require_day("valid_from", entry.valid_from)
    if entry.valid_from < today_of_ring(session, now):
        raise WrongPeriod(field="valid_from", period_from=entry.valid_from, period_until=entry.valid_from)
    _check(entry)
    key = (machine_id, entry.valid_from)
    row = session.get(FeeTerms, key, with_for_update=True, populate_existing=True)
    if row is None:
        row = FeeTerms(machine_id=machine_id, valid_from=entry.valid_from)
        session.add(row)
    row.no_show_percent, row.cap_cents = entry.no_show_percent, entry.cap_cents
    row.notices = [list(pair) for pair in sorted(entry.notices, reverse=True)]
    row.free_times, row.base_cents = entry.free_times, entry.base_cents
    session.flush()
    events.record(session, RecordChanged(table="fee_terms", record_id=machine_id), by=by, at=now)
    return row


def terms_on(session: Session, machine_id: int, day: date) -> FeeTerms | None:
    """Return the terms for a reservation that begins on a day; None where there are none."""
    statement = select(FeeTerms).where(FeeTerms.machine_id == machine_id, FeeTerms.valid_from <= day)
    return session.scalars(statement.order_by(FeeTerms.valid_from.desc()).limit(1)).first()


def all_terms(session: Session, machine_id: int) -> Sequence[FeeTerms]:
    """Return all terms of a machine as they are stored, the newest first."""
    statement = select(FeeTerms).where(FeeTerms.machine_id == machine_id).order_by(FeeTerms.valid_from.desc())
    return session.scalars(statement).all()


def terms_history(session: Session, machine_id: int) -> tuple[TermsEntry, ...]:
    """Return all terms of a machine, the newest first."""
    return tuple(
        TermsEntry(
            row.valid_from,
            row.no_show_percent,
            tuple((hours, percent) for hours, percent in row.notices),
            row.cap_cents,
            row.free_times,
            row.base_cents,
        )
        for row in all_terms(session, machine_id)
    )


def _check(entry: TermsEntry) -> None:
    require_between("no_show_percent", entry.no_show_percent, 0, 100)
    require_between("free_times", entry.free_times, 0, FREE_MAX)
    require_between("base_cents", entry.base_cents, 0, CENTS_MAX)
    require_between("notices", len(entry.notices), 0, NOTICES_MAX)
    require_between("notices", len({hours for hours, _percent in entry.notices}), len(entry.notices), NOTICES_MAX)
    for hours, percent in entry.notices:
        require_between("notice_hours", hours, 1, HOURS_MAX)
        require_between("notice_percent", percent, 1, 100)
    if entry.cap_cents is not None:
        require_between("cap_cents", entry.cap_cents, 1, CENTS_MAX)
