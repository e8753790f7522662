"""/workshop: the workshops one manages, their names and hours."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.pages.declaration import GET_POST, MenuEntry, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.forms import WorkshopForm
from app.wording.errors import status_of
from booking import workshops
from booking.errors import RecordRefused
from booking.kernel.errors import StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.queries import WorkshopView


@page(bp, "", access=Access(manager=WORKSHOP, admin=ALL), menu=MenuEntry(_l("Workshop"), 80))
def index() -> ResponseReturnValue:
    """The workshops one manages: their machines, closures and hours."""
    return render_template("workshop/index.html", page=presenter.desk(db.session(), now=now()))


@page(bp, "/new", methods=GET_POST, access=Access(admin=ALL), keeps_input=True)
def new() -> ResponseReturnValue:
    """Enter another workshop."""
    form = WorkshopForm()
    form.offer("Europe/Berlin")
    if not form.is_submitted():
        form.timezone.data, form.holidays_region.data = "Europe/Berlin", "DE-BY"
    elif form.validate():
        session, by = db.session(), current_actor()
        try:
            in_write_transaction(
                session,
                lambda: workshops.enter_workshop(session, form.to_input(), form.openings(), by=by, now=now()),
            )
        except RecordRefused as refusal:
            form.show(refusal)
        else:
            flash(_("The workshop was entered."))
            return redirect(url_for(".index"), code=303)
    return _form_page(form, None)


@page(bp, "/<slug>/edit", methods=GET_POST, access=Access(manager=WORKSHOP, admin=ALL), keeps_input=True)
def edit(slug: str) -> ResponseReturnValue:
    """Change name, address and hours."""
    form = WorkshopForm()
    place = lookups.workshop(form.record(slug))
    if not form.is_submitted():
        return _form_page(_stored(place), place)
    form.offer(place.zone.key)
    if not form.validate():
        return _form_page(form, place)
    try:
        _change(form, place)
    except RecordRefused as refusal:
        form.show(refusal)
        return _form_page(form, place)
    except StaleRevision as refusal:
        place = lookups.workshop(place.id)
        form.meet(_stored(place), url_for(".edit", slug=place.slug))
        return _form_page(form, place, status_of(refusal))
    flash(_("The workshop was saved."))
    return redirect(url_for(".index"), code=303)


def _stored(place: WorkshopView) -> WorkshopForm:
    form = WorkshopForm(formdata=None)
    form.offer(place.zone.key)
    form.fill(place)
    return form


def _change(form: WorkshopForm, place: WorkshopView) -> None:
    session, by = db.session(), current_actor()
    in_write_transaction(
        session,
        lambda: workshops.change_workshop(
            session, place.id, form.to_input(), form.openings(), by=by, now=now(), revision=form.revision.data
        ),
    )


def _form_page(form: WorkshopForm, place: WorkshopView | None, status: int | None = None) -> ResponseReturnValue:
    status = status or (422 if request.method == "POST" else 200)
    return render_template("workshop/edit.html", form=form, place=place), status
