"""/costs: the treasurer's overview and the member's own page."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth import permissions
from app.auth.permissions import ALL, OWN, Access
from app.clock import now
from app.extensions import db
from app.forms.period_form import PeriodForm
from app.forms.year_choice import year_choice
from app.pages.costs import bp
from app.pages.costs.books.leavers import leavers_with_open_sums
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.pools.pool_rows import key_labels, percent_of, pool_rows
from app.pages.costs.years.my_year import my_year, requested_machine
from app.pages.costs.years.year_chart import cost_chart
from app.pages.declaration import MenuEntry, page
from app.web.paging import page_number
from billing import queries
from billing.queries.budgets import budgets_of_year
from billing.queries.pools import undecided_pools
from billing.queries.recurring import proposals as proposals_of
from booking.queries import machine_slugs

LATEST = 5


@page(
    bp,
    "",
    access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN),
    menu=MenuEntry(
        _l("Costs"),
        60,
        icon="wallet2",
        bar={"member": 50, "treasurer": 20},
        phone=("member", "treasurer"),
        own="costs.mine",
    ),
)
def index() -> ResponseReturnValue:
    """Show the treasurer's tasks and a year; lead a member to the page of their own costs."""
    if not permissions.reaches_all():
        return redirect(url_for(".mine", year=request.args.get("year")), code=303)
    session = db.session()
    years = queries.years_of_ring(session, today())
    choice = year_choice(years, queries.year_with_open_work(years, today()), today=today())
    assert choice.chosen
    assert choice.days
    latest, _has_more = queries.allocations(session, days=choice.days, limit=LATEST)
    leaving = leavers_with_open_sums(session, today(), now=now())
    period = PeriodForm(formdata=None)
    period.since.data, period.until.data = choice.days
    months, totals = queries.costs_by_month(session, choice.chosen), queries.year_totals(session, choice.chosen)
    last_month = today().month if choice.chosen == today().year else 12
    proposals = proposals_of(session, today())
    return render_template(
        "costs/index.html",
        proposals=proposals[:LATEST],
        has_more_proposals=len(proposals) > LATEST,
        budgets=[one for one in budgets_of_year(session, choice.chosen) if one.total.budget_cents is not None],
        pools=pool_rows(queries.pools(session), machine_slugs(session), months, last_month, key_labels(session)),
        chart=cost_chart(months, choice.chosen, today(), queries.costs_by_month(session, choice.chosen - 1)),
        percent=percent_of(totals.divided_cents, totals.cost_cents),
        latest=latest,
        undecided=undecided_pools(session),
        unpriced=queries.unpriced_count(session),
        totals=totals,
        period=period,
        years=choice,
        leavers=leaving[:LATEST],
        has_more_leavers=len(leaving) > LATEST,
    )


@page(bp, "/mine", access=Access(member=OWN, leaver=OWN))
def mine() -> ResponseReturnValue:
    """Show what one's use costs and one's part of the machines' costs, each with its calculation."""
    session, member_id = db.session(), current_user.member_id
    years = queries.years_of_member(session, member_id, today())
    choice = year_choice(years, queries.year_of_member(session, member_id, today()), today=today())
    assert choice.chosen
    assert choice.days
    machine = requested_machine(session)
    charges, has_next = queries.charges_of_member(
        session,
        member_id,
        days=choice.days,
        machine_id=machine.id if machine else None,
        limit=PER_PAGE,
        offset=offset(),
    )
    lines, has_more_lines = queries.totals_of_member(session, member_id, days=choice.days, limit=LATEST)
    return render_template(
        "costs/mine.html",
        year=my_year(session, member_id, choice.chosen, charges, machine=machine, today=today()),
        has_charges=bool(charges),
        has_next=has_next,
        page=page_number(),
        lines=lines,
        has_more_lines=has_more_lines,
        years=choice,
        is_present=choice.chosen == today().year,
        machine=machine,
    )


@page(bp, "/mine/allocations", access=Access(member=OWN, leaver=OWN))
def my_allocations() -> ResponseReturnValue:
    """List the allocations of which the member bears a part; of all years, or of one."""
    session, member_id = db.session(), current_user.member_id
    choice = year_choice(queries.years_of_member(session, member_id, today()), None, today=today())
    lines, has_next = queries.totals_of_member(session, member_id, days=choice.days, limit=PER_PAGE, offset=offset())
    return render_template(
        "costs/my_allocations.html", lines=lines, has_next=has_next, page=page_number(), years=choice
    )
