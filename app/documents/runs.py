"""A run of invoices: what members owe is issued to each in a transaction of its own, so that a run can be resumed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from app.clock import now
from app.documents.composer import TextComposer
from app.wording.formats import as_zone
from billing.document_errors import NotIssuable
from billing.documents.issuing import issue
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import in_write_transaction
from booking.wall_clock import local_day

AT_ONCE = 10  # more are issued in the background


def issue_all(session: Session, member_ids: Collection[int], until: date, by: Actor) -> int:
    """Issue what members owe with service until a day; return how many documents were issued.

    What an interrupted run did not reach is issued by the next one.
    """
    composer = TextComposer(session)
    return sum(issue_to(session, one, until, composer, by) for one in tracked(member_ids, len(member_ids)))


def issue_to(session: Session, member_id: int, until: date, composer: TextComposer, by: Actor) -> int:
    """Issue what one member owes; return how many documents, 0 where another treasurer was first."""
    instant = now()
    on = local_day(instant, as_zone(None))
    verb = partial(issue, session, member_id, until, composer, on=on, by=by, now=instant)
    try:
        return len(in_write_transaction(session, verb))
    except NotIssuable:  # something was changed since the preview: it is named there again
        return 0
