"""/costs: the treasurer's overview and the member's own page."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.auth.permissions import ALL, OWN, Access
from app.extensions import db
from app.forms.period_form import PeriodForm
from app.pages.costs import bp, presenter
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.declaration import MenuEntry, page
from app.web.paging import page_number
from billing import queries

LATEST = 5


@page(bp, "", access=Access(member=OWN, treasurer=ALL, admin=ALL), menu=MenuEntry(_l("Costs"), 60, treasurer_order=2))
def index() -> ResponseReturnValue:
    """Show the treasurer's tasks; lead a member to the page of their own costs."""
    if not permissions.reaches_all():
        return redirect(url_for(".mine"), code=303)
    session = db.session()
    latest, _has_more = queries.allocations(session, limit=LATEST)
    period = PeriodForm(formdata=None)
    period.since.data, period.until.data = today().replace(month=1, day=1), today()
    return render_template(
        "costs/index.html",
        pools=queries.pools(session),
        latest=latest,
        unpriced=queries.unpriced_count(session),
        machines=presenter.machine_names(session),
        totals=queries.year_totals(session, today().year),
        period=period,
    )


@page(bp, "/mine", access=Access(member=OWN))
def mine() -> ResponseReturnValue:
    """Show what one's use costs and one's part of the machines' costs, each with its calculation."""
    session, member_id = db.session(), current_user.member_id
    charges, has_next = queries.charges_of_member(session, member_id, limit=PER_PAGE, offset=offset())
    lines, has_more_lines = queries.totals_of_member(session, member_id, limit=LATEST)
    return render_template(
        "costs/mine.html",
        charges=charges,
        has_next=has_next,
        page=page_number(),
        lines=lines,
        has_more_lines=has_more_lines,
        machines=presenter.machine_names(session),
        year=today().year,
        charged_cents=queries.charged_since(session, member_id, today().replace(month=1, day=1)),
    )


@page(bp, "/mine/allocations", access=Access(member=OWN))
def my_allocations() -> ResponseReturnValue:
    """List the allocations of which the member bears a part."""
    lines, has_next = queries.totals_of_member(db.session(), current_user.member_id, limit=PER_PAGE, offset=offset())
    return render_template("costs/my_allocations.html", lines=lines, has_next=has_next, page=page_number())
