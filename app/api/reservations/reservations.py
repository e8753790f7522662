"""Endpoints of reservations: request, list, get and move them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_login import current_user

from app.api import problems, revisions
from app.api.conversions import span_of
from app.api.endpoints import Endpoint, reply
from app.api.idempotency import run_idempotent
from app.api.problems import Refusal, Reply
from app.api.reservations.alternatives import suggest_alternatives
from app.api.reservations.overrulings import ONLY_MANAGERS, read_overruling
from app.api.reservations.reservation_lists import page_of, sees_in_full
from app.api.reservations.reservation_models import (
    BusySpan,
    NewReservation,
    Reservation,
    ReservationFilter,
    ReservationList,
    ReservationMove,
    of_entered,
    of_view,
)
from app.api.use.asked_amounts import asked_of_machines, read_choices
from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import person_named
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.present import present_login
from billing.tariffs.asked_amounts import LackingVariants, asked_on
from booking import queries
from booking.errors.schedule_errors import GroupNotFound, ReservationNotFound
from booking.queries import GroupView, ReservationView
from booking.records import catalogue
from booking.records.overruling import Overruling
from booking.reservations.group_choice import GroupWish
from booking.reservations.group_requests import request_in_group
from booking.reservations.reservations import RequestResult, move, request_reservation
from booking.reservations.second_person_changes import change_second_person
from booking.reservations.tolerances import change_tolerance
from booking.reservations.variant_changes import change_variants
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import counts_of
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan


@Endpoint(
    "POST",
    "/reservations",
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    body=NewReservation,
    response=Reservation,
    status=201,
    errors=(404, 409),
    idempotent=True,
    conditional=True,
)
def create_reservation(body: NewReservation) -> Reply:
    """Request a reservation.

    `status` is `confirmed`, or `requested` if the machine needs the approval of a manager, unless a manager of the
    workshop enters it. A taken span gives 409 `slot_taken`; a request that breaks rules gives 422 `request_refused`
    with all violations. Both list alternatives.

    With `group_id` in place of `machine_id` one machine of the group is chosen: its rules accept the member, it is
    free, it has the lowest rank, and leaves the smallest gap. A refusal has in `machines` why each cannot be had.
    """
    require_one_target(body)
    by, instant = current_actor(), now()
    wish = _wish(body, member_of(body), span_of_new(body))
    approve, overruling = decisions_of(body)

    def enter() -> Reply:
        asked: dict[str, Any] = {"by": by, "now": instant, "approve": approve, "overruling": overruling}
        if isinstance(wish, GroupWish):
            machine_id, entered = request_in_group(db.session(), wish, **asked)
            return _entered(entered, wish.on(machine_id), instant)
        return _entered(request_reservation(db.session(), wish, **asked), wish, instant)

    return run_idempotent(body, enter, suggest_alternatives(wish))


@Endpoint("GET", "/reservations", access=LOGGED_IN, query=ReservationFilter, response=ReservationList)
def list_reservations(query: ReservationFilter) -> ReservationList:
    """List reservations in order of their start.

    Reservations that the login may not see in full are listed as busy. The filters by member and by status find
    only those that it may see in full, so that they reveal nothing about others.
    """
    return page_of(db.session(), current_user, query)


@Endpoint(
    "GET",
    "/reservations/<id:reservation_id>",
    access=Access(login=OWN, member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL),
    response=Reservation | BusySpan,
    errors=(404,),
    conditional=True,
)
def get_reservation(reservation_id: int) -> Reply:
    """Get a reservation. One of another member is shown as busy, and is not found once it has ended."""
    view = queries.reservation(db.session(), reservation_id)
    if sees_in_full(view.member_id, view.workshop_id):
        return reply(of_view(view), headers=revisions.etag(view.revision))
    if not view.is_holding:
        raise ReservationNotFound(id=reservation_id)
    return reply(BusySpan.of(view))


@Endpoint(
    "PATCH",
    "/reservations/<id:reservation_id>",
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    body=ReservationMove,
    response=Reservation,
    errors=(404, 409, 412),
    conditional=True,
)
def move_reservation(reservation_id: int, body: ReservationMove) -> Reply:
    """Move a reservation to another span, number of places or machine. It keeps its id and uid; what it leaves is free.

    Keeping less is judged by length and step alone and needs no approval, also while the machine is out; then only
    `ends_at` can change. A longer span is judged for what is added. Where the machine needs approval, `status` becomes
    `requested`, and `former` stays held until a manager decides; moving back to it withdraws the move.

    Another machine (`machine_id`) is judged as a new reservation: for members one of the same group, which needs no
    approval; for managers any machine of their workshops. `may_move_min` alone changes nothing but the tolerance, and
    `second_person` alone nothing but who is there as well, `choices` alone nothing but the variants.
    """
    session, by, instant = db.session(), current_actor(), now()
    view = lookups.reservation(reservation_id)
    may_decide = _may_decide_move(view, body.machine_id)
    overruling = read_overruling(body.overrule_reason, may_decide=may_decide)
    span, revision = _moved_span(body), revisions.expected(view.revision)
    machine_id, places = body.machine_id or view.machine_id, body.places or view.places
    wish = Wish(machine_id, view.member_id, span or view.span, places, view.purpose)

    def enter() -> Reply:
        seen = _change_facts(view, body, revision, instant)
        if body.moves:
            move(
                session,
                reservation_id,
                span,
                by=by,
                now=instant,
                places=body.places,
                machine_id=body.machine_id,
                may_decide=may_decide,
                by_member=current_user.member_id == view.member_id,
                revision=seen,
                overruling=overruling,
            )
        return reservation_reply(reservation_id)

    return run_idempotent(body, enter, suggest_alternatives(wish, excluding=reservation_id))


def _change_facts(view: ReservationView, body: ReservationMove, revision: int | None, instant: datetime) -> int | None:
    """Store tolerance, second person and variants; return the revision still to be compared, None once it was."""
    session, by, seen = db.session(), current_actor(), revision
    if body.may_move_min is not None:
        change_tolerance(session, view.id, body.may_move_min, by=by, now=instant, revision=seen)
        seen = None  # it is locked
    if body.second_person is not None:
        named = person_named(session, view.member_id, body.second_person)
        change_second_person(session, view.id, named, by=by, now=instant, revision=seen)
        seen = None
    if body.choices is not None:
        card = queries.machine_card(session, body.machine_id or view.machine_id)
        day = local_day(body.starts_at or view.starts_at, card.zone)
        chosen = read_choices(body.choices, [asked_on(session, card.id, day)])
        change_variants(session, view.id, chosen, by=by, now=instant, revision=seen)
        seen = None
    return seen


def reservation_reply(reservation_id: int) -> Reply:
    """Return the current reservation in full, with its ETag."""
    view = queries.reservation(db.session(), reservation_id)
    return reply(of_view(view), headers=revisions.etag(view.revision))


def _may_decide_move(view: ReservationView, machine_id: int | None) -> bool:
    """Return whether the login decides about a reservation, and about the machine that it is moved to."""
    places = {view.workshop_id}
    if machine_id is not None and machine_id != view.machine_id:
        places.add(catalogue.bookable_machine(db.session(), machine_id).workshop_id)
    return all(permissions.may_touch("api.approve_reservation", "POST", workshop_id=place) for place in places)


def _moved_span(body: ReservationMove) -> TimeSpan | None:
    """Return the new span; None where it stays. Raises Refusal for half of one, and where nothing changes."""
    if body.starts_at is None and body.ends_at is None and body.changes:
        return None
    sent = {"starts_at": body.starts_at, "ends_at": body.ends_at}
    if missing := [name for name, value in sent.items() if value is None]:
        raise Refusal(
            problems.invalid(*(problems.field_error(name, _("required with the other one")) for name in missing))
        )
    return span_of(body)


def require_one_target(body: NewReservation) -> None:
    """Raise Refusal for neither a machine nor a group, and for both."""
    if body.machine_id is None and body.group_id is None:
        raise Refusal(problems.invalid(problems.field_error("machine_id", _("required, unless group_id is given"))))
    if body.machine_id is not None and body.group_id is not None:
        raise Refusal(
            problems.invalid(problems.field_error("group_id", _("give either machine_id or group_id, not both")))
        )


def _wish(body: NewReservation, member_id: int, span: TimeSpan) -> Wish | GroupWish:
    second = person_named(db.session(), member_id, body.second_person)
    asked = body.places, body.purpose, body.may_move_min, second, choices_of(body, span)
    if body.machine_id is not None:
        return Wish(body.machine_id, member_id, span, *asked)
    assert body.group_id is not None  # require_one_target
    return GroupWish(body.group_id, member_id, span, *asked, lacking_of(body, span))


def choices_of(body: NewReservation, span: TimeSpan) -> tuple[str, ...]:
    """Return the variants that are chosen. Refuses those that no tariff of the machine, or of the group, has."""
    return read_choices(body.choices, [*asked_of_machines(_machine_ids(body), span).values()])


def lacking_of(body: NewReservation, span: TimeSpan) -> Mapping[int, int]:
    """Return how many of the chosen variants the tariff of each machine of the group lacks."""
    return counts_of(LackingVariants(db.session()), _machine_ids(body), span.start, body.choices)


def _machine_ids(body: NewReservation) -> Sequence[int]:
    if not body.choices:
        return ()
    return [body.machine_id] if body.machine_id else [one.id for one in _group(body).lent]


def _entered(entered: RequestResult, wish: Wish, instant: datetime) -> Reply:
    address = f"/api/v1/reservations/{entered.id}"
    headers = {"Location": address, **revisions.etag(entered.revision)}
    return reply(of_entered(entered, wish, instant), 201, headers)


def _workshop_of(body: NewReservation) -> int:
    """Return the workshop of the machine or group. Raises MachineNotFound, GroupNotFound."""
    if body.machine_id is not None:
        return catalogue.bookable_machine(db.session(), body.machine_id).workshop_id
    return _group(body).workshop_id


def _group(body: NewReservation) -> GroupView:
    """Return the group of a body. Raises GroupNotFound."""
    group = queries.group(db.session(), body.group_id or 0)
    if group.retired_at is not None:
        raise GroupNotFound(id=group.id)
    return group


def member_of(body: NewReservation) -> int:
    """Return the member: the login's own, or any other for a manager of the machine's workshop."""
    member_id = body.member_id or present_login().member_id
    if member_id is None:
        raise Refusal(
            problems.invalid(problems.field_error("member_id", _("required, because this login acts for no member")))
        )
    if not permissions.may_touch("api.create_reservation", "POST", member_id=member_id):
        permissions.require(member_id=member_id, workshop_id=_workshop_of(body))
    return member_id


def decisions_of(body: NewReservation) -> tuple[bool, Overruling | None]:
    """Return whether an entry is approved at once, and by which reason it overrules rules."""
    may_decide = may_decide_about(body)
    if body.approve and not may_decide:
        raise Refusal(problems.invalid(problems.field_error("approve", str(ONLY_MANAGERS))))
    return may_decide and body.approve is not False, read_overruling(body.overrule_reason, may_decide=may_decide)


def may_decide_about(body: NewReservation) -> bool:
    """Return whether the login decides about what is entered: it manages the workshop, or administrates the ring."""
    asked = "api.approve_reservation", "POST"
    return permissions.may(*asked) and permissions.may_touch(*asked, workshop_id=_workshop_of(body))


def span_of_new(body: NewReservation) -> TimeSpan:
    """Return the span of what is entered."""
    if body.starts_at >= body.ends_at:
        _workshop_of(body)  # 404 for a missing machine comes before 422 for the span
    return span_of(body)
