"""The page of a series: its dates with what became of each, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.auth import permissions
from app.wording import formats
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from app.wording.series import series_sentence
from billing.fees.missed import fees_if_cancelled
from booking import queries
from booking.errors.schedule_errors import RulesBroken
from booking.kernel.errors import DomainError
from booking.models import Status
from booking.queries import ReservationView
from booking.queries import series as series_queries
from booking.queries.series import SeriesDateView, SeriesView

DATES_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class SeriesDateRow:
    """One date. before: its time by the rule, where it was moved; can_put_back: it is not reserved and lies ahead.

    short: the time beside its day. reason: why it could not be approved.
    """

    date: SeriesDateView
    text: str
    short: str
    before: str
    can_put_back: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series with its dates in order.

    rows: those of page number; has_next: more follow. to_come: how many the login can cancel. waiting: how many are to
    be decided, to_decide: of these, by the login.
    following: the series that took over later dates.
    """

    view: SeriesView
    sentence: str
    rows: tuple[SeriesDateRow, ...]
    number: int
    has_next: bool
    to_come: int
    waiting: int
    to_decide: int
    may_change: bool
    following: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CancelPage:
    """What cancelling the rest of a series would mean: the dates to come, and those that would be cancelled late.

    moved: those that are in time now and have a fee all the same, for a move at short notice. costs: the fee of each
    date that has one, by id. number: of the page of the dates to come.
    """

    view: SeriesView
    sentence: str
    to_come: tuple[ReservationView, ...]
    late: tuple[ReservationView, ...]
    moved: tuple[ReservationView, ...]
    costs: Mapping[int, str]
    total: str
    number: int = 1

    @property
    def listed(self) -> int:
        """Return how many dates that cost something are named at most, on each page."""
        return DATES_PER_PAGE

    @property
    def shown(self) -> tuple[ReservationView, ...]:
        """Return the dates to come of the page."""
        return self.to_come[(self.number - 1) * DATES_PER_PAGE : self.number * DATES_PER_PAGE]

    @property
    def has_next(self) -> bool:
        """Return whether more dates follow."""
        return len(self.to_come) > self.number * DATES_PER_PAGE


def series_page(
    session: Session,
    view: SeriesView,
    *,
    now: datetime,
    refusals: Mapping[int, DomainError] | None = None,
    number: int | None = None,
) -> SeriesPage:
    """Return the page of a series for the present login. refusals: of dates that could not be approved, by their id.

    number: of the page of its dates; None: the one with the first date that could not be approved, or that is to come.
    """
    may_change = permissions.may_touch(
        "series.put_back", "POST", member_id=view.member_id, workshop_id=view.workshop_id
    )
    dates = series_queries.series_dates(session, view)
    card, waiting = queries.machine_card(session, view.machine_id), _waiting(dates)
    number = number or _number_of(dates, refusals or {}, now)
    shown = dates[(number - 1) * DATES_PER_PAGE : number * DATES_PER_PAGE]
    rows = (
        _row(one, view, now, can_put_back=may_change and not card.is_retired, refusals=refusals or {}) for one in shown
    )
    return SeriesPage(
        view=view,
        sentence=series_sentence(view.times),
        rows=tuple(rows),
        number=number,
        has_next=len(dates) > number * DATES_PER_PAGE,
        to_come=len(_to_come(dates, now)),
        waiting=len(waiting),
        to_decide=sum(permissions.may_touch("series.approve", "POST", workshop_id=one.workshop_id) for one in waiting),
        may_change=may_change,
        following=series_queries.following_series(session, view.id),
    )


def _number_of(dates: Sequence[SeriesDateView], refusals: Mapping[int, DomainError], now: datetime) -> int:
    """Return the page with the first date that matters now; the last one where all are over."""
    wanted = (
        at
        for at, one in enumerate(dates)
        if (one.reservation is not None and one.reservation.id in refusals)
        or (not refusals and (one.occurrence.span if one.reservation is None else one.reservation.span).end > now)
    )
    return next(wanted, len(dates) - 1) // DATES_PER_PAGE + 1


def cancel_page(session: Session, view: SeriesView, *, now: datetime, number: int = 1) -> CancelPage:
    """Return the question before the rest of a series is cancelled. number: of the page of its dates."""
    found = _to_come(series_queries.series_dates(session, view), now)
    late = tuple(one for one in found if one.is_promised and now > one.cancel_until)
    fees = fees_if_cancelled(session, found, now=now)
    late_ids = {one.id for one in late}
    moved = tuple(one for one in found if one.id in fees and one.id not in late_ids)
    costs = {reservation_id: formats.format_money(one.cents) for reservation_id, one in fees.items()}
    total = formats.format_money(sum(one.cents for one in fees.values())) if fees else ""
    number = min(number, max(0, len(found) - 1) // DATES_PER_PAGE + 1)
    return CancelPage(view, series_sentence(view.times), found, late, moved, costs, total, number)


def _to_come(dates: Sequence[SeriesDateView], now: datetime) -> tuple[ReservationView, ...]:
    """Return what the login can cancel: a date may have been moved to a machine of another workshop."""
    found = (one.reservation for one in dates)
    return tuple(
        one
        for one in found
        if one is not None
        and one.status in (Status.REQUESTED, Status.CONFIRMED)
        and one.starts_at > now
        and permissions.may_touch("series.cancel", "POST", member_id=one.member_id, workshop_id=one.workshop_id)
    )


def to_come(session: Session, view: SeriesView, *, now: datetime) -> tuple[ReservationView, ...]:
    """Return the dates that have not begun and that the login may change, in the order of the rule."""
    return _to_come(series_queries.series_dates(session, view), now)


def _waiting(dates: Sequence[SeriesDateView]) -> tuple[ReservationView, ...]:
    """Return the dates that wait for a decision; another time for a confirmed one is decided alone."""
    found = (one.reservation for one in dates)
    return tuple(one for one in found if one is not None and one.status == Status.REQUESTED and one.former is None)


def _row(
    one: SeriesDateView, view: SeriesView, now: datetime, *, can_put_back: bool, refusals: Mapping[int, DomainError]
) -> SeriesDateRow:
    planned, reservation = one.occurrence.span, one.reservation
    shown = planned if reservation is None else reservation.span
    is_moved = one.is_held and shown != planned
    return SeriesDateRow(
        date=one,
        text=formats.format_span(shown, view.zone),
        short=formats.format_span(shown, view.zone) if is_moved else formats.format_beside_day(shown, view.zone),
        before=formats.format_span(planned, view.zone) if is_moved else "",
        can_put_back=can_put_back and not one.is_held and planned.start > now,
        reason=_reason(refusals.get(reservation.id) if reservation is not None else None, view),
    )


def _reason(refusal: DomainError | None, view: SeriesView) -> str:
    if isinstance(refusal, RulesBroken):
        return " ".join(violation_sentence(violation, view.zone) for violation in refusal.violations)
    return sentence_of(refusal) if refusal is not None else ""
