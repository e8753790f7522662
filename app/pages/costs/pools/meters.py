"""/costs/pools/<id>/meters: meters of members, their readings, and readings from a file."""

from __future__ import annotations

from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.auth.current_login import current_actor
from app.auth.permissions import ALL, Access
from app.clock import now
from app.extensions import db
from app.forms.submit import submit
from app.imports.errors import TableError
from app.imports.meter_readings import Faults, enter_readings
from app.pages.costs import bp
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.pools.meter_forms import MeterForm, ReadingForm, ReadingsForm
from app.pages.costs.pools.meter_rows import meter_row, reading_rows
from app.pages.declaration import GET_POST, POST, page
from app.web.paging import page_number
from app.wording.errors import sentence_of
from app.wording.rules import violation_sentence
from billing import queries
from billing.errors.cost_errors import ReadingNotFound, ReadingRefused
from billing.pools import meters as billing_meters
from billing.pools import readings
from billing.queries.pool_keys import ReadingView, meter
from billing.queries.readings import reading_of
from booking.kernel.transaction import in_write_transaction
from booking.queries.member_texts import member_texts

FAULTS_SHOWN = 20


@page(bp, "/pools/<int:pool_id>/meters/new", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def new_meter(pool_id: int) -> ResponseReturnValue:
    """Enter a member's meter."""
    session, form = db.session(), MeterForm()
    view = queries.pool(session, pool_id)
    form.offer(member_texts(session))
    entered = submit(
        form,
        lambda: (
            billing_meters.enter_meter(
                session, pool_id, form.member_id, form.name.data or "", by=current_actor(), now=now()
            ).id
        ),
        message=_("The meter was entered."),
        location=lambda meter_id: url_for(".show_meter", meter_id=meter_id),
    )
    return entered or (render_template("costs/meter_form.html", form=form, pool=view), form.status)


@page(bp, "/meters/<int:meter_id>", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def show_meter(meter_id: int) -> ResponseReturnValue:
    """Show the readings of a meter, and enter or correct (?day=) one."""
    session, form = db.session(), ReadingForm()
    pool_id = meter(session, meter_id, readings=0).pool_id
    if not form.is_submitted():
        form.fill(*_asked_reading(meter_id))
    entered = submit(
        form,
        lambda: readings.enter_reading(session, meter_id, form.entry(), today=today(), by=current_actor(), now=now()),
        message=_("The reading was entered."),
        location=url_for(".show_meter", meter_id=meter_id),
    )
    if entered:
        return entered
    shown, has_next = reading_rows(session, meter_id, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/meter.html",
        form=form,
        pool=queries.pool(session, pool_id),
        row=meter_row(session, meter_id),
        readings=shown,
        page=page_number(),
        has_next=has_next,
    ), form.status


@page(bp, "/meters/<int:meter_id>/withdraw", methods=POST, access=Access(treasurer=ALL))
def withdraw_reading(meter_id: int) -> ResponseReturnValue:
    """Withdraw the reading of a day."""
    session, day = db.session(), _day(request.form.get("day", ""))
    if day is None:
        abort(422)
    try:
        in_write_transaction(
            session, lambda: readings.withdraw_reading(session, meter_id, day, by=current_actor(), now=now())
        )
    except ReadingRefused as refusal:
        flash(" ".join(violation_sentence(one) for one in refusal.violations), "warning")
    except ReadingNotFound as gone:
        flash(sentence_of(gone), "warning")
    else:
        flash(_("The reading was withdrawn. What was entered stays on this page."))
    return redirect(url_for(".show_meter", meter_id=meter_id), code=303)


@page(bp, "/pools/<int:pool_id>/meters/file", methods=GET_POST, access=Access(treasurer=ALL), keeps_input=True)
def readings_file(pool_id: int) -> ResponseReturnValue:
    """Enter the readings of a file: all lines, or none."""
    session, form = db.session(), ReadingsForm()
    view = queries.pool(session, pool_id)
    faults: tuple[str, ...] = ()
    if form.is_submitted() and form.validate():
        content, by, instant = form.content(), current_actor(), now()
        try:
            entered = in_write_transaction(
                session, lambda: enter_readings(session, pool_id, content, today=today(), by=by, now=instant)
            )
        except Faults as found:
            faults = found.sentences
        except TableError as unreadable:
            faults = (str(unreadable),)
        else:
            flash(ngettext("%(num)s reading was entered.", "%(num)s readings were entered.", entered))
            return redirect(url_for(".keys", pool_id=pool_id), code=303)
    more = max(len(faults) - FAULTS_SHOWN, 0)
    page_text = render_template(
        "costs/readings_file.html", form=form, pool=view, faults=faults[:FAULTS_SHOWN], more=more
    )
    return page_text, 422 if faults or form.errors else 200


def _asked_reading(meter_id: int) -> tuple[date, ReadingView | None]:
    """Return the day of the URL with what holds of it, or today."""
    day = _day(request.args.get("day", ""))
    return (today(), None) if day is None else (day, reading_of(db.session(), meter_id, day))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
