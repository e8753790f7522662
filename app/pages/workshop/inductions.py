"""/workshop/inductions: who may run what, and until when; giving and ending inductions, each with a page that asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from app.auth import member_logins, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.member_search import search_note
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.induction_forms import CHOSEN_MAX, EndInductionForm, InductionForm, KindForm, lacking_of
from app.pages.workshop.induction_levels import levels_shown
from app.pages.workshop.shown_members import FIELD, known, read_shown, sign_shown
from app.web.paging import page_number
from app.web.sorting import Sorting
from app.wording.errors import sentence_of
from app.wording.formats import as_zone
from app.wording.induction_levels import level_label
from booking import queries
from booking.errors.schedule_errors import WrongStatus
from booking.kernel.transaction import in_write_transaction
from booking.members.inductions import lock_members
from booking.queries import FOUND_MAX, InductionView, MachineToRun, induction_demand, induction_kind_views
from booking.queries.induction_kind_views import KindView
from booking.queries.names import found_member_count
from booking.rule_changes import condition_changes
from booking.times.wall_clock import local_day

PER_PAGE = FOUND_MAX
EXPIRES_SOON = timedelta(days=60)  # marked in the list from then on


@page(
    bp, "/inductions", access=Access(manager=ALL, admin=ALL), menu=MenuEntry(_l("Inductions"), 85, icon="patch-check")
)
def list_inductions() -> ResponseReturnValue:
    """List inductions, those that end first at the top; ?sort= another column; ?q= searches.

    A manager sees those of members who reserve in the own workshops; others are found by what is typed.
    """
    form = KindForm(formdata=None)
    form.offer(induction_kind_views.kinds(db.session()))
    return list_page(form, 200)


@page(bp, "/inductions/new", methods=GET_POST, access=Access(manager=ALL, admin=ALL), keeps_input=True)
def give_induction() -> ResponseReturnValue:
    """Give an induction to one or more members: find them, choose, look at the summary, enter."""
    form, session, today = InductionForm(), db.session(), _day_of(now())
    shown = set(read_shown(request.values.get(FIELD)))
    _fill_extended(form)
    if form.all_found_text is not None:
        all_found = _found_ids(form.all_found_text, today)
        form.choose(all_found)
        shown.update(all_found)
    found = queries.find_members(session, form.search_text, form.chosen_ids[: CHOSEN_MAX + 1], day=today)
    form.found_count = found_member_count(
        session, form.search_text, day=today, limit=CHOSEN_MAX + 1, may_list=bool(current_user.is_admin)
    )
    shown.update(one.id for one in found.found)
    offered = [one.id for one in (*found.chosen, *found.found)]
    form.offer(found, _kinds(), known=known(offered, shown))
    form.shown = sign_shown(shown & {*offered})
    if not form.is_submitted():
        form.given_on.data = today
    if not form.is_confirmed:
        is_sent = form.is_submitted() and not form.is_searching
        is_checked = is_sent and form.validate()
        return _give_page(form, is_checked=is_checked, status=422 if is_sent and not is_checked else 200)
    given = submit(
        form,
        lambda: _give(form),
        message=ngettext("The induction was entered.", "%(num)s inductions were entered.", len(form.chosen_ids)),
        location=lambda _none: url_for(".list_inductions", kind=form.kind_id.data, q=_number_of_only(form)),
    )
    return given or _give_page(form, is_checked=False, status=form.status)


@page(
    bp,
    "/inductions/<int:induction_id>/end",
    methods=GET_POST,
    access=Access(manager=ALL, admin=ALL),
    keeps_input=True,
)
def end_induction(induction_id: int) -> ResponseReturnValue:
    """End an induction at once or on a day, after showing the reservations that hang on it.

    Of those at workshops that the reader does not manage, only how many there are.
    """
    session, form, instant = db.session(), EndInductionForm(), now()
    induction = queries.induction(session, induction_id)
    if not known([induction.member_id], read_shown(request.args.get(FIELD))):
        induction = replace(induction, member_name=induction.member_number)
    by = current_actor()
    ended = submit(
        form,
        lambda: condition_changes.end_induction(
            session,
            induction_id,
            last_day=form.chosen_last_day,
            tells_member=bool(form.tells_member.data),
            by=by,
            now=instant,
        ),
        message=_("The induction is ended. You can take that back in the list."),
        location=url_for(".list_inductions", kind=induction.kind_id, q=induction.member_number),
    )
    return ended or (_end_page(form, induction, instant), form.status)


@page(bp, "/inductions/<int:induction_id>/resume", methods=POST, access=Access(manager=ALL, admin=ALL))
def resume_induction(induction_id: int) -> ResponseReturnValue:
    """Take back that an induction was ended."""
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(
            session, lambda: condition_changes.resume_induction(session, induction_id, by=by, now=now())
        )
    except WrongStatus as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The induction is valid again."))
    return redirect(url_for(".list_inductions"), code=303)


def _fill_extended(form: InductionForm) -> None:
    """Fill in member and kind of the induction of the address that is to be extended by a new one."""
    number = request.args.get("extend", "")
    if not form.is_submitted() and number.isdecimal() and len(number) < 10:
        induction = queries.induction(db.session(), int(number))
        form.member_ids.data, form.kind_id.data = [induction.member_id], induction.kind_id
        form.person.data, form.level.data = induction.person_name, induction.level


def _found_ids(text: str, day: date) -> tuple[int, ...]:
    """Return who is found by a text, one more than can be chosen; only administrators choose everybody without one."""
    return queries.found_member_ids(
        db.session(), text, day=day, limit=CHOSEN_MAX + 1, may_list=bool(current_user.is_admin)
    )


def _day_of(instant: datetime) -> date:
    """Return the ring's day of an instant: an induction holds in every workshop."""
    return local_day(instant, as_zone(None))


def _kinds() -> tuple[tuple[int, str], ...]:
    return queries.induction_kinds(db.session())


def _number_of_only(form: InductionForm) -> str | None:
    """Return the number of the member, where only one was inducted."""
    names = queries.member_names(db.session(), form.chosen_ids)
    return names[0].number if len(names) == 1 else None


def _give(form: InductionForm) -> None:
    given_on = form.given_on.data
    assert given_on is not None  # a required field
    lock_members(db.session(), form.chosen_ids)
    for member_id in form.chosen_ids:
        condition_changes.give_induction(
            db.session(),
            member_id,
            form.kind_id.data,
            given_on=given_on,
            valid_until=form.valid_until.data,
            given_by=form.given_by.data or "",
            level=form.chosen_level,
            person=member_logins.person_named(db.session(), member_id, form.person.data or ""),
            by=current_actor(),
            now=now(),
        )


def _give_page(form: InductionForm, *, is_checked: bool, status: int) -> ResponseReturnValue:
    chosen = [name for member_id, name in form.member_choices if member_id in form.chosen_ids]
    kind = dict(_kinds()).get(form.kind_id.data or 0, "")
    machines = queries.machines_of_kind(db.session(), form.kind_id.data) if is_checked else ()
    lacking = lacking_of(form) if is_checked else []
    page = render_template(
        "workshop/give_induction.html",
        form=form,
        chosen_max=CHOSEN_MAX,
        is_checked=is_checked,
        chosen=chosen,
        kind=kind,
        machines=machines,
        lacking=lacking,
        level_words=level_label(form.chosen_level) if form.chosen_level else "",
        until=form.last_day(db.session()) if is_checked else None,
    )
    return page, status


def _end_page(form: EndInductionForm, induction: InductionView, instant: datetime) -> str:
    session, workshop_ids = db.session(), presenter.my_workshop_ids()
    hit = queries.hit_by_ending(session, induction, None, now=instant)
    listed = [view for view in hit if workshop_ids is None or view.workshop_id in workshop_ids]
    return render_template(
        "workshop/end_induction.html",
        form=form,
        one=induction,
        hit_count=len(hit),
        listed=listed,
        elsewhere_count=len(hit) - len(listed),
        other_until=queries.valid_beside(session, induction, _day_of(instant)),
    )


def list_page(kind_form: KindForm, status: int) -> ResponseReturnValue:
    """Return the list of inductions with the form of another kind."""
    number, text, kinds = page_number(), request.args.get("q", "").strip(), induction_kind_views.kinds(db.session())
    machines, machine = _machines()
    kind_id = _chosen_kind(machine)
    known_only = None if queries.is_enough_to_search(text) else presenter.my_workshop_ids()
    is_listed = known_only is not None or presenter.my_workshop_ids() is None
    offset = (number - 1) * PER_PAGE if is_listed else 0
    sorting = Sorting.of(request.args, queries.INDUCTION_ORDERS, "until")
    listed = queries.inductions(
        db.session(),
        text=text,
        kind_id=kind_id,
        workshop_ids=known_only,
        sorted_by=sorting.column,
        is_descending=sorting.is_descending,
        limit=PER_PAGE + 1,
        offset=offset,
    )
    has_next = len(listed) > PER_PAGE
    return render_template(
        "workshop/inductions.html",
        kind_form=kind_form,
        inductions=listed[:PER_PAGE],
        page=number,
        has_next=has_next and is_listed,
        note=search_note(text, is_found=bool(listed), has_more=has_next and not is_listed),
        search=text,
        kind_id=kind_id,
        sorting=sorting,
        kept={"q": text or None} | ({"machine": machine.slug} if machine else {"kind": kind_id}),
        kinds=_kind_rows(kinds),
        levels=levels_shown(listed[:PER_PAGE]),
        machines=machines,
        machine=machine,
        today=_day_of(now()),
        soon=_day_of(now()) + EXPIRES_SOON,
        waiting=induction_demand.open_count(db.session(), now=now()),
        shown=sign_shown(one.member_id for one in listed) if text else None,
    ), status


def _machines() -> tuple[tuple[MachineToRun, ...], MachineToRun | None]:
    """Return the machines of one's workshops that need an induction, and the one of the address."""
    machines = queries.machines_with_induction(db.session(), workshop_ids=presenter.my_workshop_ids())
    return machines, next((one for one in machines if one.slug == request.args.get("machine")), None)


def _kind_rows(kinds: tuple[KindView, ...]) -> list[tuple[KindView, bool]]:
    """Return each kind of induction, and whether the reader may change it."""
    return [
        (one, all(permissions.may_touch("workshop.edit_kind", workshop_id=place) for place in one.workshop_ids))
        for one in kinds
    ]


def _chosen_kind(machine: MachineToRun | None) -> int | None:
    """Return the kind of the address: that of a machine, else the chosen one; nonsense counts as none."""
    if machine is not None:
        return machine.kind_id
    kind = request.args.get("kind", "")
    return int(kind) if kind.isdecimal() and len(kind) < 10 else None
