"""What both members see before they agree: who gets what, what it costs, what the rules say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.wording import formats
from app.wording.errors import sentence_of
from app.wording.rules import rule_name, violation_sentence
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import Violation
from booking.exchanges.conditions import Judgement
from booking.queries import exchange_partners
from booking.queries.exchanges import ExchangedTime, ExchangeView
from booking.reservations import wishes


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two gets: a time, its price for this member, until when cancelling is free, broken rules.

    is_mine: of the reader; what the other one pays is that one's affair, and so are the figures of its rules.
    instead: what the reader would have paid for what it gives, or "". name: "" while it is not known. asks_second: the
    reader names who is there as well.
    """

    name: str
    is_mine: bool
    time: ExchangedTime
    estimate: Estimate | None
    instead: str
    deadline: str
    broken: tuple[str, ...]
    asks_second: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """An exchange as it is judged now. digest: of what was shown; with another one somebody agreed to other terms."""

    sides: tuple[Side, ...]
    obstacle: str
    needs_approval: bool
    is_possible: bool
    digest: str

    @property
    def asks_second(self) -> bool:
        """Whether two persons are needed for what the reader gets."""
        return any(side.asks_second for side in self.sides)


def terms(
    session: Session,
    given: ExchangedTime,
    wanted: ExchangedTime | None,
    receiver: tuple[int, str],
    *,
    reader_id: int | None,
    now: datetime,
) -> Terms:
    """Return what an exchange means for both. receiver: id, and the name or "". Raises MachineNotFound."""
    judged = exchange_partners.judgement(
        session,
        given.reservation_id,
        now=now,
        receiver_id=receiver[0],
        wanted_id=None if wanted is None else wanted.reservation_id,
    )
    parts = [(given, *receiver, judged.of_receiver)]
    if wanted is not None:
        parts.append((wanted, given.member_id, given.member_name, judged.of_proposer))
    sides = tuple(
        _side(
            session,
            time,
            member_id,
            name,
            broken,
            is_mine=member_id == reader_id,
            given=None if wanted is None else (given if time is wanted else wanted),
            now=now,
        )
        for time, member_id, name, broken in parts
    )
    return Terms(
        sides,
        _obstacle(judged, [time for time, *_others in parts]),
        judged.needs_approval,
        judged.is_possible,
        _digest(sides, judged),
    )


def terms_of(session: Session, view: ExchangeView, *, reader_id: int | None, now: datetime) -> Terms:
    """Return what a proposed exchange means for both."""
    receiver = view.receiver_id, view.receiver_name if view.knows_receiver(reader_id) else ""
    return terms(session, view.given, view.wanted, receiver, reader_id=reader_id, now=now)


def _side(
    session: Session,
    time: ExchangedTime,
    member_id: int,
    name: str,
    broken: list[Violation],
    *,
    is_mine: bool,
    given: ExchangedTime | None,
    now: datetime,
) -> Side:
    card = queries.machine_card(session, time.machine_id)
    texts = [violation_sentence(one, time.zone) if is_mine else rule_name(one.rule) for one in broken]
    deadline = _("Cancelling it is late already.")
    if time.cancel_until > now:
        until = wishes.cancel_until_by(time.span.start, card.rules.late_cancel_hours, now)
        deadline = _("Cancelling is free until %(time)s.", time=formats.format_instant(until, time.zone))
    own = _price_text(session, given, member_id) if is_mine and given is not None else ""
    estimate = estimate_for(session, card, time.wish_of(member_id)) if is_mine else None
    asks_second = is_mine and card.rules.needs_second_person
    return Side(name, is_mine, time, estimate, own, deadline, tuple(dict.fromkeys(texts)), asks_second)


def _price_text(session: Session, time: ExchangedTime, member_id: int) -> str:
    card = queries.machine_card(session, time.machine_id)
    estimate = estimate_for(session, card, time.wish_of(member_id))
    if estimate is None:
        return ""
    if estimate.calculation is not None:
        return formats.format_money(estimate.calculation.cents)
    return formats.format_unit_price(estimate.unit_price, estimate.charge_unit, adds_vat=estimate.terms.adds_vat)


def _obstacle(judged: Judgement, times: Sequence[ExchangedTime]) -> str:
    """Return what stands against an exchange; of a swap with the machine of which it is said."""
    if judged.obstacle is None:
        return ""
    sentence, wrong = sentence_of(judged.obstacle), judged.obstacle.facts["reservation_id"]
    machine = next((one.machine_name for one in times if one.reservation_id == wrong), "")
    return f"{machine}: {sentence}" if len(times) > 1 and machine else sentence


def _digest(sides: tuple[Side, ...], judged: Judgement) -> str:
    """Return a digest of times, variants, the reader's price and whether it needs approval; deadlines move.

    Not of the other one's price, which could be found by trying.
    """
    facts = [
        (
            side.time.reservation_id,
            side.time.span.start.isoformat(),
            side.time.span.end.isoformat(),
            side.time.places,
            side.time.choices,
            None
            if side.estimate is None
            else (
                repr(side.estimate.terms),
                None if side.estimate.calculation is None else side.estimate.calculation.cents,
            ),
        )
        for side in sides
    ]
    return sha256(repr((facts, judged.needs_approval)).encode()).hexdigest()[:24]
