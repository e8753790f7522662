"""/admin/settings, /admin/events, /admin/mails: the ring's own record, what happened, what could not be sent."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from app import ring_card
from app.auth import contact_mails, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.exports import event_log
from app.exports.event_table import event_table
from app.exports.files import page_file
from app.extensions import db
from app.forms.images import LOGO_MEDIA_TYPE
from app.forms.period_form import PeriodForm, requested_days
from app.forms.submit import submit
from app.forms.year_choice import YearChoice, year_days, year_of_days
from app.mail import leasing
from app.pages.admin import bp, lists
from app.pages.admin.event_lines import event_lines
from app.pages.admin.forms import SettingsForm
from app.pages.declaration import GET_POST, POST, MenuEntry, page
from app.web.paging import page_number
from app.wording import events
from app.wording.formats import as_zone
from billing.queries import YearWork, year_with_open_work, years_of_ring
from booking.kernel.transaction import in_write_transaction
from booking.models import Ring
from booking.records import records, ring
from booking.records.ring import RingInput
from booking.rule_changes import rule_changes
from booking.times.wall_clock import local_day


@page(
    bp,
    "/settings",
    methods=GET_POST,
    access=Access(admin=ALL),
    keeps_input=True,
    needs_confirmation=True,
    menu=MenuEntry(_l("Settings"), 98, icon="sliders", bar={"admin": 50}),
)
def settings() -> ResponseReturnValue:
    """Show and change the name, address, logo, colour and rules of the ring."""
    form, known = _stored_settings(), _known(_ring())
    if request.method == "POST":
        form = SettingsForm()
        form.stored_email = known.email
        form.offer(known.timezone)
    changed = submit(
        form,
        lambda: _change_settings(form, known),
        message=_("The settings were saved."),
        location=url_for(".index"),
        stored=_stored_settings,
    )
    if changed is None:
        return _settings_page(form)
    ring_card.forget_ring_card()
    return changed


def _ring() -> Ring | None:
    """Return the record of the ring; None until the settings of a ring that was set up in a terminal are entered."""
    return db.session().get(Ring, ring.THE_ONE)


def _known(record: Ring | None) -> RingInput:
    if record is None:
        return RingInput(name="", timezone=current_app.config["TIMEZONE"])
    return RingInput.of(record)


def _stored_settings() -> SettingsForm:
    record = _ring()
    form = SettingsForm(formdata=None, obj=_known(record))
    form.offer(_known(record).timezone)
    form.revision.data = record.revision if record else None
    return form


def _settings_page(form: SettingsForm) -> ResponseReturnValue:
    record = _ring()
    has_logo = record is not None and record.logo_photo_id is not None
    return render_template("admin/settings.html", form=form, has_logo=has_logo), form.status


def _change_settings(form: SettingsForm, known: RingInput) -> None:
    session, by, instant = db.session(), current_actor(), now()
    wanted = form.to_input(known)
    rule_changes.change_ring(session, wanted, by=by, now=instant, revision=form.revision.data)
    contact_mails.queue_ring_changed(session, known.email, wanted.email, language=current_user.language, now=instant)
    if form.logo.picture is not None:
        photo_id = records.store_photo(session, form.logo.picture, LOGO_MEDIA_TYPE, now=instant)
        ring.show_logo(session, photo_id, by=by, now=instant)
    elif form.removes_logo.data:
        ring.show_logo(session, None, by=by, now=instant)


@page(
    bp,
    "/events",
    access=Access(treasurer=OWN, admin=ALL),
    menu=MenuEntry(_l("Events"), 97, icon="journal-text", bar={"admin": 40}),
)
def list_events() -> ResponseReturnValue:
    """List the events, the latest first; ?type= shows one kind. Treasurers see what concerns money.

    ?from=&until= are the days of the file: without them, from the oldest year with open work until today.
    """
    only_money = not permissions.reaches_all()
    kinds = event_log.event_types(db.session(), only_money=only_money)
    wanted = request.args.get("type", "")
    kind = wanted if wanted in kinds else ""
    page = lists.events(db.session(), kind, page_number(), only_money=only_money)
    period, years = _days_of_file()
    names = [(code, events.event_label(code)) for code in kinds]
    return render_template(
        "admin/events.html",
        page=page,
        lines=event_lines(db.session(), page.rows),
        kind=kind,
        kinds=sorted(names, key=lambda pair: pair[1]),
        period=period,
        years=years,
    )


def _days_of_file() -> tuple[PeriodForm, YearChoice]:
    today, period = local_day(now(), as_zone(None)), PeriodForm(formdata=request.args)
    years = years_of_ring(db.session(), today)
    every_year = [YearWork(one.year) for one in years]  # open work says nothing about events
    if not period.validate():
        period = PeriodForm(formdata=None)
        period.since.data, period.until.data = year_days(year_with_open_work(years, today))[0], today
    return period, year_of_days(every_year, *period.period, today=today)


@page(bp, "/events/file.<any(csv, xlsx):file_format>", access=Access(treasurer=OWN, admin=ALL))
def download_events(file_format: str) -> ResponseReturnValue:
    """Return the event log of some days: ?from=&until=. Treasurers get what concerns money."""
    table = event_table(db.session(), *requested_days(), only_money=not permissions.reaches_all())
    return page_file(table, file_format)


@page(bp, "/mails", access=Access(admin=ALL))
def list_mails() -> ResponseReturnValue:
    """List the mails that were given up, and why none is sent at present."""
    session = db.session()
    page, suspension = lists.mails_given_up(session, page_number()), lists.mail_suspension(session)
    return render_template("admin/mails.html", page=page, suspension=suspension)


@page(bp, "/mails/retry", methods=POST, access=Access(admin=ALL))
def retry_mails() -> ResponseReturnValue:
    """Hand all of them to the sender once more."""
    count = in_write_transaction(db.session(), lambda: leasing.retry_given_up(db.session(), now=now()))
    if count:
        flash(ngettext("%(num)s e-mail will be tried again.", "%(num)s e-mails will be tried again.", count))
    else:
        flash(_("The waiting e-mails are tried again now."))
    return redirect(url_for(".list_mails"), code=303)
