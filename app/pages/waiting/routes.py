"""/waiting-list: the list, joining and leaving."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.member_logins import login_names, person_named
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import clean
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.reservations.choices import read_instant
from app.pages.waiting import bp
from app.pages.waiting.forms import ANY_TIME, EXACT, JoinForm
from app.pages.waiting.targets import Target, read_target
from app.wording import formats
from app.wording.errors import sentence_of, status_of
from app.wording.local_time import url_instant
from app.wording.waiting import position_text, waiting_sentence
from billing.tariffs.asked_amounts import variants_on
from booking import queries
from booking.errors.schedule_errors import MemberNotFound, WrongStatus
from booking.errors.waiting_errors import TimeIsFree
from booking.kernel.transaction import in_write_transaction
from booking.models import DayPart
from booking.queries import offers
from booking.queries import waiting as waiting_queries
from booking.queries.offers import OfferView
from booking.times.wall_clock import local_day
from booking.timespan import TimeSpan
from booking.waiting import entries
from booking.waiting.matching import WaitingWish

PER_PAGE = 20
ID_DIGITS_MAX = 9
CHANGE = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)


@page(bp, "/waiting-list", access=READ)
def index() -> ResponseReturnValue:
    """List one's own entries, or those of the workshops that one may see (?of=workshop), in the order of service.

    ?machine=: those that a machine can serve, for who manages its workshop.
    """
    return _list_page()


@page(bp, "/waiting-list/join", methods=GET_POST, access=CHANGE, keeps_input=True)
def join() -> ResponseReturnValue:
    """Ask for what one waits, and put it on the waiting list.

    ?machine=&start=&end=&places=&member=&variants= fill it in.
    """
    session, form = db.session(), JoinForm()
    if not form.is_submitted():
        _fill(form, request.args)
    if not form.machine.data:
        flash(_("Choose what to reserve, and when. If it is taken, you can join the waiting list."))
        return redirect(url_for("reservations.new"), code=303)
    target = read_target(session, form.machine.data)
    form.zone, form.span = target.card.zone, _span(form.start.data, form.end.data)
    member_id = _member_id(form)
    permissions.require(member_id=member_id, workshop_id=target.card.workshop_id)
    _offer_variants(form, target)
    if not form.is_submitted():
        _propose(form)
    if form.span is None:
        form.kind.data = ANY_TIME
    if target.needs_second_person and member_id is not None:
        form.persons = login_names(session, member_id)
    joined = submit(
        form,
        lambda: entries.join(session, _wish(form, target, member_id), by=current_actor(), now=now()),
        message="",
        location=_joined,
    )
    if joined is not None:
        return joined
    free = form.refusal.facts if isinstance(form.refusal, TimeIsFree) else None
    return render_template(
        "waiting/join.html",
        form=form,
        target=target,
        span_text=formats.format_span(form.span, form.zone) if form.span is not None else "",
        member=_other_member(member_id),
        lacks_member=member_id is None,
        free=free and _free_choice(free["machine_id"], free["span"]),
    ), form.status


@page(bp, "/waiting-list/<int:entry_id>/leave", methods=POST, access=CHANGE)
def leave(entry_id: int) -> ResponseReturnValue:
    """Leave the waiting list."""
    view, session = lookups.waiting_entry(entry_id), db.session()
    of = None if view.member_id == current_user.member_id else "workshop"
    try:
        in_write_transaction(session, lambda: entries.leave(session, entry_id, by=current_actor(), now=now()))
    except WrongStatus as refusal:
        return _list_page(sentence_of(refusal)), status_of(refusal)
    if of is None:
        flash(_("You are no longer on the waiting list: %(wish)s.", wish=_wish_text(entry_id)))
    else:
        flash(_("The entry is taken off the waiting list."))
    return redirect(url_for("waiting.index", of=of), code=303)


def _list_page(refusal: str = "") -> str:
    session = db.session()
    card = queries.machine_card(session, request.args["machine"]) if request.args.get("machine") else None
    of_workshop = card is not None or request.args.get("of") == "workshop" or current_user.member_id is None
    found = waiting_queries.waiting_list(
        session,
        now=now(),
        member_id=None if of_workshop else current_user.member_id,
        machine_id=card.id if card is not None else None,
        workshop_ids=_workshop_ids() if of_workshop else None,
        after=_number(request.args.get("after", "")),
        limit=PER_PAGE + 1,
    )
    shown = found[:PER_PAGE]
    return render_template(
        "waiting/index.html",
        found=[(view, waiting_sentence(view), position_text(view.position)) for view in shown],
        card=card,
        offers=_open_offers(member_id=None if of_workshop else current_user.member_id),
        of_workshop=of_workshop,
        may_see_workshop=_workshop_ids() != frozenset(),
        next_after=shown[-1].id if len(found) > PER_PAGE else None,
        refusal=refusal,
    )


def _open_offers(*, member_id: int | None) -> tuple[OfferView, ...]:
    """Return the open offers of a member, or those of the workshops that one may see."""
    within = None if member_id is not None else _workshop_ids()
    return offers.offers(db.session(), member_id=member_id, workshop_ids=within, open_at=now(), limit=PER_PAGE)


def _fill(form: JoinForm, arguments: MultiDict[str, str]) -> None:
    """Fill in what the form is opened for, as the address says."""
    for field in (form.machine, form.start, form.end, form.member):
        field.data = arguments.get(field.name, "")
    form.places.data = _number(arguments.get("places", "")) or 1
    form.variants.data = arguments.getlist("variants")


def _offer_variants(form: JoinForm, target: Target) -> None:
    """Offer the variants of the tariffs of the first day."""
    first = form.span.start if form.span is not None else now()
    day = local_day(first, target.card.zone)
    form.offer_variants([name for one in target.machine_ids for name in variants_on(db.session(), one, day)])


def _propose(form: JoinForm) -> None:
    """Propose the length and the day of the span as a pattern, too."""
    assert form.zone is not None
    span = form.span
    form.kind.data = EXACT if span is not None else ANY_TIME
    form.part.data = DayPart.ANY.value
    form.hours.data, form.minutes.data = divmod(int(span.length.total_seconds()) // 60, 60) if span else (1, 0)
    first = span.start if span is not None and span.start > now() else now()
    form.first_day.data = local_day(first, form.zone)
    form.last_day.data = local_day(span.end if span is not None and span.end > first else first, form.zone)


def _wish(form: JoinForm, target: Target, member_id: int | None) -> WaitingWish:
    if member_id is None:
        raise MemberNotFound(id=0)
    assert form.window is not None
    return WaitingWish(
        member_id,
        target.machine_id,
        target.group_id,
        form.window,
        form.length_min,
        DayPart.ANY if form.is_exact else DayPart(form.part.data),
        form.places.data or 0,
        clean(form.purpose.data),
        form.is_automatic.data,
        person_named(db.session(), member_id, form.second_person.data or ""),
        form.chosen_variants,
    )


def _joined(entry_id: int) -> str:
    view = waiting_queries.waiting_entry(db.session(), entry_id, now=now())
    is_own = view.member_id == current_user.member_id
    where = position_text(view.position) if is_own else _("Number %(number)s in line", number=view.position)
    flash(
        _(
            "On the waiting list: %(name)s, %(wish)s. %(where)s.",
            name=view.target_name,
            wish=waiting_sentence(view),
            where=where,
        )
    )
    return url_for("waiting.index", of=None if is_own else "workshop")


def _wish_text(entry_id: int) -> str:
    view = waiting_queries.waiting_entry(db.session(), entry_id, now=now())
    return f"{view.target_name}, {waiting_sentence(view)}"


def _member_id(form: JoinForm) -> int | None:
    return _number(form.member.data or "") or current_user.member_id


def _other_member(member_id: int | None) -> str:
    """Return the name of the member for whom somebody else joins; "" for one's own."""
    if member_id is None or member_id == current_user.member_id:
        return ""
    return next((one.name for one in queries.member_names(db.session(), [member_id])), "")


def _span(start: str | None, end: str | None) -> TimeSpan | None:
    try:
        return TimeSpan(read_instant(start or ""), read_instant(end or ""))
    except ValueError:
        return None


def _free_choice(machine_id: int, span: TimeSpan) -> tuple[str, str]:
    """Return a time that is free in words, and the address at which it can be reserved."""
    card = queries.machine_card(db.session(), machine_id)
    minutes = int(span.length.total_seconds()) // 60
    address = url_for("reservations.new", machine=card.slug, start=url_instant(span.start), minutes=minutes)
    return f"{card.name}, {formats.format_span(span, card.zone)}", address


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= ID_DIGITS_MAX else None


def _workshop_ids() -> frozenset[int] | None:
    """Return the workshops whose waiting list the login may see; None: all."""
    if current_user.is_admin or current_user.is_treasurer:
        return None
    return current_user.managed_workshop_ids
