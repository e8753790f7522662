"""What members of the demo ring offer each other: Bernd offers Anna a swap and a reservation that he cannot use.

And a swap of two others on which both have agreed, which waits for the workshop.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.demo.base_data import DEMO, BaseData
from app.demo.people import ANNA, BERND
from app.demo.simulation import at
from app.demo.tariff_parts import WITH_OPERATOR
from booking import queries
from booking.exchanges import accepting, proposing
from booking.exchanges.proposing import Proposal
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.queries import ReservationView
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

NOTE = "Mir kommt die Gesellenprüfung dazwischen. Passt es dir?"
AGREED_NOTE = "Bei mir ist es an deinem Tag trockener. Tauschen wir?"
MACHINE, OTHER, DAYS_OF_SWAP = "forage-harvester", "M-002", range(15, 25)


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
    """Let Anna agree on a swap of a machine that needs approval, on the first days on which it is free twice."""
    for days in DAYS_OF_SWAP:
        with suppress(DomainError), session.begin_nested():
            given = _reserve(session, base, OTHER, days, now)
            wanted = _reserve(session, base, ANNA, days + 2, now)
            proposal = Proposal(given, None, wanted, AGREED_NOTE, hours=96)
            exchange_id = proposing.propose(session, proposal, by=DEMO, now=now)
            accepting.accept(session, exchange_id, by=DEMO, now=now)
            return


def _reserve(session: Session, base: BaseData, member: str, days: int, now: datetime) -> int:
    """Reserve a morning, confirmed, and return the id. Raises DomainError where it is not possible."""
    day = base.today + timedelta(days=days)
    span = TimeSpan(at(day, 7), at(day, 11))
    machine_id, member_id = base.machines[MACHINE], base.members[member]
    wish = Wish(machine_id, member_id, span, purpose="Grünschnitt", choices=(WITH_OPERATOR,))
    uid = f"swap-{days}@ringbuch"
    return reservations.request_reservation(session, wish, by=DEMO, now=now, approve=True, uid=uid).id
