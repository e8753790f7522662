"""What members of the demo ring offer each other: Bernd offers Anna a swap and a reservation that he cannot use.

And a swap of two others on which both have agreed, which waits for the workshop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import combinations

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import ANNA, BERND
from booking import queries
from booking.exchanges import accepting, proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.queries import ReservationView

NOTE = "Mir kommt die Gesellenprüfung dazwischen. Passt es dir?"
AGREED_NOTE = "Bei mir ist es an deinem Tag trockener. Tauschen wir?"
PAIRS_MAX = 60  # that are tried: the rules refuse most


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


def agree_on_swap(session: Session, base: BaseData, *, now: datetime) -> None:
    """Let two members agree on the first swap that the rules allow and about which the workshop decides."""
    for given, wanted in _pairs(session, base, now):
        proposal = Proposal(given.id, None, wanted.id, AGREED_NOTE, hours=96)
        with suppress(DomainError), session.begin_nested():
            exchange_id = proposing.propose(session, proposal, by=DEMO, now=now)
            accepting.accept(session, exchange_id, by=DEMO, now=now)
            return


def _pairs(session: Session, base: BaseData, now: datetime) -> Iterator[tuple[ReservationView, ReservationView]]:
    """Yield pairs of reservations of one machine that needs approval, by two members; at most PAIRS_MAX."""
    soon, late = now + timedelta(days=1), now + timedelta(days=28)
    found = queries.reservations(session, since=soon, until=late, statuses=[Status.CONFIRMED], limit=200)
    needs_approval = {one.id for one in queries.machine_cards(session, limit=None).items if one.rules.needs_approval}
    to_come = [one for one in found if one.machine_id in needs_approval and one.starts_at > soon]
    known = {base.members[ANNA], base.members[BERND]}
    pairs = [
        (one, other)
        for one, other in combinations(to_come, 2)
        if one.machine_id == other.machine_id and one.member_id != other.member_id
    ]
    yield from sorted(pairs, key=lambda pair: not known & {one.member_id for one in pair})[:PAIRS_MAX]
