"""/workshop: the workshops one manages, their names and hours."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, MenuEntry, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.forms import WorkshopForm
from app.ring_card import ring_zone
from booking import queries
from booking.queries import WorkshopView
from booking.records import workshops
from booking.rule_changes import rule_changes, zone_changes

USUAL_REGION = "DE-BY"


@page(
    bp,
    "",
    access=Access(manager=WORKSHOP, admin=ALL),
    menu=MenuEntry(_l("Workshop"), 80, icon="shop", bar={"manager": 40, "admin": 30}, phone=("admin",)),
)
def index() -> ResponseReturnValue:
    """Show the workshops one manages: their machines, closures and hours."""
    outside = queries.outside_count(db.session(), presenter.my_workshop_ids(), now=now())
    return render_template(
        "workshop/index.html",
        page=presenter.desk(db.session(), now=now()),
        outside=outside,
        clock_changes=zone_changes.changes(db.session(), presenter.my_workshop_ids(), only_open=True),
    )


@page(bp, "/new", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def new() -> ResponseReturnValue:
    """Enter another workshop."""
    form, session = WorkshopForm(), db.session()
    zone = ring_zone().key
    form.offer(zone)
    if not form.is_submitted():
        form.timezone.data, form.holidays_region.data = zone, USUAL_REGION
    entered = submit(
        form,
        lambda: workshops.enter_workshop(session, form.to_input(), form.openings(), by=current_actor(), now=now()),
        message=_("The workshop was entered."),
        location=url_for(".index"),
    )
    return entered or _form_page(form, None)


@page(bp, "/<slug>/edit", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def edit(slug: str) -> ResponseReturnValue:
    """Change name, address and hours."""
    form, session = WorkshopForm(), db.session()
    place = lookups.workshop(form.record_key(slug))
    form.offer(place.zone.key)
    if not form.is_submitted():
        form = _stored(place.id)
    changed = submit(
        form,
        lambda: rule_changes.change_workshop(
            session,
            place.id,
            form.to_input(),
            form.openings(),
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
            confirmed=form.confirmed.data or "",
            tells_members=form.tells_members.data,
        ),
        message=_("The workshop was saved."),
        location=url_for(".index"),
        stored=lambda: _stored(place.id),
    )
    return changed or _form_page(form, lookups.workshop(place.id))


def _stored(workshop_id: int) -> WorkshopForm:
    place = lookups.workshop(workshop_id)
    form = WorkshopForm(formdata=None, obj=place)
    form.offer(place.zone.key)
    form.fill(place)
    form.record_url = url_for(".edit", slug=place.slug)
    return form


def _form_page(form: WorkshopForm, place: WorkshopView | None) -> ResponseReturnValue:
    outside = form.outside_lines(db.session())
    return render_template("workshop/edit.html", form=form, place=place, outside=outside), form.status
