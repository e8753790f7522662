"""Subscribers of breakdowns that queue mails, one for each member: what was decided, which old times are free again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.mail.sender import GIVE_UP_AFTER
from app.notifications import proposal_links, recipients
from app.notifications.composing import Notification
from app.notifications.notifying import LATE, members_of, notify, notify_members, others
from app.notifications.recipients import Recipient
from billing.tariffs.asked_amounts import LackingVariants
from booking import queries, replan
from booking.events import closure_events
from booking.kernel.events import Handler, RecordedEvent
from booking.members.members import eligibilities
from booking.queries import ClosureView, ReservationView
from booking.queries import replanned as replanned_queries
from booking.queries.replanned import AfterChange
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan


def replanned(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member of all that was decided on the reservations of a closed machine, in one mail."""
    facts = event.facts
    moved = {reservation_id: _span_of(old) for reservation_id, *old in facts["moved"]}
    offered = facts.get("offered", ())
    left, at_risk = facts.get("left", ()), facts.get("at_risk", ())
    if offered and now - event.at > LATE:  # no worker ran: who hears of it late gets the whole time to answer
        replan.renew(session, [one[0] for one in offered], now=now)
    ids = (*facts["cancelled"], *moved, *facts["kept"], *(one[0] for one in offered), *left, *at_risk)
    views = {one: queries.reservation(session, one) for one in ids}
    closure = queries.closure(session, facts["blocking_id"])
    waiting = {one for one, view in views.items() if _still_waits(view, closure)}
    people = others(members_of(session, event), event)
    offers = list(_offered(session, views, [one for one in offered if one[0] in waiting], people, now))
    told = {
        "cancelled": [views[one] for one in facts["cancelled"]],
        "moved": [(views[one], old_span) for one, old_span in moved.items() if views[one].awaits_answer],
        "offered": offers,
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
    links_end = max((one.held_until for one in offers if one.held_until is not None), default=None)
    if links_end is not None and any(text for name, text in told.items() if name != "offered"):
        links_end = max(links_end, now + GIVE_UP_AFTER)  # what else it says is not lost with its links
    notification = Notification("replanned", values, "/reservations", with_calendar=True, link_ends_at=links_end)
    notify_members(session, event, notification, people, now)


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


def closure_changed(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify those who wait for a repair when it is done earlier or later, each in one mail; then `repaired`."""
    if event.facts.get("old_ends_at") != event.facts["ends_at"]:  # not of another reason
        closure = queries.closure(session, event.facts["blocking_id"])
        by_member: dict[int, list[tuple[ReservationView, AfterChange]]] = {}
        for view, state in replanned_queries.after_change(session, closure, now=now):
            by_member.setdefault(view.member_id, []).append((view, state))
        for member_id, listed in sorted(by_member.items()):
            facts = {"closure": closure, "listed": listed, "states": AfterChange}
            notification = Notification("repair_moved", facts, "/reservations")
            notify(session, event, notification, others(recipients.of_member(session, member_id), event), now)
    repaired(session, event, now)


def proposal_ended(session: Session, event: RecordedEvent, now: datetime) -> None:
    """Notify the member that a proposal has lapsed or was declined, and with it the reservation is cancelled.

    Of one that was withdrawn where its reservation is still closed: what became of the others, other mails say.
    """
    view, closure = queries.reservation(session, event.facts["reservation_id"]), None
    is_withdrawn = event.type == closure_events.ProposalWithdrawn.type
    if is_withdrawn:
        closure = queries.closure(session, event.facts["blocking_id"])
        if not _still_waits(view, closure) or view.is_accepted_since(closure.created_at) or _is_free(view, closure):
            return
    facts = {
        "reservation": view,
        "machine": queries.machine_card(session, event.facts["machine_id"]).name,
        "proposed": _span_of((event.facts["starts_at"], event.facts["ends_at"])),
        "how": event.type,
    }
    people = others(members_of(session, event), event)
    if is_withdrawn:
        notify(session, event, Notification("proposal_ended", facts, f"/reservations/{view.id}"), people, now)
    else:
        notification = Notification("proposal_ended", facts, f"/reservations/{view.id}", with_calendar=True)
        notify_members(session, event, notification, people, now)


HANDLERS: dict[str, Handler] = {
    closure_events.ReservationsReplanned.type: replanned,
    closure_events.ClosureLifted.type: closure_changed,
    closure_events.ClosureChanged.type: closure_changed,
    closure_events.ProposalDeclined.type: proposal_ended,
    closure_events.ProposalLapsed.type: proposal_ended,
    closure_events.ProposalWithdrawn.type: proposal_ended,
}


def _still_waits(view: ReservationView, closure: ClosureView) -> bool:
    """Return whether a reservation is still on a machine that is still closed."""
    return view.is_holding and view.machine_id == closure.machine_id and closure.lifted_at is None


def _is_free(view: ReservationView, closure: ClosureView) -> bool:
    return not closure.span.overlaps(TimeSpan(view.occupied_from, view.occupied_until))


@dataclass(frozen=True, slots=True)
class Offered:
    """What is proposed for a reservation. links: where each recipient, by its key, answers it without a log-in.

    lacks: the chosen variants that the machine does not have.
    """

    view: ReservationView
    machine_name: str
    span: TimeSpan
    held_until: datetime | None
    links: Mapping[str, str]
    lacks: Sequence[str]


def _offered(
    session: Session,
    views: dict[int, ReservationView],
    offered: Sequence[Sequence[int]],
    people: Sequence[Recipient],
    now: datetime,
) -> Iterator[Offered]:
    for reservation_id, machine_id, *span in offered:
        stands = replanned_queries.replanned(session, views[reservation_id], now=now)
        if stands is None or not stands.is_offer:
            continue
        links = {}
        if (hold_id := stands.hold_id) is not None:
            links = {to.key: proposal_links.create(session, reservation_id, hold_id, to, now=now) for to in people}
        view, name, to_span = views[reservation_id], queries.machine_card(session, machine_id).name, _span_of(span)
        lacks = LackingVariants(session)(machine_id, to_span.start, view.choices)
        yield Offered(view, name, to_span, stands.held_until, links, lacks)


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
