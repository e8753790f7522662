"""/reservations/new and its live check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.choices import select_choice
from app.forms.span_form import clean
from app.forms.submit import show_not_stored
from app.pages.declaration import ACTION, POST, MenuEntry, page
from app.pages.reservations import answering, bp, checks, deciding, prefilling
from app.pages.reservations.checks import CheckView
from app.pages.reservations.forms import ReservationForm
from app.wording.errors import status_of
from app.wording.formats import as_zone
from booking import availability, queries
from booking.errors import MachineNotFound, RequestRefused, ReservationNotFound, SlotTaken
from booking.kernel.errors import Busy, OutcomeUnknown
from booking.kernel.transaction import in_write_transaction
from booking.models import Status
from booking.queries import MachineCard
from booking.reservations import request_reservation
from booking.wall_clock import local_day
from booking.wishes import UID_DOMAIN, Wish


@dataclass(frozen=True, slots=True)
class FormOptions:
    """What this login can choose: machines by slug."""

    machines: Mapping[str, MachineCard]

    def by_id(self, machine_id: int) -> MachineCard | None:
        """Return a machine by its id."""
        return next((card for card in self.machines.values() if card.id == machine_id), None)

    def chosen(self, form: ReservationForm) -> MachineCard | None:
        """Return the machine that the form names."""
        return self.machines.get(form.machine.data or "")


@page(
    bp,
    "/new",
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    menu=MenuEntry(
        _l("Reserve"), 35, icon="plus-lg", bar={"member": ACTION, "manager": ACTION}, phone=("member", "manager")
    ),
)
def new() -> ResponseReturnValue:
    """Show the form, filled in from the query of the address."""
    options, form = _open_form()
    form.span = prefilling.fill(form, options.machines, request.args, now=now())
    form.issue_key()
    _offer_members(form)
    card = options.chosen(form)
    check = None
    if card is not None and form.span is not None and _member_id(form) is not None:
        wish = _wish_of_span(form, card)
        check = checks.check_view(db.session(), card, wish, now=now()) if wish is not None else None
    return _page(form, card, check, machines=() if card else tuple(options.machines.values()))


@page(bp, "/new", methods=POST, access=Access(member=OWN, manager=WORKSHOP, admin=ALL), keeps_input=True)
def enter() -> ResponseReturnValue:
    """Check the wish, fill in a proposal, or send it."""
    options, form = _open_form()
    if value := request.form.get("choose") or request.form.get("pick"):
        return _choose(form, options, value)
    card = options.chosen(form)
    if form.is_searching:
        return _page(form, card, None)
    wish = _wish(form, card) if card is not None else None
    if card is None or wish is None:
        if card is None:
            form.validate()
        return _page(form, card, _missing_hour(form, card), status=422)
    if "check" in request.form:
        check = _check(form, card)
        return _page(form, card, check, status=200 if check and check.is_accepted else 422)
    try:
        reservation_id, status = _send(wish, form, card)
    except (RequestRefused, SlotTaken) as refusal:
        check = checks.refusal_view(db.session(), card, wish, refusal, now=now())
        return _page(form, card, check, status=status_of(refusal))
    except (Busy, OutcomeUnknown) as refusal:
        show_not_stored(form, refusal)
        return _page(form, card, None, status=form.status, draws_day=False)
    flash(_entered_text(status, wish))
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


@page(bp, "/check", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def check() -> ResponseReturnValue:
    """Return the check alone, for a form that is being filled in."""
    options, form = _open_form(formdata=request.args, meta={"csrf": False})
    card = options.chosen(form)
    if card is None:
        return ""
    picked = checks.read_choice(request.args.get("pick", ""))
    if picked is not None:
        form.fill(picked[1], card)
    found = _check(form, card) or _missing_hour(form, card)
    return answering.fragment(form, card, found, send_label=_send_label(card), is_picked=picked is not None)


def _open_form(**kwargs: object) -> tuple[FormOptions, ReservationForm]:
    machines = queries.machine_cards(db.session(), limit=None).items
    options = FormOptions({card.slug: card for card in machines})
    form = ReservationForm(**kwargs)
    form.machine.choices = [
        select_choice("", _("Please choose")),
        *(select_choice(card.slug, card.name, group=card.workshop_name) for card in machines),
    ]
    if not (current_user.is_admin or current_user.managed_workshop_ids):
        form.drop_members()
    elif not form.member.data and current_user.member_id is not None:
        form.member.data = str(current_user.member_id)
    _offer_members(form)
    return options, form


def _offer_members(form: ReservationForm) -> None:
    form.offer_members(db.session(), current_user, day=local_day(now(), as_zone(None)))


def _member_id(form: ReservationForm) -> int | None:
    if form.member is not None and (chosen := form.chosen_member_id) is not None:
        return chosen
    return current_user.member_id


def _wish(form: ReservationForm, card: MachineCard) -> Wish | None:
    """Return the wish of a valid form; None for an invalid one, whose fields hold the errors."""
    form.choose(card)
    return _wish_of_span(form, card) if form.validate() else None


def _wish_of_span(form: ReservationForm, card: MachineCard) -> Wish | None:
    member_id = _member_id(form)
    if form.span is None:
        return None
    if member_id is None:
        if form.member is not None:
            form.member.errors = [_("Choose the member for whom you reserve.")]
        return None
    if not permissions.may_touch("reservations.enter", "POST", member_id=member_id, workshop_id=card.workshop_id):
        form.machine.errors = [_("You reserve for other members only in the workshops you manage.")]
        return None
    return Wish(card.id, member_id, form.span, form.places.data or 0, clean(form.purpose.data))


def _check(form: ReservationForm, card: MachineCard | None) -> CheckView | None:
    wish = _wish(form, card) if card is not None else None
    return checks.check_view(db.session(), card, wish, now=now()) if card is not None and wish is not None else None


def _missing_hour(form: ReservationForm, card: MachineCard | None) -> CheckView | None:
    if card is None or form.missing is None:
        return None
    return checks.missing_hour_view(card, form.missing, form.wished_length)


def _choose(form: ReservationForm, options: FormOptions, value: str) -> ResponseReturnValue:
    chosen = checks.read_choice(value)
    card = options.by_id(chosen[0]) if chosen is not None else None
    if chosen is None or card is None:
        raise MachineNotFound(id=0)
    form.take_choice(chosen[1], card)
    return _page(form, card, _check(form, card))


def _send(wish: Wish, form: ReservationForm, card: MachineCard) -> tuple[int, Status]:
    session, user_id, instant = db.session(), current_user.id, now()
    approve = deciding.may_decide(card.workshop_id)
    overruling = deciding.overruling_of(form, card.workshop_id)
    uid = _uid(wish, form, user_id)

    def once() -> tuple[int, Status]:
        if (known := _entered_before(session, uid)) is not None:
            return known
        entered = request_reservation(
            session, wish, by=current_actor(), now=instant, uid=uid, approve=approve, overruling=overruling
        )
        return entered.id, entered.status

    if overruling is None and (known := _decided_before_lock(session, wish, uid, instant)) is not None:
        return known
    try:
        return in_write_transaction(session, once)
    except IntegrityError:
        # On PostgreSQL both requests of a double click can get this far; the first one has stored it by now.
        known = _entered_before(session, uid)
        if known is None:
            raise
        return known


def _decided_before_lock(session: Session, wish: Wish, uid: str | None, instant: datetime) -> tuple[int, Status] | None:
    """Return what the form became when it was sent before. Raises SlotTaken for a span that is plainly taken.

    A thousand who want the same hour are then refused by a read, and only who may win waits for the write lock.
    """
    if availability.places_free(session, wish) >= wish.places:
        return None
    if (known := _entered_before(session, uid)) is not None:
        return known
    check = availability.check_wish(session, wish, now=instant)
    if check.taken is not None and not check.violations:
        raise check.taken
    return None


def _uid(wish: Wish, form: ReservationForm, user_id: int) -> str | None:
    """Return the uid of the reservation: a form sent twice with the same wish gives the same one."""
    name = form.derive_id(user_id, wish.machine_id, wish.member_id, wish.span.start, wish.span.end, wish.places)
    return None if name is None else f"{name}@{UID_DOMAIN}"


def _entered_before(session: Session, uid: str | None) -> tuple[int, Status] | None:
    if uid is None:
        return None
    try:
        known = queries.reservation_by_uid(session, uid)
    except ReservationNotFound:
        return None
    return known.id, known.status


def _entered_text(status: Status, wish: Wish) -> str:
    if status not in (Status.REQUESTED, Status.CONFIRMED):  # of a form that was sent before, and is sent again
        return _("This form was sent before. Here is what became of it; to reserve again, begin with a new form.")
    if status == Status.CONFIRMED and wish.member_id != current_user.member_id:
        return _("The reservation is confirmed. The member gets an e-mail.")
    if status == Status.REQUESTED:
        return _(
            "Your request has been entered. The time is held for you until the workshop decides; an e-mail tells you."
        )
    return _("Your reservation is confirmed.")


def _page(
    form: ReservationForm,
    card: MachineCard | None,
    check: CheckView | None,
    *,
    status: int = 200,
    draws_day: bool = True,
    machines: tuple[MachineCard, ...] = (),
) -> ResponseReturnValue:
    """Return the form; machines: those to choose from first."""
    rules = checks.rules_sentences(card) if card is not None else ()
    parts = answering.parts(form, card if draws_day else None, check, send_label=_send_label(card))
    return render_template(
        "reservations/new.html", **{**parts, "card": card, "rules": rules, "machines": machines}
    ), status


def _send_label(card: MachineCard | None) -> str:
    if card is None or not card.rules.needs_approval:
        return _("Reserve")
    if permissions.may_touch("approvals.decide", "POST", workshop_id=card.workshop_id):
        return _("Enter and approve")
    return _("Send the request")
