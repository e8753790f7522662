"""The page of a reservation: its state, what comes next, what may be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.lookups import shown_series
from app.pages.reservations import deciding
from app.pages.reservations.checks import format_length, late_warning
from app.wording import formats
from app.wording.deadlines import format_deadline
from app.wording.sorts import sort_text
from billing.tariffs.asked_amounts import LackingVariants
from billing.tariffs.estimates import Estimate, estimate_for
from booking import queries
from booking.errors.schedule_errors import NotFound
from booking.models import Status
from booking.queries import MachineCard, ReservationView
from booking.queries import exchanges as exchange_queries
from booking.queries import replanned as replanned_queries
from booking.queries.replanned import ReplannedView
from booking.reservations import lifecycle
from booking.reservations.lifecycle import Step
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan
from booking.use.use_times import may_be_handed_out


@dataclass(frozen=True, slots=True)
class PageStep:
    """Something that can be done now. is_primary: the one to do next. is_post: a button, else a link."""

    label: str
    href: str
    is_primary: bool = False
    is_post: bool = False


@dataclass(frozen=True, slots=True)
class ReservationPage:
    """One reservation with its state in a sentence and the steps open to the reader."""

    view: ReservationView
    card: MachineCard
    sentence: str
    length: str
    occupied: str
    steps: tuple[PageStep, ...]
    may_decide: bool
    warning: str  # that the machine should be back by now, before a reservation that starts soon
    is_doubtful: bool  # a request that may not be decided in time
    is_proposed: bool  # its time waits for the member's answer
    series_id: int | None  # of which it is one date
    estimate: Estimate | None  # None once it was used or has ended: the price is then on the slip
    replanned: ReplannedView | None  # where it may go after a breakdown, if that is free
    replanned_estimate: Estimate | None
    replanned_lacks: Sequence[str]  # of its variants, there
    lacks: Sequence[str]  # of its variants, on its machine


def reservation_page(session: Session, view: ReservationView, *, now: datetime) -> ReservationPage:
    """Return the page of a reservation for the present login."""
    card = queries.machine_card(session, view.machine_id)
    occupied = ""
    if (view.occupied_from, view.occupied_until) != (view.starts_at, view.ends_at):
        occupied = formats.format_span(TimeSpan(view.occupied_from, view.occupied_until), view.zone)
    may_decide = lifecycle.is_possible(view, Step.APPROVE, now) and permissions.may_touch(
        "approvals.decide", "POST", workshop_id=view.workshop_id
    )
    warning, sentence = (
        _warning(session, view, card, now),
        _exchange_sentence(session, view) or state_sentence(view, now),
    )
    if warning and may_be_handed_out(view, now):  # not both: that it is time, and that it is not there
        warning, sentence = "", warning
    replanned = _replanned(session, view, now)
    return ReservationPage(
        view=view,
        card=card,
        sentence=sentence,
        length=format_length(view.span, card),
        occupied=occupied,
        steps=tuple(_steps(session, view, now)),
        may_decide=may_decide,
        warning=warning,
        is_proposed=_may_answer(view, now),
        is_doubtful=not may_decide and _is_doubtful(session, view, now),
        series_id=shown_series([view.id]).get(view.id),
        estimate=_estimate(session, view, card),
        replanned=replanned,
        replanned_estimate=_estimate_instead(session, replanned),
        replanned_lacks=() if replanned is None else _lacks(session, replanned.wish),
        lacks=_lacks(session, _wish(view)) if view.is_holding else (),
    )


def _lacks(session: Session, wish: Wish) -> Sequence[str]:
    """Return the chosen variants that the machine of a wish lacks."""
    return LackingVariants(session)(wish.machine_id, wish.span.start, wish.choices)


def _exchange_sentence(session: Session, view: ReservationView) -> str:
    """Return that a reservation ended because another member has its time now; "" for anything else."""
    if view.status != Status.CANCELLED or not exchange_queries.is_passed_on(session, view.id):
        return ""
    return _("It was passed to another member, and is no longer yours. It is not noted as cancelled late.")


def _replanned(session: Session, view: ReservationView, now: datetime) -> ReplannedView | None:
    """Return where the reader may put a reservation after a breakdown, if that is free."""
    may_answer = permissions.may_touch(
        "reservations.go_back", "POST", member_id=view.member_id, workshop_id=view.workshop_id
    )
    found = replanned_queries.replanned(session, view, now=now) if may_answer else None
    return found if found is not None and found.is_possible else None


def _estimate_instead(session: Session, found: ReplannedView | None) -> Estimate | None:
    if found is None or not found.is_offer:
        return None
    return estimate_for(session, queries.machine_card(session, found.wish.machine_id), found.wish)


def _warning(session: Session, view: ReservationView, card: MachineCard, now: datetime) -> str:
    if view.status not in (Status.REQUESTED, Status.CONFIRMED):
        return ""
    return late_warning(session, card, _wish(view), now=now, excluding=view.id)


def _may_answer(view: ReservationView, now: datetime) -> bool:
    return lifecycle.is_possible(view, Step.ACCEPT_PROPOSAL, now) and permissions.may_touch(
        "reservations.accept_proposal", "POST", member_id=view.member_id, workshop_id=view.workshop_id
    )


def _is_doubtful(session: Session, view: ReservationView, now: datetime) -> bool:
    """Return whether a request may stay undecided. Without consequence for a move: its former time stays confirmed."""
    if view.status != Status.REQUESTED or view.decide_until is None or view.former is not None:
        return False
    return deciding.is_decision_doubtful(session, view.workshop_id, now, view.decide_until)


def _estimate(session: Session, view: ReservationView, card: MachineCard) -> Estimate | None:
    if view.status not in (Status.REQUESTED, Status.CONFIRMED, Status.IN_USE):
        return None
    return estimate_for(session, card, _wish(view))


def _wish(view: ReservationView) -> Wish:
    """Return the wish that a reservation fulfils, as far as price and variants depend on it."""
    return Wish(view.machine_id, view.member_id, view.span, view.places, choices=view.choices)


def state_sentence(view: ReservationView, now: datetime) -> str:
    """Return the state of a reservation and what comes next."""
    if view.status == Status.REQUESTED:
        return _of_requested(view, now)
    if view.status == Status.CONFIRMED:
        sentence = _of_confirmed(view, now)
        if view.reason:  # of declining a move
            declined = _("The workshop declined another time; this one stays. Reason: %(reason)s", reason=view.reason)
            return f"{sentence} {declined}"
        return sentence
    sentence = _sentence(view)
    if view.import_undone_at is not None:
        return _("It was imported by mistake, and the import was taken back. The time is free again.")
    if view.is_late_cancel:
        sentence = _("Cancelled, later than the rule allows. The time is free again.")
    if view.reason and view.status in (Status.REJECTED, Status.CANCELLED):
        sentence = _("%(sentence)s Reason: %(reason)s", sentence=sentence, reason=view.reason)
    return sentence


def _sentence(view: ReservationView) -> str:
    if (code := _SORT_TEXTS.get(view.status)) is not None:
        return sort_text(code, view.machine_sort)
    return str(_SENTENCES[view.status])


def _of_requested(view: ReservationView, now: datetime) -> str:
    until = format_deadline(view.decide_until or view.starts_at, view.zone, now)
    if view.former is not None:
        former = formats.format_span(view.former.span, view.zone)
        return _(
            "Confirmed: %(former)s. The workshop decides by %(until)s about the new time; until then both are held.",
            former=former,
            until=until,
        )
    if view.decide_until is not None and view.decide_until <= now:
        return _("The workshop did not decide by %(until)s; the request is expiring.", until=until)
    return _("The workshop decides by %(until)s. Until then the time is held.", until=until)


def _of_confirmed(view: ReservationView, now: datetime) -> str:
    if now >= view.ends_at:
        return sort_text("not_fetched", view.machine_sort)
    if may_be_handed_out(view, now):
        return sort_text("to_fetch", view.machine_sort)
    until = formats.format_instant(view.cancel_until, view.zone)
    if now <= view.cancel_until:
        return sort_text("reserved", view.machine_sort, until=until)
    return sort_text("reserved_late", view.machine_sort)


_SENTENCES: dict[Status, Any] = {
    Status.REJECTED: _l("The workshop declined the request. The time is free again."),
    Status.CANCELLED: _l("Cancelled. The time is free again."),
    Status.EXPIRED: _l("Nobody decided in time, so the request expired. The time is free again."),
}
# Of what is lent itself, in the words of its sort.
_SORT_TEXTS = {Status.IN_USE: "out", Status.COMPLETED: "back", Status.NO_SHOW: "nobody_came"}


def _steps(session: Session, view: ReservationView, now: datetime) -> list[PageStep]:
    steps = _use_steps(session, view, now)
    own = {"member_id": view.member_id, "workshop_id": view.workshop_id}
    if permissions.may_touch("reservations.send_move", "POST", **own):
        steps += _change_steps(view, now)
        steps += _machine_steps(session, view, now)
    if lifecycle.is_possible(view, Step.HAND_OVER, now) and permissions.may_touch("exchanges.start", "GET", **own):
        steps.append(PageStep(_("Hand over or swap"), url_for("exchanges.start", reservation_id=view.id)))
    steps += _no_show_steps(view, now)
    if permissions.may_touch("reservations.enter", "POST", **own):
        if view.status == Status.CANCELLED and now < view.starts_at:
            again = url_for("reservations.new", again=view.id)
            steps.append(PageStep(_("Enter it again"), again, is_primary=True))
        steps.append(PageStep(_("Once more, a week later"), url_for("reservations.new", repeat=view.id)))
    return steps


def _change_steps(view: ReservationView, now: datetime) -> Iterator[PageStep]:
    """Yield what a member may do, and who reserves for the member."""
    if lifecycle.is_possible(view, Step.RESTORE, now):
        withdraw = url_for("reservations.withdraw_move", reservation_id=view.id)
        yield PageStep(_("Withdraw the new time"), withdraw, is_post=True)
    if lifecycle.is_possible(view, Step.MOVE, now):
        label = _("Change the end") if view.status == Status.IN_USE else _("Move")
        yield PageStep(label, url_for("reservations.move", reservation_id=view.id))
    if lifecycle.is_possible(view, Step.CANCEL, now):
        yield PageStep(_("Cancel"), url_for("reservations.cancel", reservation_id=view.id))


def _machine_steps(session: Session, view: ReservationView, now: datetime) -> Iterator[PageStep]:
    """Yield the way to another machine of the group, with the first of them chosen."""
    if view.status == Status.IN_USE or not lifecycle.is_possible(view, Step.MOVE, now):
        return
    group = queries.group_of_machine(session, view.machine_id)
    others = [machine for machine in group.lent if machine.id != view.machine_id] if group else []
    if others:
        address = url_for("reservations.move", reservation_id=view.id, machine=others[0].slug)
        yield PageStep(_("Another machine"), address)


def _no_show_steps(view: ReservationView, now: datetime) -> Iterator[PageStep]:
    for step, endpoint, label in (
        (Step.REPORT_NO_SHOW, "reservations.report_no_show", _("Report no-show")),
        (Step.TAKE_BACK_NO_SHOW, "reservations.take_back_no_show", _("Take back the no-show")),
    ):
        if lifecycle.is_possible(view, step, now) and permissions.may_touch(
            endpoint, "POST", workshop_id=view.workshop_id
        ):
            yield PageStep(label, url_for(endpoint, reservation_id=view.id), is_post=True)


def _use_steps(session: Session, view: ReservationView, now: datetime) -> list[PageStep]:
    if may_be_handed_out(view, now):
        return _step_if("usage.hand_out", sort_text("hand_out", view.machine_sort), view, reservation_id=view.id)
    if view.status == Status.IN_USE:
        return _step_if("usage.hand_back", sort_text("hand_back", view.machine_sort), view, reservation_id=view.id)
    if view.status == Status.COMPLETED:
        try:
            slip = queries.slip_of_reservation(session, view.id)
        except NotFound:
            return []
        return _step_if("usage.show", _("See the usage slip"), view, usage_id=slip.id)
    return []


def _step_if(endpoint: str, label: str, view: ReservationView, **arguments: Any) -> list[PageStep]:
    if not permissions.may_touch(endpoint, member_id=view.member_id, workshop_id=view.workshop_id):
        return []
    return [PageStep(label, url_for(endpoint, **arguments), is_primary=True)]
