"""What a member still holds and owes, shown before a last day is entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.clock import now
from app.extensions import db
from app.pages.admin.forms import MemberForm
from app.wording.formats import as_zone
from billing import queries as billing_queries
from billing.queries import MemberSums
from booking import queries
from booking.queries import OpenUse, ReservationView
from booking.times.wall_clock import local_day

RESERVATIONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Leaving:
    """A member's shares, open sums and reservations to come, with the last day they are shown for."""

    last_day: date
    sums: MemberSums
    use: OpenUse
    reservations: tuple[ReservationView, ...]


def leaving(member_id: int, last_day: date | None) -> Leaving | None:
    """Return what a member who leaves still holds and owes; None if that is nothing, or no last day is given."""
    if last_day is None:
        return None
    session, instant = db.session(), now()
    sums = billing_queries.member_sums(session, [member_id], local_day(instant, as_zone(None)))[member_id]
    use = queries.open_use(session, [member_id], now=instant)[member_id]
    if not sums.is_open and not use.is_open:
        return None
    limit = RESERVATIONS_SHOWN
    coming = queries.reservations_of_member(session, member_id, upcoming=True, now=instant, limit=limit)
    return Leaving(last_day, sums, use, coming)


def unseen(member_id: int, form: MemberForm, stored: date | None) -> Leaving | None:
    """Return what must be seen before the last day of a valid form is stored; None if it was seen or is nothing."""
    last_day = form.left_on.data
    if last_day is None or last_day == stored or form.seen_last_day.data == last_day.isoformat():
        return None
    return leaving(member_id, last_day)
