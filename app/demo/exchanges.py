"""What members of the demo ring offer each other: Bernd offers Anna a swap and a reservation that he cannot use."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import ANNA, BERND
from booking import queries
from booking.exchanges import proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.queries import ReservationView

NOTE = "Mir kommt die Gesellenprüfung dazwischen. Passt es dir?"


def offer_exchanges(session: Session, base: BaseData, *, now: datetime) -> None:
    """Offer Anna the first of Bernd's reservations that the rules allow her, for one of hers where that is possible."""
    anna, bernd = base.members[ANNA], base.members[BERND]
    for given in _to_come(session, bernd, now):
        for wanted in (*_to_come(session, anna, now), None):
            proposal = Proposal(given.id, None if wanted else anna, wanted.id if wanted else None, NOTE, hours=96)
            with suppress(DomainError), session.begin_nested():
                proposing.propose(session, proposal, by=DEMO, now=now)
                return


def _to_come(session: Session, member_id: int, now: datetime) -> list[ReservationView]:
    """Return the confirmed reservations of a member that do not begin before tomorrow."""
    found = queries.reservations_of_member(session, member_id, upcoming=True, now=now, limit=20)
    return [one for one in found if one.status == Status.CONFIRMED and one.starts_at > now + timedelta(days=1)]
