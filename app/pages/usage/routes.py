"""/usage: hand-out and hand-back at the machine, and usage slips."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.member_logins import check_login, person_named
from app.auth.overrulings import hand_out_overruling
from app.auth.permissions import ALL, LOGGED_IN, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.images import MEDIA_TYPE
from app.forms.list_filter import INVALID, ListFilter
from app.forms.submit import submit
from app.pages.declaration import GET_POST, MenuEntry, page
from app.pages.reservations.conflicts import lead_away
from app.pages.usage import bp, presenter, slip_list
from app.pages.usage import live_price as live_prices
from app.pages.usage.forms import CHECK, HandOutForm, MeasureForm, written_meanwhile
from app.web.paging import page_number, sums_all
from app.web.sorting import Sorting
from app.wording.errors import sentence_of
from app.wording.formats import as_zone
from app.wording.sorts import sort_text
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.errors.schedule_errors import UsageRefused, WrongStatus
from booking.models import UsageRecord
from booking.queries import ReservationView, SlipView
from booking.records import records
from booking.reservations.lifecycle import Step
from booking.rule_changes import condition_changes
from booking.times.wall_clock import local_day
from booking.use import usage

PER_PAGE = 25


@page(
    bp,
    "",
    access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN),
    menu=MenuEntry(
        _l("Usage slips"),
        70,
        icon="clipboard-check",
        bar={"treasurer": 30},
        phone=("treasurer",),
        label_of_role={"treasurer": _l("Slips")},
    ),
)
def index() -> ResponseReturnValue:
    """List slips: one's own, those of one's workshops, or all of them; the newest first, with the sums of all.

    ?sort=handed_out begins with the oldest. ?sums=1 sums up what is too long to be summed each time.
    """
    session, page = db.session(), page_number()
    form = ListFilter.of(request.args, queries.machines_with_slips(session, **slip_list.whose_slips(current_user)))
    only_disputed = request.args.get("disputed") == "1"
    if not form.validate():
        return _list_page(form, slip_list.SlipList.empty(), page, only_disputed), INVALID
    wanted = slip_list.wanted_slips(session, form, current_user, only_disputed=only_disputed)
    oldest_first = not _sorting().is_descending
    listed = slip_list.page_of(session, wanted, page, PER_PAGE, oldest_first=oldest_first, sums_all=sums_all())
    return _list_page(form, listed, page, only_disputed)


def _sorting() -> Sorting:
    return Sorting.of(request.args, ("handed_out",), "-handed_out")


def _list_page(form: ListFilter, listed: slip_list.SlipList, page: int, only_disputed: bool) -> str:
    today = local_day(now(), as_zone(None))
    years = slip_list.years_of(db.session(), form, current_user, today)
    return render_template(
        "usage/index.html",
        form=form,
        years=years,
        listed=listed,
        page=page,
        only_disputed=only_disputed,
        sorting=_sorting(),
        kept=form.as_arguments() | ({"disputed": "1"} if only_disputed else {}),
        only_mine=slip_list.sees_only_own(current_user),
        file_days=slip_list.file_arguments(form, years, today) if not form.errors else {},
    )


@page(bp, "/at/<slug>", access=LOGGED_IN)
def at_machine(slug: str) -> ResponseReturnValue:
    """Show what the QR code at a machine leads to: fetch it, bring it back, or see when it is free."""
    card = queries.machine_card(db.session(), slug)
    return render_template("usage/at_machine.html", page=presenter.at_machine(db.session(), card, now=now()))


@page(
    bp,
    "/hand-out/<int:reservation_id>",
    methods=GET_POST,
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def hand_out(reservation_id: int) -> ResponseReturnValue:
    """Take the machine over."""
    reservation = lookups.reservation(reservation_id)
    form = HandOutForm(CHARGE_UNITS[reservation.charge_unit], reservation.zone)
    if not form.is_submitted() and (led := lead_away(reservation, Step.HAND_OUT)):
        return led
    broken = check_login(db.session(), reservation.member_id)
    overruling = hand_out_overruling(reservation, form.overrule_reason.data or "")
    operator = person_named(db.session(), reservation.member_id, form.operator.data or "")
    verb = partial(
        usage.hand_out,
        overruling=overruling,
        broken=broken,
        operator=operator,
        supervisor=form.supervisor.data or "",
        second=person_named(db.session(), reservation.member_id, form.second_person.data or ""),
    )
    handed = _submit(reservation, form, verb, sort_text("taken_over", reservation.machine_sort))
    if handed is not None:
        return handed
    if isinstance(form.refusal, WrongStatus):
        return _overtaken(reservation, form, is_back=False)
    refused = form.refusal.violations if isinstance(form.refusal, UsageRefused) else ()
    page = presenter.hand_out_page(db.session(), lookups.reservation(reservation_id), refused, now=now())
    if not form.is_submitted():
        form.operator.data, form.second_person.data = page.usual_operator, reservation.second_person
    return _hand_out_page(page, form, form.status)


@page(
    bp,
    "/hand-back/<int:reservation_id>",
    methods=GET_POST,
    access=Access(member=OWN, manager=WORKSHOP, admin=ALL),
    keeps_input=True,
)
def hand_back(reservation_id: int) -> ResponseReturnValue:
    """Bring the machine back and fill in the slip."""
    reservation = lookups.reservation(reservation_id)
    form = presenter.hand_back_form(reservation)
    if not form.is_submitted() and (led := lead_away(reservation, Step.HAND_BACK)):
        return led
    if CHECK in request.form:
        return _hand_back_page(reservation_id, form, 200 if form.validate() else INVALID)
    handed = _submit(reservation, form, condition_changes.hand_back, sort_text("returned", reservation.machine_sort))
    if handed is not None:
        return handed
    if isinstance(form.refusal, WrongStatus):
        return _overtaken(reservation, form, is_back=True)
    return _hand_back_page(reservation_id, form, form.status)


@page(bp, "/hand-back/<int:reservation_id>/price", access=Access(member=OWN, manager=WORKSHOP, admin=ALL))
def live_price(reservation_id: int) -> ResponseReturnValue:
    """Return the price alone, for a form that is being filled in: ?reading=&amount=."""
    reservation, session = lookups.reservation(reservation_id), db.session()
    form = presenter.hand_back_form(reservation, formdata=request.args, meta={"csrf": False})
    form.validate()
    price = live_prices.live_price(session, presenter.current_slip(session, reservation_id), form, now=now())
    return render_template("usage/_live_price.html", price=price)


def _submit(
    reservation: ReservationView, form: MeasureForm, verb: Callable[..., UsageRecord], done: str
) -> ResponseReturnValue | None:
    return submit(
        form,
        lambda: _hand_over(reservation.id, form, verb),
        message=done,
        location=lambda usage_id: url_for(".show", usage_id=usage_id),
    )


def _overtaken(reservation: ReservationView, form: MeasureForm, *, is_back: bool) -> ResponseReturnValue:
    """Answer a form whose step was done meanwhile, by a second click or by somebody else."""
    slip = presenter.current_slip(db.session(), reservation.id)
    who = form.names if isinstance(form, HandOutForm) else {}
    if slip and presenter.holds_typed(slip, form.measured(None), is_back=is_back, **who):
        flash(_("This has already been entered; a second click changes nothing."))
        return redirect(url_for(".at_machine", slug=reservation.machine_slug), code=303)
    if isinstance(form.refusal, WrongStatus):
        form.form_errors[:] = [written_meanwhile() if slip else sentence_of(form.refusal)]
    if is_back:
        return _hand_back_page(reservation.id, form, form.status, slip)
    page = presenter.overtaken_page(db.session(), lookups.reservation(reservation.id), **who)
    return _hand_out_page(page, form, form.status, slip)


def _hand_out_page(
    page: presenter.MeasurePage, form: MeasureForm, status: int, meanwhile: SlipView | None = None
) -> ResponseReturnValue:
    return render_template("usage/hand_out.html", form=form, page=page, meanwhile=meanwhile), status


def _hand_back_page(
    reservation_id: int, form: MeasureForm, status: int, meanwhile: SlipView | None = None
) -> ResponseReturnValue:
    """Return the form with the price of what is typed so far. meanwhile: the slip that was completed meanwhile."""
    session = db.session()
    page = presenter.measure_page(session, lookups.reservation(reservation_id))
    price = live_prices.live_price(session, page.slip, form, now=now())
    text = render_template(
        "usage/hand_back.html", form=form, page=page, meanwhile=meanwhile, price=price, check_name=CHECK
    )
    return text, status


def _hand_over(reservation_id: int, form: MeasureForm, verb: Callable[..., UsageRecord]) -> int:
    session, instant, photo_id = db.session(), now(), None
    if form.photo.picture is not None:
        photo_id = records.store_photo(session, form.photo.picture, MEDIA_TYPE, now=instant)
    return verb(session, reservation_id, form.measured(photo_id), by=current_actor(), now=instant).id
