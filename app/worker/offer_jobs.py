"""Jobs of what members are offered: by the waiting list, where nothing was released, and by other members."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.auth import memberships
from app.clock import now
from app.notifications import subscribers
from billing.tariffs.asked_amounts import LackingVariants
from booking.exchanges import ending
from booking.kernel import deliveries
from booking.kernel.events import Actor
from booking.kernel.transaction import in_own_transactions
from booking.waiting import answers, entries, offering

LEAVERS, EXCHANGE_END, ACCEPTANCE = (Actor(job=name) for name in ("lapse_offers", "end_exchanges", "accept_offers"))
LATE = timedelta(minutes=1)


def offer_again(session: Session) -> int:
    """Offer what is free by now to who waits, after rules were loosened; end the waiting of those who left."""
    moment = now()
    gone = entries.of_leavers(session, memberships.ring_day(moment), now=moment)

    def leave(entry_id: int) -> int:
        entries.leave(session, entry_id, by=LEAVERS, now=moment)
        return 1

    awaited, lacking = offering.awaited_machines(session, now=moment), LackingVariants(session)
    # All at once, so that an entry that cannot be ended keeps nobody from an offer.
    steps = [partial(leave, one) for one in gone]
    look = partial(offering.look_again, session, now=moment, lacking=lacking)
    steps += [partial(look, *one.machine_ids, lacks_max=one.lacks_max) for one in awaited]
    return in_own_transactions(session, steps)


def accept_offers(session: Session) -> int:
    """Accept the offers of members who wished that beforehand, each in its own transaction.

    Who would not get all variants that were chosen is asked instead.
    """
    found, lacking = answers.automatic(session, now=now()), LackingVariants(session)
    accept = partial(answers.accept_automatically, session, by=ACCEPTANCE, lacking=lacking)
    return in_own_transactions(session, (partial(accept, one, now=now()) for one in found))


def end_exchanges(session: Session) -> int:
    """End exchanges between members that nobody answered in time, or that a change has overtaken."""
    moment = now()
    day = memberships.ring_day(moment)
    overdue = ending.overdue(session, now=moment, day=day)
    # What its receiver has not heard of yet, because no worker ran, gets more time first (exchange_subscribers.py).
    if overdue and mails_are_late(session):
        overdue = ending.overdue(session, now=moment, day=day, only_outdated=True)
    return in_own_transactions(
        session, (partial(ending.end_overdue, session, one, by=EXCHANGE_END, now=moment, day=day) for one in overdue)
    )


def mails_are_late(session: Session) -> bool:
    """Return whether mails about events are not written yet that are older than a minute."""
    moment = now()
    waiting = deliveries.waiting(session, subscribers.SUBSCRIPTIONS, now=moment)
    return any(moment - since > LATE for since in waiting.values())
