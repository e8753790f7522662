"""/reservations/new and its live check."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import clean
from app.forms.submit import show_not_stored
from app.pages.declaration import ACTION, POST, MenuEntry, page
from app.pages.reservations import answering, bp, checks, choices, deciding, grouped, prefilling, repeating, sending
from app.pages.reservations.checks import CheckView
from app.pages.reservations.first_uses import with_first_uses
from app.pages.reservations.forms import ReservationForm
from app.pages.reservations.grouped import OtherPrice
from app.pages.reservations.options import ChosenGroup, FormOptions
from app.pages.reservations.price_alone import price_alone
from app.wording.errors import status_of
from app.wording.formats import as_zone
from billing.tariffs.asked_amounts import variants_on
from booking.errors.schedule_errors import GroupRefused, MachineNotFound, RequestRefused, SlotTaken
from booking.kernel.errors import Busy, DomainError, OutcomeUnknown
from booking.models import Status
from booking.queries import MachineCard
from booking.reservations.wishes import Wish
from booking.times.wall_clock import local_day

CONFLICT = 409


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
    form.span = prefilling.fill(form, options, request.args, now=now())
    form.issue_key()
    _offer_members(form)
    card, group = options.chosen(form), options.group(form)
    _offer_variants(form, card, group)
    check = _price_alone(form, card, group)
    if card is not None and form.span is not None and _member_id(form) is not None:
        wish = _wish_of_span(form, card)
        if wish is not None and not form.second_person.data:
            wish = replace(wish, second=None)  # nobody was asked yet
        card, check = _checked(card, group, wish)
    if card is None:
        return _page(form, None, None, machines=tuple(options.machines.values()), groups=tuple(options.groups.values()))
    return _page(form, card, check, group=group)


@page(bp, "/new", methods=POST, access=Access(member=OWN, manager=WORKSHOP, admin=ALL), keeps_input=True)
def enter() -> ResponseReturnValue:
    """Check the wish, fill in a proposal, or send it."""
    options, form = _open_form()
    if value := request.form.get("choose") or request.form.get("pick"):
        return _choose(form, options, value)
    card, group = options.chosen(form), options.group(form)
    _offer_variants(form, card, group)
    if form.is_searching or repeating.CHANGE in request.form:
        return _page(form, card, None, group=group)
    wish = _wish(form, card) if card is not None else None
    if card is None or wish is None:
        if card is None:
            _name_missing_machine(form)
        return _page(form, card, _missing_hour(form, card), group=group, status=422)
    if form.is_series:
        deciding.offer_dates(form, card.workshop_id)
        return _repeat(form, wish, card, group)
    if "check" in request.form:
        card, check = _checked(card, group, wish)
        return _page(form, card, check, group=group, status=200 if check and check.is_accepted else 422)
    return _sent(form, wish, card, group)


def _repeat(form: ReservationForm, wish: Wish, card: MachineCard, group: ChosenGroup | None) -> ResponseReturnValue:
    """Answer a wish that repeats; of a group, each date gets a machine."""
    try:
        return repeating.respond(form, card, wish, group) or _page(form, card, None, group=group, status=422)
    except GroupRefused as refusal:  # emptied meanwhile
        refused = _refusal(card, group, wish, refusal)
        return _page(form, card, refused, group=group, status=status_of(refusal))
    except (Busy, OutcomeUnknown) as refusal:
        show_not_stored(form, refusal)
        return _page(form, card, None, group=group, status=form.status, draws_day=False)


@page(bp, "/check", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def check() -> ResponseReturnValue:
    """Return the check alone, for a form that is being filled in."""
    slug = request.args.get("machine", "")
    options, form = _open_form(only=slug, formdata=request.args, meta={"csrf": False})
    card, group = options.chosen(form), options.group(form)
    _offer_variants(form, card, group)
    if card is None:
        return ""
    picked = choices.read_choice(request.args.get("pick", ""))
    if picked is not None:
        form.fill(picked[1], card)
    wish, missing = _wish(form, card), _missing_hour(form, card)
    card, found = _checked(card, group, wish)
    return answering.fragment(
        form,
        card,
        found or missing or _price_alone(form, card, group),
        send_label=_send_label(card, form),
        is_picked=picked is not None,
        group=group,
    )


def _open_form(*, only: str | None = None, **kwargs: object) -> tuple[FormOptions, ReservationForm]:
    """Return the form and what can be chosen; only: the machine of a form that is not shown."""
    session, form = db.session(), ReservationForm(**kwargs)
    if only is None or FormOptions.is_group(only):
        options = FormOptions.read(session)
    else:
        options = FormOptions.of_machine(session, only)
    form.machine.choices = list(options.choices())
    form.offer_tolerances()
    if not (current_user.is_admin or current_user.managed_workshop_ids):
        form.drop_members()
    elif not form.member.data and current_user.member_id is not None:
        form.member.data = str(current_user.member_id)
    _offer_members(form)
    return options, form


def _offer_members(form: ReservationForm) -> None:
    form.offer_members(db.session(), current_user, day=local_day(now(), as_zone(None)))


def _offer_variants(form: ReservationForm, card: MachineCard | None, group: ChosenGroup | None) -> None:
    """Offer the variants of the tariff of the chosen machine, or of the machines of the chosen group."""
    cards = () if card is None else (card,) if group is None else tuple(group.cards.values())
    days = {one.id: form.date.data or local_day(now(), one.zone) for one in cards}
    form.offer_variants([name for one, day in days.items() for name in variants_on(db.session(), one, day)])


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
    purpose, may_move_min = clean(form.purpose.data), form.may_move_min.data or 0
    second = person_named(db.session(), member_id, form.second_person.data or "")
    asked = form.places.data or 0, purpose, may_move_min, second, form.chosen_variants
    return Wish(card.id, member_id, form.span, *asked)


def _sent(form: ReservationForm, wish: Wish, card: MachineCard, group: ChosenGroup | None) -> ResponseReturnValue:
    try:
        reservation_id, status = sending.send(wish, form, card, group)
    except (RequestRefused, SlotTaken) as refusal:
        refused = _refusal(card, group, wish, refusal)
        return _page(form, card, refused, group=group, status=status_of(refusal))
    except OtherPrice as other:
        form.form_errors.append(other.sentence)
        card, check = _checked(card, group, wish)
        return _page(form, card, check, group=group, status=CONFLICT)
    except (Busy, OutcomeUnknown) as refusal:
        show_not_stored(form, refusal)
        return _page(form, card, None, group=group, status=form.status, draws_day=False)
    flash(_entered_text(status, wish))
    if group is not None and wish.choices and (note := grouped.note_of_entered(db.session(), group, reservation_id)):
        flash(note)
    return redirect(url_for("reservations.show", reservation_id=reservation_id), code=303)


def _checked(card: MachineCard, group: ChosenGroup | None, wish: Wish | None) -> tuple[MachineCard, CheckView | None]:
    """Return the check of a wish, with the machine that it is about: of a group the one that is chosen."""
    if wish is None:
        return card, None
    session, instant = db.session(), now()
    if group is not None:
        card, view = grouped.check_view(session, group, wish, now=instant)
    else:
        view = checks.check_view(session, card, wish, now=instant)
    return card, with_first_uses(session, view, card, wish, now=instant)


def _price_alone(form: ReservationForm, card: MachineCard | None, group: ChosenGroup | None) -> CheckView | None:
    """Return the price of the time while a manager has not chosen for whom it is."""
    if card is None or group is not None or form.span is None or _member_id(form) is not None:
        return None
    return price_alone(db.session(), card, form.span, form.places.data or 1, form.chosen_variants)


def _refusal(card: MachineCard, group: ChosenGroup | None, wish: Wish, refusal: DomainError) -> CheckView:
    if group is not None:
        return grouped.refusal_view(db.session(), group, wish, refusal, now=now())
    return checks.refusal_view(db.session(), card, wish, refusal, now=now())


def _name_missing_machine(form: ReservationForm) -> None:
    """Say what is wrong with a machine that cannot be chosen."""
    form.validate()
    if FormOptions.is_group(form.machine.data):
        form.machine.errors = [_("No machine of this group is lent any more. Choose a machine or another group.")]


def _missing_hour(form: ReservationForm, card: MachineCard | None) -> CheckView | None:
    if card is None or form.missing is None:
        return None
    return checks.missing_hour_view(card, form.missing, form.wished_length)


def _choose(form: ReservationForm, options: FormOptions, value: str) -> ResponseReturnValue:
    chosen = choices.read_choice(value)
    card = options.by_id(chosen[0]) if chosen is not None else None
    if chosen is None or card is None:
        raise MachineNotFound(id=0)
    group = options.group(form)
    _offer_variants(form, card, group)
    if group is not None and card.id in group.cards:  # another time of the group, on whichever machine
        form.fill(chosen[1], card)
    else:
        form.take_choice(chosen[1], card)
        group = None
    card, check = _checked(card, group, _wish(form, card))
    return _page(form, card, check, group=group)


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
    group: ChosenGroup | None = None,
    status: int = 200,
    draws_day: bool = True,
    machines: tuple[MachineCard, ...] = (),
    groups: tuple[ChosenGroup, ...] = (),
) -> ResponseReturnValue:
    """Return the form; machines, groups: those to choose from first."""
    if card is not None:
        deciding.offer_dates(form, card.workshop_id)
    rules = checks.rules_sentences(db.session(), card) if card is not None else ()
    if card is not None and card.rules.needs_second_person and (member_id := _member_id(form)) is not None:
        form.persons = login_names(db.session(), member_id)
    parts = answering.parts(form, card if draws_day else None, check, send_label=_send_label(card, form), group=group)
    return render_template(
        "reservations/new.html", **{**parts, "card": card, "rules": rules, "machines": machines, "groups": groups}
    ), status


def _send_label(card: MachineCard | None, form: ReservationForm) -> str:
    if form.is_series:
        return _("See all dates")
    if card is None or not card.rules.needs_approval:
        return _("Reserve")
    if permissions.may_touch("approvals.decide", "POST", workshop_id=card.workshop_id):
        return _("Enter and approve")
    return _("Send the request")
