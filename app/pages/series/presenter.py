"""The page of a series: its dates with what became of each, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.auth import permissions
from app.wording import formats
from app.wording.series import series_sentence
from booking import queries
from booking.models import Status
from booking.queries import MachineCard, ReservationView
from booking.queries import series as series_queries
from booking.queries.series import SeriesDateView, SeriesView


@dataclass(frozen=True, slots=True)
class SeriesDateRow:
    """One date. before: its time by the rule, where it was moved; can_put_back: it is not reserved and lies ahead."""

    date: SeriesDateView
    text: str
    before: str
    can_put_back: bool


@dataclass(frozen=True, slots=True)
class SeriesPage:
    """A series with its dates in order. to_come: how many can be cancelled; waiting: how many are to be decided."""

    view: SeriesView
    card: MachineCard
    sentence: str
    rows: tuple[SeriesDateRow, ...]
    to_come: int
    waiting: int
    may_change: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class CancelPage:
    """What cancelling the rest of a series would mean: the dates to come, and those that would be cancelled late."""

    view: SeriesView
    sentence: str
    to_come: tuple[ReservationView, ...]
    late: tuple[ReservationView, ...]


def series_page(session: Session, view: SeriesView, *, now: datetime) -> SeriesPage:
    """Return the page of a series for the present login."""
    may_change = permissions.may_touch(
        "series.put_back", "POST", member_id=view.member_id, workshop_id=view.workshop_id
    )
    dates = series_queries.series_dates(session, view)
    return SeriesPage(
        view=view,
        card=queries.machine_card(session, view.machine_id),
        sentence=series_sentence(view.times),
        rows=tuple(_row(one, view, now, may_change=may_change) for one in dates),
        to_come=len(_to_come(dates, now)),
        waiting=sum(one.reservation is not None and one.reservation.status == Status.REQUESTED for one in dates),
        may_change=may_change,
        may_decide=permissions.may_touch("series.approve", "POST", workshop_id=view.workshop_id),
    )


def cancel_page(session: Session, view: SeriesView, *, now: datetime) -> CancelPage:
    """Return the question before the rest of a series is cancelled."""
    found = _to_come(series_queries.series_dates(session, view), now)
    late = tuple(one for one in found if one.is_promised and now > one.cancel_until)
    return CancelPage(view, series_sentence(view.times), found, late)


def _to_come(dates: Sequence[SeriesDateView], now: datetime) -> tuple[ReservationView, ...]:
    found = (one.reservation for one in dates)
    return tuple(
        one
        for one in found
        if one is not None and one.status in (Status.REQUESTED, Status.CONFIRMED) and one.starts_at > now
    )


def _row(one: SeriesDateView, view: SeriesView, now: datetime, *, may_change: bool) -> SeriesDateRow:
    planned, reservation = one.occurrence.span, one.reservation
    shown = planned if reservation is None else reservation.span
    is_moved = one.is_held and shown != planned
    return SeriesDateRow(
        date=one,
        text=formats.format_span(shown, view.zone),
        before=formats.format_span(planned, view.zone) if is_moved else "",
        can_put_back=may_change and not one.is_held and planned.start > now,
    )
