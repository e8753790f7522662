"""The waiting requests, and the outcomes of decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.auth.lookups import shown_series
from app.pages.approvals.forms import Chosen, QueueFilter
from app.pages.ribbons import Reader, day_span, machine_ribbon
from app.wording import formats
from app.wording.deadlines import format_deadline
from app.wording.errors import sentence_of
from app.wording.ribbon import Ribbon, Use
from app.wording.rules import violation_sentence
from booking import queries
from booking.errors.schedule_errors import RequestRefused
from booking.kernel.errors import DomainError
from booking.queries import BoardRow, MemberHistory, ReservationView, WaitingRequest
from booking.records.overruling import OF_RESERVING, may_overrule
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan

PER_PAGE = 25
URGENT = timedelta(hours=12)
ALL_REQUESTS = QueueFilter()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another hold on the machine close to a request. is_overlapping: only on machines with several places."""

    text: str
    status: str
    is_overlapping: bool


@dataclass(frozen=True, slots=True)
class RequestView:
    """A pending request with the information for a decision."""

    view: ReservationView
    waiting: str
    decide_until: str
    is_urgent: bool
    history: str
    remarks: str  # no-shows and late cancellations, or ""
    induction: str
    is_inducted: bool
    former: str  # what is confirmed while a move waits, or ""
    neighbours: tuple[Neighbour, ...]
    series_id: int | None = None  # of which it is one date
    day: Ribbon | None = None  # of the machine on the day of its start, with the wish in it


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a decision on one request. can_overrule: a reason is enough to approve it."""

    view: ReservationView | None
    sentence: str
    is_done: bool
    can_overrule: bool = False
    undo: Chosen | None = None  # what a step back needs, where there is one


def queue(
    session: Session,
    workshop_ids: Collection[int] | None,
    *,
    now: datetime,
    only: QueueFilter = ALL_REQUESTS,
    limit: int = PER_PAGE,
) -> tuple[RequestView, ...]:
    """Return the requests that wait, the nearest deadline first."""
    waiting = queries.waiting_requests(
        session, workshop_ids, now, workshop_slug=only.workshop, machine_slug=only.machine, limit=limit
    )
    around = queries.neighbours(session, [one.reservation for one in waiting])
    series = shown_series([one.reservation.id for one in waiting])
    found = (_request_view(one, around.get(one.reservation.id, ()), now) for one in waiting)
    return tuple(replace(one, series_id=series.get(one.view.id)) for one in found)


def with_days(session: Session, waiting: Collection[RequestView], now: datetime) -> tuple[RequestView, ...]:
    """Return requests with the days of their machines as ribbons, in the four statements of a board."""
    if not waiting:
        return ()
    days = [day_span(local_day(one.view.starts_at, one.view.zone), one.view.zone) for one in waiting]
    span = TimeSpan(min(day.start for day in days), max(day.end for day in days))
    board = queries.board(session, span, now=now, machine_ids={one.view.machine_id for one in waiting})
    rows = {row.machine.id: row for row in board.rows}
    return tuple(
        replace(one, day=_day_of(rows[one.view.machine_id], one.view, day, now)) if one.view.machine_id in rows else one
        for one, day in zip(waiting, days, strict=True)
    )


def _day_of(row: BoardRow, view: ReservationView, day: TimeSpan, now: datetime) -> Ribbon:
    others = (one for one in row.entries if one.reservation_id != view.id)
    entries = tuple(one for one in others if one.occupied_from < day.end and day.start < one.occupied_until)
    return machine_ribbon(
        replace(row, entries=entries),
        local_day(day.start, view.zone),
        view.zone,
        now=now,
        reader=Reader(knows_names=True),
        wishes=(Use(view.span, TimeSpan(view.occupied_from, view.occupied_until), "wish", view.member_name),),
    )


def can_overrule(refusal: DomainError) -> bool:
    """Return whether who decides may approve in spite of the rules that a request breaks."""
    return isinstance(refusal, RequestRefused) and may_overrule(refusal.violations, OF_RESERVING)


def refusal_sentence(refusal: DomainError, view: ReservationView | None) -> str:
    """Return why a request could not be decided, with all broken rules."""
    if isinstance(refusal, RequestRefused):
        zone = view.zone if view is not None else None
        return " ".join(violation_sentence(violation, zone) for violation in refusal.violations)
    return sentence_of(refusal)


def _history_text(history: MemberHistory) -> str:
    if not (history.completed or history.no_shows or history.late_cancels):
        return _("first reservation")
    return ngettext("%(num)s use", "%(num)s uses", history.completed)


def _remarks(history: MemberHistory) -> str:
    parts = []
    if history.no_shows:
        parts.append(ngettext("%(num)s no-show", "%(num)s no-shows", history.no_shows))
    if history.late_cancels:
        parts.append(ngettext("%(num)s late cancellation", "%(num)s late cancellations", history.late_cancels))
    return ", ".join(parts)


def _request_view(one: WaitingRequest, around: Collection[ReservationView], now: datetime) -> RequestView:
    view = one.reservation
    until = view.decide_until or view.starts_at
    return RequestView(
        view=view,
        waiting=formats.format_age(one.waiting_since),
        decide_until=format_deadline(until, view.zone, now),
        is_urgent=until - now < URGENT,
        history=_history_text(one.history),
        remarks=_remarks(one.history),
        induction=_induction_text(one),
        is_inducted=one.is_inducted,
        former=_former_text(view),
        neighbours=tuple(_neighbour(other, view) for other in around),
    )


def _former_text(view: ReservationView) -> str:
    if view.former is None:
        return ""
    span = formats.format_span(view.former.span, view.zone)
    if view.former.places == view.places:
        return span
    return f"{span}, {ngettext('%(num)s place', '%(num)s places', view.former.places)}"


def _induction_text(one: WaitingRequest) -> str:
    if one.induction_kind is None:
        return ""
    if one.induction_until is None:
        return _("%(kind)s: no valid induction", kind=one.induction_kind)
    until = formats.format_day(one.induction_until)
    return _("%(kind)s: valid until %(day)s", kind=one.induction_kind, day=until)


def _neighbour(other: ReservationView, view: ReservationView) -> Neighbour:
    spans = [other.span] if other.former is None else [other.former.span, other.span]
    times = " / ".join(formats.format_span(span, other.zone) for span in spans)
    is_overlapping = any(span.overlaps(view.span) for span in spans)
    return Neighbour(f"{times}, {other.member_name}", other.status, is_overlapping)
