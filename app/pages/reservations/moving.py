"""/reservations/<id>/move: another time or machine for a reservation, with the old one beside it."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import POST, page
from app.pages.reservations import answering, bp, checks, choices, conflicts, deciding, other_machines
from app.pages.reservations.checks import CheckView
from app.pages.reservations.forms import MoveForm
from billing.tariffs.asked_amounts import variants_on
from booking import queries
from booking.errors.schedule_errors import RequestRefused, SlotTaken, StaleRevision, WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.models import Status
from booking.queries import MachineCard, ReservationView
from booking.reservations import reservations
from booking.reservations.lifecycle import Step
from booking.reservations.second_person_changes import change_second_person
from booking.reservations.tolerances import change_tolerance
from booking.reservations.variant_changes import change_variants
from booking.reservations.wishes import Wish
from booking.rules.persons import MEMBER_ITSELF, Person, folded
from booking.times.wall_clock import local_day


@page(bp, "/<int:reservation_id>/move", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def move(reservation_id: int) -> ResponseReturnValue:
    """Show the form with the present time in it. ?machine=: with another machine chosen, and its check."""
    view = lookups.reservation(reservation_id)
    if led := conflicts.lead_away(view, Step.MOVE):
        return led
    form = MoveForm()
    form.machine.data = request.args.get("machine", "")
    card = _chosen(form, view)
    form.fill(view.span, card)
    form.span = view.span
    form.revision.data, form.places.data = view.revision, view.places
    form.second_person.data, form.variants.data = view.second_person, list(view.choices)
    check = None
    if card.id != view.machine_id:
        second = Person(view.second_person, view.second_user_id)
        asked = view.places, view.purpose
        wish = Wish(card.id, view.member_id, view.span, *asked, second=second, choices=view.choices)
        check = _check(view, card, wish)
    return _page(form, view, card, check)


@page(
    bp,
    "/<int:reservation_id>/move",
    methods=POST,
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def send_move(reservation_id: int) -> ResponseReturnValue:
    """Check the new time or machine, fill in a proposal, or move."""
    view, form = lookups.reservation(reservation_id), MoveForm()
    card = _chosen(form, view)
    chosen = choices.read_choice(request.form.get("choose") or request.form.get("pick", ""))
    if chosen is not None:
        form.fill(chosen[1], card)
    wish = _wish(form, view, card)
    if wish is None:
        missing = None
        if form.missing is not None:
            missing = checks.missing_hour_view(card, form.missing, form.wished_length)
        return _page(form, view, card, missing, status=422)
    if chosen is not None or "check" in request.form:
        check = _check(view, card, wish)
        return _page(form, view, card, check, status=200 if check.is_accepted else 422)
    return _send(form, view, card, wish)


@page(bp, "/<int:reservation_id>/move/withdraw", methods=POST, access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def withdraw_move(reservation_id: int) -> ResponseReturnValue:
    """Withdraw a move that waits for approval: the former time stays confirmed."""
    lookups.reservation(reservation_id)
    session, by, instant = db.session(), current_actor(), now()
    try:
        in_write_transaction(session, lambda: reservations.withdraw_move(session, reservation_id, by=by, now=instant))
    except WrongStatus as refusal:
        return conflicts.changed_page(reservation_id, refusal)
    flash(_("The request for another time is withdrawn. The reservation is confirmed as before."))
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


@page(bp, "/<int:reservation_id>/move/check", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def check_move(reservation_id: int) -> ResponseReturnValue:
    """Return the check alone, for a form that is being filled in."""
    view, form = lookups.reservation(reservation_id), MoveForm(formdata=request.args, meta={"csrf": False})
    card = _chosen(form, view)
    form.revision.validators = ()
    picked = choices.read_choice(request.args.get("pick", ""))
    if picked is not None:
        form.fill(picked[1], card)
    wish = _wish(form, view, card)
    check = None
    if wish is not None:
        check = _check(view, card, wish)
    elif form.missing is not None:
        check = checks.missing_hour_view(card, form.missing, form.wished_length)
    return answering.fragment(form, card, check, send_label=_("Move"), excluding=view.id, is_picked=picked is not None)


def _send(form: MoveForm, view: ReservationView, card: MachineCard, wish: Wish) -> ResponseReturnValue:
    moved = submit(
        form,
        lambda: _change(form, view, card, wish),
        message="",
        location=lambda _moved: _done(view.id),
    )
    return moved or _refused(form, view, card, wish)


def _change(form: MoveForm, view: ReservationView, card: MachineCard, wish: Wish) -> None:
    """Store the tolerance and the second person, and carry out the move if the form asks for one."""
    session, by, instant = db.session(), current_actor(), now()
    tolerance, seen = form.may_move_min.data, form.revision.data
    if tolerance != view.may_move_min:
        change_tolerance(session, view.id, tolerance, by=by, now=instant, revision=seen)
        seen = None  # it is locked
    if _names_another(form, view):
        change_second_person(session, view.id, wish.second or MEMBER_ITSELF, by=by, now=instant, revision=seen)
        seen = None
    if wish.choices != view.choices:
        change_variants(session, view.id, wish.choices, by=by, now=instant, revision=seen)
        seen = None
    if seen is None and wish == Wish(view.machine_id, view.member_id, view.span, view.places, view.purpose):
        return
    may_decide = _may_decide(view, card)
    reservations.move(
        session,
        view.id,
        wish.span,
        by=by,
        now=instant,
        places=wish.places,
        machine_id=wish.machine_id,
        may_decide=may_decide,
        by_member=current_user.member_id == view.member_id,
        revision=seen,
        overruling=deciding.overruling_of(form, card.workshop_id) if may_decide else None,
    )


def _names_another(form: MoveForm, view: ReservationView) -> bool:
    """Return whether the form names another second person; a form without that field does not."""
    typed = form.second_person.data or ""
    return bool(form.second_person.raw_data) and folded(typed) != folded(view.second_person)


def _refused(form: MoveForm, view: ReservationView, card: MachineCard, wish: Wish) -> ResponseReturnValue:
    refusal, check = form.refusal, None
    if isinstance(refusal, WrongStatus):
        return conflicts.changed_page(view.id, refusal)
    if isinstance(refusal, StaleRevision):
        if _is_moved_already(view.id, wish):
            return redirect(_done(view.id), code=303)
        view = conflicts.refresh_revision(form, view.id)
    elif isinstance(refusal, (RequestRefused, SlotTaken)):
        check = checks.refusal_view(db.session(), card, wish, refusal, now=now(), excluding=view.id)
    return _page(form, view, card, check, status=form.status)


def _is_moved_already(reservation_id: int, wish: Wish) -> bool:
    """Return whether a second click found what the first one did."""
    view = queries.reservation(db.session(), reservation_id)
    held = (view.machine_id, view.span, view.places)
    return view.is_holding and held == (wish.machine_id, wish.span, wish.places)


def _done(reservation_id: int) -> str:
    """Flash what became of a move, and return where the reservation is shown."""
    view = queries.reservation(db.session(), reservation_id)
    if view.former is not None:
        flash(_("Your request has been sent. Until the workshop decides, both times are held for you."))
    elif view.status == Status.REQUESTED:
        flash(_("The request has its new time. The workshop decides."))
    else:
        flash(_("The reservation is changed; what it no longer needs is free again."))
    return url_for("reservations.show", reservation_id=reservation_id)


def _chosen(form: MoveForm, view: ReservationView) -> MachineCard:
    """Return the machine that the form names, if the login may move the reservation there; else the present one.

    Only this one is offered: _page() offers the others where the form is shown.
    """
    session = db.session()
    present = queries.machine_card(session, view.machine_id)
    slug = form.machine.data
    other = other_machines.named(session, view, slug) if slug and slug != present.slug else None
    form.offer_machines([present, *([other] if other else [])])
    form.offer_tolerances(view.may_move_min)
    card = other or present
    form.offer_variants(variants_on(session, card.id, form.date.data or local_day(view.starts_at, card.zone)))
    return card


def _may_decide(view: ReservationView, card: MachineCard) -> bool:
    return deciding.may_decide(view.workshop_id) and deciding.may_decide(card.workshop_id)


def _check(view: ReservationView, card: MachineCard, wish: Wish) -> CheckView:
    """Return the check of a move; to another machine with the price on the present one."""
    session = db.session()
    check = checks.check_view(session, card, wish, now=now(), excluding=view.id)
    if card.id == view.machine_id:
        return check
    return replace(check, machine_name=card.name, price_note=other_machines.price_so_far(session, view))


def _wish(form: MoveForm, view: ReservationView, card: MachineCard) -> Wish | None:
    form.choose(card)
    if not form.validate() or form.span is None:
        return None
    if not form.second_person.raw_data:
        form.second_person.data = view.second_person
    second = person_named(db.session(), view.member_id, form.second_person.data or "")
    asked = form.places.data or 0, view.purpose
    chosen = form.chosen_variants if form.offered and form.variants.raw_data else view.choices
    return Wish(card.id, view.member_id, form.span, *asked, second=second, choices=chosen)


def _page(
    form: MoveForm, view: ReservationView, card: MachineCard, check: CheckView | None, *, status: int = 200
) -> ResponseReturnValue:
    others = other_machines.possible(db.session(), view)
    form.show_machines(view, others)
    if card.rules.needs_second_person:
        form.persons = login_names(db.session(), view.member_id)
    parts = answering.parts(form, card, check, send_label=_("Move"), excluding=view.id)
    rules = checks.rules_sentences(db.session(), card)
    return render_template("reservations/move.html", view=view, rules=rules, **parts), status
