"""/groups: the groups of machines, and for managers to make, change and retire them."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, LOGGED_IN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.groups import bp
from app.pages.groups.forms import GroupForm, form_for, machines_for
from app.web.paging import page_number
from app.wording.errors import sentence_of
from billing.pools.group_counting import counting_once
from booking import queries
from booking.errors.schedule_errors import GroupNotFound, NotFound
from booking.kernel.transaction import in_write_transaction
from booking.queries import GroupView, MachineCard, WorkshopView
from booking.records import groups

PER_PAGE = 25


@page(bp, "", access=LOGGED_IN)
def index() -> ResponseReturnValue:
    """List the groups of machines."""
    number, found = page_number(), queries.groups(db.session())
    first = (number - 1) * PER_PAGE
    return render_template(
        "groups/index.html",
        groups=found[first : first + PER_PAGE],
        page=number,
        has_next=len(found) > first + PER_PAGE,
        workshops=_my_workshops(),
    )


@page(
    bp,
    "/new",
    methods=GET_POST,
    access={"GET": Access(manager=ALL, admin=ALL), "POST": Access(manager=WORKSHOP, admin=ALL)},
    keeps_input=True,
)
def new() -> ResponseReturnValue:
    """Make a group in a workshop that one manages (?workshop=, by default the first)."""
    place = _workshop()
    machines, elsewhere = _machines(place.slug, None)
    form = form_for(machines)
    made = submit(form, lambda: _make(form, place), message=_("The group is saved."), location=url_for(".index"))
    return made or _page(form, None, place.name, elsewhere)


@page(bp, "/<int:group_id>/edit", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def edit(group_id: int) -> ResponseReturnValue:
    """Rename a group, add machines, take them out, rank them."""
    view = _lasting(group_id)
    machines, elsewhere = _machines(view.workshop_slug, view)
    form = form_for(machines, view)
    if not form.is_submitted():
        form.fill(view)
    changed = submit(
        form,
        lambda: _change(form, group_id),
        message=_("The group is saved."),
        location=url_for(".index"),
        stored=lambda: _stored(group_id, machines),
    )
    return changed or _page(form, view, view.workshop_name, elsewhere)


@page(bp, "/<int:group_id>/retire", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def retire(group_id: int) -> ResponseReturnValue:
    """Retire a group: its machines are in no group any more."""
    lookups.group(group_id)
    session, by = db.session(), current_actor()
    try:
        in_write_transaction(session, lambda: groups.retire(session, group_id, by=by, now=now()))
    except GroupNotFound as refusal:
        flash(sentence_of(refusal), "warning")
    else:
        flash(_("The group is retired. Its machines can still be reserved one by one."))
    return redirect(url_for(".index"), code=303)


def _my_workshops() -> list[WorkshopView]:
    return [
        place
        for place in queries.workshops(db.session())
        if permissions.may_touch("groups.new", "POST", workshop_id=place.id)
    ]


def _workshop() -> WorkshopView:
    """Return the workshop of a new group. Raises NotFound."""
    if slug := request.args.get("workshop"):
        place = queries.workshop(db.session(), slug)
        if not permissions.may_touch("groups.new", "POST", workshop_id=place.id):
            raise NotFound(id=slug)
        return place
    mine = _my_workshops()
    if not mine:
        raise NotFound(id=0)
    return mine[0]


def _machines(
    workshop_slug: str, view: GroupView | None
) -> tuple[tuple[MachineCard, ...], tuple[tuple[MachineCard, str], ...]]:
    session = db.session()
    cards = queries.machine_cards(session, workshop_slug=workshop_slug, include_retired=True, limit=None).items
    return machines_for(cards, queries.groups(session), view)


def _lasting(group_id: int) -> GroupView:
    """Return a group that can be changed. Raises GroupNotFound, also when it was retired."""
    view = lookups.group(group_id)
    if view.retired_at is not None:
        raise GroupNotFound(id=group_id)
    return view


def _stored(group_id: int, machines: tuple[MachineCard, ...]) -> GroupForm:
    view = _lasting(group_id)
    form = form_for(machines, view, formdata=None)
    form.fill(view)
    return form


def _make(form: GroupForm, place: WorkshopView) -> int:
    with counting_once(db.session()):
        return groups.make(db.session(), place.id, form.to_input(), by=current_actor(), now=now())


def _change(form: GroupForm, group_id: int) -> None:
    entered = form.to_input()
    with counting_once(db.session()):
        groups.change(
            db.session(),
            group_id,
            name=entered.name,
            machines=entered.machines,
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
        )


def _page(
    form: GroupForm, view: GroupView | None, workshop_name: str, elsewhere: tuple[tuple[MachineCard, str], ...]
) -> ResponseReturnValue:
    return render_template(
        "groups/edit.html", form=form, view=view, workshop_name=workshop_name, elsewhere=elsewhere
    ), form.status
