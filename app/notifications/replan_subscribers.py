"""Subscribers of breakdowns that queue mails, one for each member: what was decided, which old times are free again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.notifications import recipients
from app.notifications.composing import Notification
from app.notifications.notifying import members_of, notify, notify_members, others
from booking import closure_events, queries, replan
from booking.kernel.events import Handler, RecordedEvent
from booking.members import eligibilities
from booking.queries import ClosureView, ReservationView
from booking.queries import replanned as replanned_queries
from booking.timespan import TimeSpan
from booking.wall_clock import local_day


def replanned(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of all that was decided on the reservations of a closed machine, in one mail."""
    facts = event.facts
    moved = {reservation_id: _span_of(old) for reservation_id, *old in facts["moved"]}
    offered = facts.get("offered", ())
    left, at_risk = facts.get("left", ()), facts.get("at_risk", ())
    ids = (*facts["cancelled"], *moved, *facts["kept"], *(one[0] for one in offered), *left, *at_risk)
    views = {one: queries.reservation(session, one) for one in ids}
    closure = queries.closure(session, facts["blocking_id"])
    waiting = {one for one, view in views.items() if _still_waits(view, closure)}
    told = {
        "cancelled": [views[one] for one in facts["cancelled"]],
        "moved": [(views[one], old_span) for one, old_span in moved.items() if views[one].awaits_answer],
        "offered": list(_offered(session, views, [one for one in offered if one[0] in waiting], now)),
        "left": [views[one] for one in left if one in waiting],
        "at_risk": [views[one] for one in at_risk if one in waiting],
    }
    if not any(told.values()):
        return  # all of it was answered or undone meanwhile
    values = {
        **told,
        "closure": closure,
        "kept": [views[one] for one in facts["kept"] if one in waiting],
        "inducted_until": _inducted_until(session, closure, facts["member_id"], views.values()),
        "changed": [views[one] for one in (*facts["cancelled"], *moved)],
    }
    notification = Notification("replanned", values, "/reservations", with_calendar=True)
    notify_members(session, event, notification, others(members_of(session, event), event), now)


def repaired(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the members whose old time is free again because a closure was lifted or ends earlier."""
    closure = queries.closure(session, event.facts["blocking_id"])
    by_member: dict[int, list[Any]] = {}
    for view, old in replanned_queries.free_again(session, closure.id, now=now):
        by_member.setdefault(view.member_id, []).append((view, old))
    told = [view.id for listed in by_member.values() for view, _old in listed]
    replan.note_told_free(session, told, now=now)
    for member_id, listed in sorted(by_member.items()):
        notification = Notification("old_time_free", {"closure": closure, "listed": listed}, "/reservations")
        notify(session, event, notification, others(recipients.of_member(session, member_id), event), now)


HANDLERS: dict[str, Handler] = {
    closure_events.ReservationsReplanned.type: replanned,
    closure_events.ClosureLifted.type: repaired,
    closure_events.ClosureChanged.type: repaired,
}


def _still_waits(view: ReservationView, closure: ClosureView) -> bool:
    """Return whether a reservation is still on a machine that is still closed."""
    return view.is_holding and view.machine_id == closure.machine_id and closure.lifted_at is None


def _offered(
    session: Session, views: dict[int, ReservationView], offered: Sequence[Sequence[int]], now: datetime
) -> Iterator[tuple[ReservationView, str, TimeSpan]]:
    for reservation_id, machine_id, *span in offered:
        stands = replanned_queries.replanned(session, views[reservation_id], now=now)
        if stands is None or not stands.is_offer:
            continue
        yield views[reservation_id], queries.machine_card(session, machine_id).name, _span_of(span)


def _inducted_until(session: Session, closure: ClosureView, member_id: int, views: Any) -> date | None:
    """Return the last day of the member's induction, where it ends before the repair or one of the reservations."""
    kind_id = queries.machine_card(session, closure.machine_id).induction_kind_id
    if kind_id is None:
        return None
    days = eligibilities(session, [member_id]).of(member_id, kind_id).inducted
    last = max((until for _since, until in days), default=None)
    needed = max(closure.ends_at, *(view.ends_at for view in views))
    return last if last is not None and last < local_day(needed, closure.zone) else None


def _span_of(timestamps: Sequence[int]) -> TimeSpan:
    start, end = timestamps
    return TimeSpan(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
