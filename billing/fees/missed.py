"""Fees for missed reservations: noted when it happens, fixed when the time is over, because others may take it.

The functions that write flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import Session

from billing.fees.missed_working import MissedFee, percent_of_notice
from billing.fees.posting import append, append_mirror, last_fee, next_number, require_open
from billing.fees.terms import all_terms, terms_on
from billing.ledger.posting import lock_ledger
from billing.models import Fee, FeeTerms, Ledger, Missed
from billing.tariffs.estimates import estimate_of_class
from booking import queries
from booking.kernel.events import Actor
from booking.kernel.orm import UtcDateTime
from booking.queries.late_moves import late_moves
from booking.queries.refilled import refilled_seconds
from booking.records.price_classes import price_class_on
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

NO_SHOW, LATE_CANCEL = "no_show", "late_cancel"
YEAR_MAX = timedelta(days=366)
DUE_AT_ONCE = 100
# Whoever cancels gets what is free in the order of cancelling: what was cancelled and settled is never overtaken.
ORDER = tuple_(Missed.missed_at, func.coalesce(Missed.moved_at, Missed.missed_at), Missed.reservation_id)


class GivenUp(NamedTuple):
    """A confirmed time that its member gave up, and when."""

    machine_id: int
    span: TimeSpan
    places: int
    at: datetime


def fee_if_cancelled(session: Session, reservation_id: int, *, now: datetime) -> MissedFee | None:
    """Return what a member would owe for cancelling a confirmed reservation now, if nobody else takes its time.

    None where nothing is owed, as long as the rule of the machine lets one cancel freely: the present time, and those
    that were given up by a move when it did not any more. Raises ReservationNotFound.
    """
    return fees_if_cancelled(session, [queries.reservation(session, reservation_id)], now=now).get(reservation_id)


def fees_if_cancelled(
    session: Session, views: Sequence[queries.ReservationView], *, now: datetime
) -> dict[int, MissedFee]:
    """Return what a member would owe for cancelling several reservations at once, by id, where there are terms for it.

    As when it is noted, of those that are cancelled at once what was given up first counts as the earlier one, then the
    lower number: it may use up what is free for the next.
    """
    promised = [view for view in views if view.is_promised]
    moved = _moved_late(session, [view.id for view in promised])
    machines = _Machines(session)
    rows = [
        _dearest(session, view, [*_late_now(view, now), *moved.get(view.id, ())], machines, now) for view in promised
    ]
    owed = sorted((row for row in rows if row is not None), key=lambda row: (row.given_up_at, row.reservation_id))
    workings = ((row.reservation_id, _working(session, row, 0)) for row in owed)
    return {number: replace(one, earlier=one.earlier + before) for before, (number, one) in enumerate(workings)}


def _late_now(view: queries.ReservationView, now: datetime) -> Iterator[GivenUp]:
    if now > view.cancel_until:
        held = view if view.former is None else view.former
        yield GivenUp(view.machine_id, held.span, held.places, now)


def note_cancelled(session: Session, reservation_id: int, given_up: GivenUp | None, at: datetime) -> None:
    """Note a confirmed reservation that was cancelled, where the terms of its machine say that it was too late.

    given_up: what was confirmed, not what a move that waited had asked for; None where that was in time. What was held
    at the deadline counts as well: a move at short notice does not make cancelling free.
    """
    missed = [] if given_up is None else [given_up]
    view = queries.reservation(session, reservation_id)
    moved = _moved_late(session, [reservation_id]).get(reservation_id, ())
    if row := _dearest(session, view, [*missed, *moved], _Machines(session), at):
        _note(session, row)


def note_no_show(session: Session, reservation_id: int, span: TimeSpan, reported_at: datetime) -> None:
    """Note a reservation whose member did not come, where the terms of its machine have a fee for that."""
    view = queries.reservation(session, reservation_id)
    terms = terms_on(session, view.machine_id, local_day(span.start, view.zone))
    if terms is not None and terms.no_show_percent:
        percent = terms.no_show_percent
        held = GivenUp(view.machine_id, span, view.places, reported_at)
        card = queries.machine_card(session, view.machine_id)
        _note(session, _row(session, view, NO_SHOW, held, card, percent, terms, reported_at))


def take_back(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> None:
    """Forget a no-show that was reported by mistake; a fee that was made for it is reversed. Raises LedgerClosed.

    So are fees of later ones that are free without it.
    """
    lock_ledger(session)  # before the row, as fix_fee does: no fee is fixed between reading and forgetting it
    row = session.get(Missed, reservation_id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    later = session.scalars(select(Missed).where(*_counts(row), Missed.settled_at.is_not(None))).all()
    session.delete(row)
    session.flush()
    for one in (row, *(one for one in later if _working(session, one, 0).is_free)):
        _reverse_last(session, one.reservation_id, by=by, now=now)


def due(session: Session, *, now: datetime) -> Sequence[int]:
    """Return the reservations whose fee can be fixed, the earliest end first; none while the ledger is not open."""
    is_open = select(Ledger.id).where(Ledger.state == "open").exists()
    statement = select(Missed.reservation_id).where(Missed.settled_at.is_(None), Missed.ends_at <= now, is_open)
    return session.scalars(statement.order_by(Missed.ends_at, Missed.reservation_id).limit(DUE_AT_ONCE)).all()


def fix_fee(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> bool:
    """Fix the fee of a missed reservation whose time is over; return whether this call did it.

    Once: the row is locked and marked in the transaction that posts the fee. Raises LedgerClosed.
    """
    require_open(session)
    row = session.get(Missed, reservation_id, with_for_update=True, populate_existing=True)
    if row is None or row.settled_at is not None or row.ends_at > now:
        return False
    working = _working(session, row, _refilled(session, row))
    row.settled_at = now
    if working.cents:
        zone = queries.machine_card(session, row.machine_id).zone
        append(session, _fee(session, row, zone), working, by=by, now=now)
    session.flush()
    return True


def _fee(session: Session, row: Missed, zone: ZoneInfo) -> Fee:
    day = local_day(row.starts_at, zone)
    return Fee(
        kind=row.kind,
        member_id=row.member_id,
        machine_id=row.machine_id,
        reservation_id=row.reservation_id,
        number=next_number(session, row.reservation_id),
        service_from=day,
        service_until=day,
        text="",
    )


def _reverse_last(session: Session, reservation_id: int, *, by: Actor, now: datetime) -> None:
    """Reverse the fee for missing a reservation, if it has one that was not taken back; its deposit is another."""
    last = last_fee(session, reservation_id, (NO_SHOW, LATE_CANCEL))
    if last is not None and last.reverses_id is None:
        require_open(session)
        append_mirror(session, last, "", by=by, now=now)


def _working(session: Session, row: Missed, refilled: int) -> MissedFee:
    """Return the working of a missed reservation. Those before it, in the order of ORDER, count as earlier."""
    since = a_year_before(row.missed_at)
    counted = (Missed.member_id == row.member_id, Missed.missed_at > since, _place(row) > ORDER)
    earlier = session.scalar(select(func.count()).where(*counted)) or 0
    length = TimeSpan(row.starts_at, row.ends_at).seconds
    return MissedFee(
        row.base_cents,
        row.percent,
        row.cap_cents,
        length * row.places,
        refilled,
        row.free_times,
        earlier,
        None if row.kind == NO_SHOW else int((row.starts_at - row.given_up_at).total_seconds()),
    )


def a_year_before(at: datetime) -> datetime:
    """Return the moment twelve months before, by the calendar: not 365 days, which a leap year makes shorter."""
    is_leap_day = (at.month, at.day) == (2, 29)
    return at.replace(year=at.year - 1, day=28 if is_leap_day else at.day)


def _counts(row: Missed) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for those as whose earlier one a missed reservation may count; _working() decides."""
    return Missed.member_id == row.member_id, Missed.missed_at < row.missed_at + YEAR_MAX, _place(row) < ORDER


def _place(row: Missed) -> ColumnElement[Any]:
    moments = (literal(one, UtcDateTime()) for one in (row.missed_at, row.given_up_at))
    return tuple_(*moments, row.reservation_id)


def _note(session: Session, row: Missed) -> None:
    """Store a missed reservation; not one for which nothing can be owed: it would use up one that is free."""
    if row.base_cents:
        session.merge(row)
        session.flush()


def _moved_late(session: Session, reservation_ids: Collection[int]) -> dict[int, list[GivenUp]]:
    return {
        number: [
            GivenUp(one.machine_id, TimeSpan(one.starts_at, one.ends_at), one.places, one.moved_at) for one in moves
        ]
        for number, moves in late_moves(session, reservation_ids).items()
    }


class _Machines:
    """Machines with their terms, each read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._found: dict[int, tuple[queries.MachineCard, Sequence[FeeTerms]]] = {}

    def at(self, machine_id: int, start: datetime) -> tuple[queries.MachineCard, FeeTerms | None]:
        """Return a machine with its terms for what begins at a moment; None where there are none."""
        if machine_id not in self._found:
            read = queries.machine_card(self._session, machine_id), all_terms(self._session, machine_id)
            self._found[machine_id] = read
        card, terms = self._found[machine_id]
        return card, next((one for one in terms if one.valid_from <= local_day(start, card.zone)), None)


def _dearest(
    session: Session,
    view: queries.ReservationView,
    given_up: Iterable[GivenUp],
    machines: _Machines,
    cancelled_at: datetime,
) -> Missed | None:
    """Return what the dearest of several times costs that a reservation gave up; None where nothing is owed."""
    rows = []
    for one in given_up:
        card, terms = machines.at(one.machine_id, one.span.start)
        if terms is not None and (percent := percent_of_notice(terms.notices, one.span.start - one.at)):
            rows.append(_row(session, view, LATE_CANCEL, one, card, percent, terms, cancelled_at))
    return max((row for row in rows if row.base_cents), key=_whole_cents, default=None)


def _whole_cents(row: Missed) -> int:
    """Return what a missed reservation costs if nobody takes its time and it is not free."""
    return MissedFee(row.base_cents, row.percent, row.cap_cents, 1).cents


def _refilled(session: Session, row: Missed) -> int:
    span = TimeSpan(row.starts_at, row.ends_at)
    return refilled_seconds(session, row.reservation_id, row.machine_id, span, row.places, row.given_up_at)


def _row(
    session: Session,
    view: queries.ReservationView,
    kind: str,
    given_up: GivenUp,
    card: queries.MachineCard,
    percent: int,
    terms: FeeTerms,
    missed_at: datetime,
) -> Missed:
    span, places = given_up.span, given_up.places
    price_class = price_class_on(session, view.member_id, local_day(span.start, card.zone))
    # A rate of VAT that is not known yet is left out: nothing is guessed, and no other sum is put in its place.
    estimate = estimate_of_class(session, card, span, places, price_class, needs_vat=False, choices=view.choices)
    planned = estimate.calculation.cents if estimate is not None and estimate.calculation else terms.base_cents
    return Missed(
        reservation_id=view.id,
        kind=kind,
        member_id=view.member_id,
        machine_id=card.id,
        starts_at=span.start,
        ends_at=span.end,
        missed_at=missed_at,
        moved_at=given_up.at if given_up.at < missed_at else None,
        places=places,
        percent=percent,
        base_cents=planned,
        cap_cents=terms.cap_cents,
        free_times=terms.free_times,
        settled_at=None,
    )
