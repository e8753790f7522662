"""/usage/days: how long a machine was in use on each day, by the clock of its workshop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.exports.files import page_file
from app.extensions import db
from app.forms.list_filter import INVALID, ListFilter
from app.pages.declaration import page
from app.pages.usage import bp, slip_list
from app.wording.formats import as_zone
from billing.exports.use_days import use_day_table
from booking import queries
from booking.queries.use_days import DAYS_MAX, UseDay, use_days
from booking.times.wall_clock import local_day

READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN)
USUAL_DAY = 24 * 3_600


@dataclass(frozen=True, slots=True)
class DayReport:
    """The days on which a machine was used, and the sum. file_arguments: of the same days as a file."""

    days: tuple[UseDay, ...]
    seconds: int
    file_arguments: dict[str, str]


@page(bp, "/days", access=READ)
def days() -> ResponseReturnValue:
    """Show the days of a period on which a machine was used: ?machine=&from=&until=, without days the present month."""
    form = _form()
    report = _report(form) if form.validate() and _is_short_enough(form) else None
    status = INVALID if form.errors else 200
    return render_template("usage/days.html", form=form, report=report, usual_day=USUAL_DAY), status


@page(bp, "/days/file.<any(csv, xlsx):file_format>", access=READ)
def download_days(file_format: str) -> ResponseReturnValue:
    """Return the same days as a file."""
    form = _form()
    if not form.validate() or not _is_short_enough(form):
        return render_template("usage/days.html", form=form, report=None, usual_day=USUAL_DAY), INVALID
    table = use_day_table(
        db.session(), *_days(form), machine_id=_machine_id(form), **slip_list.whose_uses(current_user)
    )
    return page_file(table, file_format)


def _form() -> ListFilter:
    machines = queries.machines_with_slips(db.session(), **slip_list.whose_slips(current_user))
    form = ListFilter.of(request.args, machines)
    form.machine.choices = [*machines] or [("", _("none"))]
    if not request.args.get("machine"):
        form.machine.data = form.machine.choices[0][0]
    return form


def _is_short_enough(form: ListFilter) -> bool:
    first, last = _days(form)
    if (last - first).days < DAYS_MAX:
        return True
    form.until.errors = [_("A report of days covers a year at most. Choose a shorter period.")]
    return False


def _days(form: ListFilter) -> tuple[date, date]:
    """Return the days of a valid form; the month of the one that is given, or the present one."""
    since, until = form.days
    today = local_day(now(), as_zone(None))
    first = since or (until or today).replace(day=1)
    return first, until or _last_of_month(first)


def _last_of_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _machine_id(form: ListFilter) -> int | None:
    return queries.machine_card(db.session(), form.machine.data).id if form.machine.data else None


def _report(form: ListFilter) -> DayReport:
    first, last = _days(form)
    form.since.data, form.until.data = first, last
    machine_id = _machine_id(form)
    found = (
        ()
        if machine_id is None
        else use_days(db.session(), first, last, machine_id=machine_id, **slip_list.whose_uses(current_user))
    )
    arguments = {name: text for name, text in form.as_arguments().items() if name != "member"}
    return DayReport(found, sum(one.seconds for one in found), arguments)
