"""Endpoints of actions on a reservation: approve, reject, cancel, no-show, hand out, hand back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Literal

from flask_babel import gettext as _
from pydantic import BaseModel, Field

from app.api import problems, revisions
from app.api.conversions import to_small_units
from app.api.endpoints import Endpoint, reply
from app.api.fields import Amount, Instant, RequestModel, ResponseModel, Text
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.reservations.overrulings import read_overruling
from app.api.reservations.reservation_models import PersonName, Reason, Reservation
from app.api.reservations.reservations import reservation_reply
from app.api.use.asked_amounts import Choices, OtherAmounts, read_known
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.member_logins import check_login, person_named, usual_operator
from app.auth.overrulings import may_overrule_hand_out
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from billing.tariffs.asked_amounts import asked_on
from booking import queries, replan
from booking.queries import ReservationView
from booking.queries import replanned as replanned_queries
from booking.records.overruling import Overruling
from booking.reservations import decisions, reservations
from booking.rule_changes import condition_changes
from booking.rules.persons import Person
from booking.times.wall_clock import local_day
from booking.use import operators, usage
from booking.use.usage import Measurement

Verb = Callable[..., Any]

MANAGER = Access(manager=WORKSHOP, admin=ALL)
MEMBER_OR_MANAGER = Access(member=OWN, manager=WORKSHOP, admin=ALL)

action = partial(Endpoint, "POST", response=Reservation, errors=(404, 409, 412), idempotent=True, conditional=True)


class HandOut(RequestModel):
    """The meter reading at hand-out.

    operator: the name of the person who runs a machine that needs an induction. Default: the login, if it acts for the
    member and may run it, else the only person of the member who may. One without a valid induction is refused
    (`operator`); where several may, one has to be named (`operator_missing`).
    supervisor: the name of the trainer who is there, for an operator who may not run it alone yet; else it is refused
    (`supervisor_missing`).
    second_person: the name of who is there as well, where the machine needs two persons. Default: who was named with
    the reservation. Then `operator` is required, unless only one person of the member may run it.
    overrule_reason: why a manager hands it out though a condition of use no longer holds (induction, membership, login,
    a closed or retired machine); kept in the event log. For others it is refused with 422.
    """

    reading: Amount | None = None
    note: Text = ""
    operator: PersonName | None = None
    supervisor: PersonName | None = None
    second_person: PersonName | None = None
    overrule_reason: Text = ""


class HandBack(RequestModel):
    """The meter reading or the amount of use at hand-back. `amount` takes precedence over `reading`.

    amounts, choices: what the tariff of the day asks for beside it, see `GET /machines/{id}/asked`. Without choices
    those of the reservation are taken.
    """

    reading: Amount | None = None
    amount: Amount | None = None
    amounts: OtherAmounts = Field(default_factory=list)
    choices: Choices | None = None
    note: Text = ""


class Approval(RequestModel):
    """The approval of a request. overrule_reason: as in NewReservation."""

    overrule_reason: Text = ""


@action("/reservations/<id:reservation_id>/approve", access=MANAGER, body=Approval)
def approve_reservation(reservation_id: int, body: Approval) -> Reply:
    """Approve a request. All rules are checked again; those of a move for what it adds."""
    reason = body.overrule_reason.strip()
    overruling = Overruling(reason) if reason else None
    return _act(lookups.reservation(reservation_id), body, partial(decisions.approve, overruling=overruling))


@action("/reservations/<id:reservation_id>/reject", access=MANAGER, body=Reason)
def reject_reservation(reservation_id: int, body: Reason) -> Reply:
    """Reject a request. Its span is free at once. A rejected move leaves the reservation confirmed as it was."""
    return _act(lookups.reservation(reservation_id), body, partial(decisions.reject, reason=body.reason))


@action("/reservations/<id:reservation_id>/undo-decision", access=MANAGER)
def undo_decision(reservation_id: int) -> Reply:
    """Take back an approval or a rejection of a request: it waits again, until its deadline.

    `If-Match` is required, with the ETag of the decision, so that nothing that came after it is undone. A rejected
    request takes its span again; if that is taken, the answer is 409 `slot_taken`. A decision on a move stays.
    """
    view = lookups.reservation(reservation_id)
    if revisions.expected(view.revision) is None:
        missing = problems.field_error(revisions.HEADER, _("required, with the ETag that the decision returned"))
        raise Refusal(problems.invalid(missing))
    return _act(view, None, decisions.take_back)


@action("/reservations/<id:reservation_id>/cancel", access=MEMBER_OR_MANAGER, body=Reason)
def cancel_reservation(reservation_id: int, body: Reason) -> Reply:
    """Cancel a reservation that has not been used. Its span is free at once."""
    return _act(lookups.reservation(reservation_id), body, partial(reservations.cancel, reason=body.reason))


@action("/reservations/<id:reservation_id>/accept-proposal", access=MEMBER_OR_MANAGER)
def accept_proposal(reservation_id: int) -> Reply:
    """Accept the time that a manager proposed because of a closure (`awaits_answer`). To decline it is to cancel.

    From then on the machine's rule of cancelling holds.
    """
    return _act(lookups.reservation(reservation_id), None, reservations.accept_proposal)


class ProposedTime(ResponseModel):
    """Another machine or time for a reservation after a breakdown.

    answer: the action that takes it: `take-offer` of what is proposed, `go-back` to the old time. lapses_at: until when
    it is held, null for what is not. is_possible: it is held or free, and the rules allow it.
    """

    answer: Literal["take-offer", "go-back"]
    machine_id: int
    starts_at: Instant
    ends_at: Instant
    lapses_at: Instant | None
    is_possible: bool


class ProposedTimeOf(ResponseModel):
    """What a reservation could become after a breakdown; null for nothing."""

    proposed: ProposedTime | None


@Endpoint(
    "GET",
    "/reservations/<id:reservation_id>/proposed-time",
    access=MEMBER_OR_MANAGER,
    response=ProposedTimeOf,
    errors=(404,),
    conditional=True,
)
def get_proposed_time(reservation_id: int) -> Reply:
    """Get what was proposed for a reservation after a breakdown, or the old time to which it may go back.

    With its ETag in `If-Match`, the answer takes nothing else than what was shown.
    """
    view = lookups.reservation(reservation_id)
    found = replanned_queries.replanned(db.session(), view, now=now())
    proposed = None
    if found is not None:
        proposed = ProposedTime(
            answer="take-offer" if found.is_offer else "go-back",
            machine_id=found.wish.machine_id,
            starts_at=found.span.start,
            ends_at=found.span.end,
            lapses_at=found.held_until,
            is_possible=found.is_possible,
        )
    return reply(ProposedTimeOf(proposed=proposed), headers=revisions.etag(view.revision))


@action("/reservations/<id:reservation_id>/go-back", access=MEMBER_OR_MANAGER)
def go_back(reservation_id: int) -> Reply:
    """Return a reservation that was moved after a breakdown to its old machine and time, while that is free again.

    409 `old_time_gone` where it was not moved, or was changed since.
    """
    return _act(lookups.reservation(reservation_id), None, replan.go_back)


@action("/reservations/<id:reservation_id>/take-offer", access=MEMBER_OR_MANAGER)
def take_offer(reservation_id: int) -> Reply:
    """Move a reservation to the machine and time that were proposed after a breakdown, and are held for it.

    409 `old_time_gone` where nothing was proposed, it was changed since, or the time to answer is over.
    """
    return _act(lookups.reservation(reservation_id), None, replan.take_offer)


@action("/reservations/<id:reservation_id>/decline-offer", access=MEMBER_OR_MANAGER)
def decline_proposed_time(reservation_id: int) -> Reply:
    """Decline what was proposed after a breakdown: the reservation is cancelled, which is never late.

    409 `old_time_gone` as for `take-offer`, and for a proposal that is not held: cancel it then.
    """
    return _act(lookups.reservation(reservation_id), None, replan.decline)


@action("/reservations/<id:reservation_id>/no-show", access=MANAGER)
def report_no_show(reservation_id: int) -> Reply:
    """Report that the member did not come, from the start of the reservation on. Its time is free from now on."""
    return _act(lookups.reservation(reservation_id), None, decisions.report_no_show)


@action("/reservations/<id:reservation_id>/no-show/undo", access=MANAGER)
def take_back_no_show(reservation_id: int) -> Reply:
    """Take back a no-show that was reported by mistake: the reservation is confirmed again.

    Before its end it takes its time again; if that is taken, the answer is 409 `slot_taken`. Once it is over it holds
    nothing.
    """
    return _act(lookups.reservation(reservation_id), None, decisions.take_back_no_show)


@action("/reservations/<id:reservation_id>/hand-out", access=MEMBER_OR_MANAGER, body=HandOut)
def hand_out_machine(reservation_id: int, body: HandOut) -> Reply:
    """Hand the machine out to the member who reserved it, from an hour before the start until the end.

    Before the start it takes the time from now on. Refused while too few of the machine's places are there, and when a
    condition of use no longer holds, unless a manager overrules it.
    """
    view = lookups.reservation(reservation_id)
    measured = Measurement(reading=to_small_units(body.reading, view.charge_unit, "reading"), note=body.note)
    overruling = read_overruling(body.overrule_reason, may_decide=may_overrule_hand_out(view))
    session = db.session()
    broken = check_login(session, view.member_id)
    operator: Person | None = person_named(session, view.member_id, body.operator or "")
    if not body.operator:
        operator = usual_operator(view.member_id, operators.of_reservation(session, view.id, now=now()))
    verb = partial(
        usage.hand_out,
        measured=measured,
        overruling=overruling,
        broken=broken,
        operator=operator,
        supervisor=body.supervisor or "",
        second=person_named(session, view.member_id, body.second_person or ""),
    )
    return _act(view, body, verb)


@action("/reservations/<id:reservation_id>/hand-back", access=MEMBER_OR_MANAGER, body=HandBack)
def hand_back_machine(reservation_id: int, body: HandBack) -> Reply:
    """Hand the machine back, which completes its usage slip.

    The reservation then says when the use really was; the rest of the span is free at once.
    """
    view = lookups.reservation(reservation_id)
    asked = asked_on(db.session(), view.machine_id, _day_of_use(view))
    chosen = [name for name in view.choices if name in asked.choices] if body.choices is None else body.choices
    others, choices = read_known(body.amounts, chosen, asked)
    measured = Measurement(
        reading=to_small_units(body.reading, view.charge_unit, "reading"),
        amount=to_small_units(body.amount, view.charge_unit, "amount"),
        note=body.note,
        others=others,
        choices=choices,
    )
    return _act(view, body, partial(condition_changes.hand_back, measured=measured))


def _day_of_use(view: ReservationView) -> date:
    """Return the day of service of what is out; the present day where nothing is, which the verb refuses."""
    if view.status != "in_use":
        return local_day(now(), view.zone)
    return queries.slip_of_reservation(db.session(), view.id).service_date


def _act(view: ReservationView, body: BaseModel | None, verb: Verb) -> Reply:
    by, instant, revision = current_actor(), now(), revisions.expected(view.revision)

    def run() -> Reply:
        verb(db.session(), view.id, by=by, now=instant, revision=revision)
        return reservation_reply(view.id)

    return run_idempotent(body, run)
