"""Event subscriptions: a usage slip is priced after a hand-back or a correction; missed reservations are noted.

See app/subscriptions.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from billing.charges.charge_batches import charge_many
from billing.charges.charges import charge_for
from billing.events import UseCharged
from billing.fees import deposits, missed
from billing.fees.missed import GivenUp
from booking.events.reservation_events import (
    MachineHandedBack,
    MachineHandedOut,
    ReservationCancelled,
    ReservationNoShow,
    ReservationNoShowTakenBack,
    SlipAnswered,
)
from booking.kernel.events import Actor, RecordedEvent, Subscription
from booking.queries import usage_slip, usage_slips
from booking.timespan import TimeSpan
from booking.use.slip_classes import SlipReclassified

PRICING, FEES = Actor(job="pricing"), Actor(job="fees")


def charge_slip(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Price the slip of a hand-back, or of an answered objection again."""
    charge_for(session, event.facts["usage_id"], by=PRICING, now=now)


def charge_finished_slip(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Price a slip with another price class again; one that is still out is priced when it comes back."""
    if usage_slip(session, event.facts["usage_id"]).used_amount is not None:
        charge_slip(session, event, now)


def charge_slips(session: Session, events: Sequence[RecordedEvent], now: datetime) -> None:
    """Price the slips of several events, each that came back: what is still out is priced when it does."""
    ids = [event.facts["usage_id"] for event in events]
    still_out = {slip.id for slip in usage_slips(session, usage_ids=set(ids)) if slip.used_amount is None}
    reclassified = SlipReclassified.type
    wanted = [one for one, event in zip(ids, events, strict=True) if event.type != reclassified or one not in still_out]
    charge_many(session, wanted, by=PRICING, now=now)


def note_cancelled(session: Session, event: RecordedEvent, _now: datetime) -> None:
    """Note a confirmed reservation that was cancelled too late, alone or with its series; not because of a closure."""
    facts = event.facts
    if facts.get("promised_places") is None:
        return
    given_up = None
    if facts["is_late"]:
        span = _span(facts["promised_starts_at"], facts["promised_ends_at"])
        given_up = GivenUp(facts["machine_id"], span, facts["promised_places"], event.at)
    missed.note_cancelled(session, facts["reservation_id"], given_up, event.at)


def note_no_show(session: Session, event: RecordedEvent, _now: datetime) -> None:
    """Note a reservation whose member did not come."""
    span = _span(event.facts["starts_at"], event.facts["ends_at"])
    missed.note_no_show(session, event.facts["reservation_id"], span, event.at)


def forget_no_show(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Forget a no-show that was taken back, with its fee."""
    missed.take_back(session, event.facts["reservation_id"], by=FEES, now=now)


def take_deposit(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Post the deposit of a machine that was handed out."""
    deposits.take_deposit(session, event.facts["usage_id"], by=FEES, now=now)


def give_back_deposit(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Give the deposit of a machine back that came back, unless it waits for the charge."""
    deposits.give_back_deposit(session, event.facts["reservation_id"], is_priced=False, by=FEES, now=now)


def set_off_deposit(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Set the deposit of a use off against its charge."""
    if event.facts["reverses_id"] is None:
        reservation_id = usage_slip(session, event.facts["usage_id"]).reservation_id
        deposits.give_back_deposit(session, reservation_id, is_priced=True, by=FEES, now=now)


def _span(starts_at: int, ends_at: int) -> TimeSpan:
    return TimeSpan(datetime.fromtimestamp(starts_at, UTC), datetime.fromtimestamp(ends_at, UTC))


CHARGES = Subscription(
    "billing.charges",
    {
        MachineHandedBack.type: charge_slip,
        SlipAnswered.type: charge_slip,
        SlipReclassified.type: charge_finished_slip,
    },
    charge_slips,
)
SUBSCRIPTIONS = (
    CHARGES,
    Subscription(
        "billing.fees",
        {
            ReservationCancelled.type: note_cancelled,
            ReservationNoShow.type: note_no_show,
            ReservationNoShowTakenBack.type: forget_no_show,
        },
    ),
    Subscription(
        "billing.deposits",
        {
            MachineHandedOut.type: take_deposit,
            MachineHandedBack.type: give_back_deposit,
            UseCharged.type: set_off_deposit,
        },
    ),
)
