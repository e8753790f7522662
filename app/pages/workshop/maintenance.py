"""/workshop/maintenance: what is done to a machine after so much use, and when it was done."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.workshop import bp, presenter
from app.pages.workshop.maintenance_forms import ChangeIntervalForm, DoneForm, NewIntervalForm
from app.web.paging import page_number
from booking.errors.schedule_errors import MachineNotFound
from booking.kernel.transaction import in_write_transaction
from booking.machines import maintenance
from booking.queries import maintenance as queries
from booking.queries.maintenance import MaintenanceView
from booking.times.wall_clock import local_day

PER_PAGE = 50
MANAGERS = Access(manager=WORKSHOP, admin=ALL)


@page(bp, "/maintenance", access=MANAGERS)
def list_maintenance() -> ResponseReturnValue:
    """List the maintenance intervals of the machines of one's workshops."""
    number = page_number()
    found = queries.maintenances(
        db.session(),
        now=now(),
        workshop_ids=presenter.my_workshop_ids(),
        limit=PER_PAGE + 1,
        offset=(number - 1) * PER_PAGE,
    )
    has_next = len(found) > PER_PAGE
    return render_template("workshop/maintenances.html", rows=found[:PER_PAGE], page=number, has_next=has_next)


@page(bp, "/maintenance/new/<slug>", methods=GET_POST, access=MANAGERS, keeps_input=True)
def new_maintenance(slug: str) -> ResponseReturnValue:
    """Enter a maintenance interval of a machine. Raises MachineNotFound of a retired one."""
    card, form, session = lookups.managed_machine(slug), NewIntervalForm(), db.session()
    if card.is_retired:
        raise MachineNotFound(id=slug)
    form.measure_in(card.charge_unit)
    if not form.is_submitted():
        form.done_on.data = local_day(now(), card.zone)
    entered = submit(
        form,
        lambda: maintenance.set_interval(session, card.id, form.to_input(), by=current_actor(), now=now()),
        message=_("The maintenance interval was entered."),
        location=lambda new_id: url_for(".show_maintenance", maintenance_id=new_id),
    )
    return entered or (
        render_template(
            "workshop/maintenance_form.html",
            form=form,
            one=None,
            slug=card.slug,
            machine_name=card.name,
            unit=card.charge_unit,
        ),
        form.status,
    )


@page(bp, "/maintenance/<int:maintenance_id>", methods=GET_POST, access=MANAGERS, keeps_input=True)
def show_maintenance(maintenance_id: int) -> ResponseReturnValue:
    """Show how much of an interval is used and what was done; sent, note that it is done."""
    view, form, session = lookups.maintenance(maintenance_id), DoneForm(), db.session()
    form.measure_in(view.charge_unit)
    if not form.is_submitted():
        form.done_on.data, form.revision.data = local_day(now(), view.zone), view.revision
    noted = submit(
        form,
        lambda: maintenance.note_done(
            session, view.id, form.to_done(), by=current_actor(), now=now(), revision=form.revision.data
        ),
        message=_("Noted as done. The interval begins again."),
        location=url_for(".show_maintenance", maintenance_id=view.id),
    )
    done = queries.done_list(session, view.id)
    return noted or (render_template("workshop/maintenance.html", one=view, form=form, done=done), form.status)


@page(bp, "/maintenance/<int:maintenance_id>/change", methods=GET_POST, access=MANAGERS, keeps_input=True)
def change_maintenance(maintenance_id: int) -> ResponseReturnValue:
    """Change the name or the length of an interval."""
    view, session = lookups.maintenance(maintenance_id), db.session()
    form = _change_form(view)
    if not form.is_submitted():
        form = _stored(view)
    changed = submit(
        form,
        lambda: maintenance.change_interval(
            session,
            view.id,
            form.name.data or "",
            form.interval.small or 0,
            by=current_actor(),
            now=now(),
            revision=form.revision.data,
        ),
        message=_("The maintenance interval was saved."),
        location=url_for(".show_maintenance", maintenance_id=view.id),
        stored=lambda: _stored(lookups.maintenance(maintenance_id)),
    )
    return changed or (
        render_template(
            "workshop/maintenance_form.html",
            form=form,
            one=view,
            slug=view.machine_slug,
            machine_name=view.machine_name,
            unit=view.charge_unit,
        ),
        form.status,
    )


@page(bp, "/maintenance/<int:maintenance_id>/end", methods=POST, access=MANAGERS)
def end_maintenance(maintenance_id: int) -> ResponseReturnValue:
    """End an interval: nothing reminds of it any more. What was done stays recorded."""
    view, session, by = lookups.maintenance(maintenance_id), db.session(), current_actor()
    in_write_transaction(session, lambda: maintenance.end_interval(session, view.id, by=by, now=now()))
    flash(_("The maintenance interval is ended."))
    return redirect(url_for(".list_maintenance"), code=303)


def _change_form(view: MaintenanceView) -> ChangeIntervalForm:
    form = ChangeIntervalForm()
    form.measure_in(view.charge_unit)
    return form


def _stored(view: MaintenanceView) -> ChangeIntervalForm:
    form = ChangeIntervalForm(formdata=None)
    form.measure_in(view.charge_unit)
    form.fill(view)
    return form
