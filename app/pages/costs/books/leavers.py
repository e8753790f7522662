"""Members who leave or have left, with their shares and open sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.pages.costs import bp
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import page
from app.web.paging import page_number
from billing import queries as billing_queries
from billing.queries import MemberSums
from billing.queries.equity import who_has_equity
from booking import queries
from booking.queries import MemberName, OpenUse


@dataclass(frozen=True, slots=True)
class Leaver:
    """A member whose last day is entered: shares and sums, and what of the use is open. has_left: the day is over."""

    member: MemberName
    sums: MemberSums
    use: OpenUse
    has_left: bool


@page(bp, "/leavers", access=Access(treasurer=ALL, admin=ALL))
def leavers() -> ResponseReturnValue:
    """List the members who leave or have left since last year and still hold or owe something, the latest first."""
    found = leavers_with_open_sums(db.session(), today(), now=now())
    listed = found[offset() : offset() + PER_PAGE]
    has_next = len(found) > offset() + PER_PAGE
    return render_template("costs/leavers.html", listed=listed, has_next=has_next, page=page_number())


def leavers_with_open_sums(session: Session, day: date, *, now: datetime) -> tuple[Leaver, ...]:
    """Return the members whose last day is in last year or later and who hold or owe something, the latest first.

    Then those who left before and have equity, settled with or not. day: today.
    """
    members = queries.members_leaving(session, date(day.year - 1, 1, 1), who_has_equity())
    if not members:
        return ()
    member_ids = [member.id for member in members]
    sums = billing_queries.member_sums(session, member_ids, day)
    use = queries.open_use(session, member_ids, now=now)
    return tuple(
        Leaver(member, sums[member.id], use[member.id], member.left_on is not None and member.left_on < day)
        for member in members
        if sums[member.id].is_open or use[member.id].is_open
    )
