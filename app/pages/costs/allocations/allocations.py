"""/costs/pools/…/allocate and /costs/allocations: preview, post, look up, reverse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, Access
from app.background.allocation_length import is_long_allocation
from app.background.deferral import deferred, offered
from app.clock import now
from app.extensions import db
from app.forms.period_form import PeriodForm
from app.forms.submit import submit
from app.forms.year_choice import year_choice
from app.pages.costs import bearers, bp, presenter
from app.pages.costs.allocations.explanation import explain
from app.pages.costs.allocations.picture import posted_picture, preview_picture
from app.pages.costs.counted_names import counted_name
from app.pages.costs.desk import PER_PAGE, offset, today
from app.pages.costs.forms import PostForm, ReverseForm
from app.pages.declaration import POST, MenuEntry, page
from app.web.paging import page_number
from app.wording.errors import sentence_of
from billing import queries
from billing.allocations import allocations as billing_allocations
from billing.allocations.periods import Period, proposed_period
from billing.allocations.preview_models import Preview
from billing.allocations.previews import preview_allocation
from billing.errors.money_errors import NothingToAllocate
from billing.ledger.posting_days import CLOSED, posting_date, state_of_day
from billing.queries import PoolView, WaitingCosts
from billing.queries.counted import counted_cents
from booking.kernel.errors import DomainError
from booking.queries import machine_slugs


@page(bp, "/pools/<int:pool_id>/allocate", access=Access(treasurer=ALL, admin=ALL), is_expensive=True)
def allocate(pool_id: int) -> ResponseReturnValue:
    """Show the preview of an allocation before anything is posted."""
    pool = queries.pool(db.session(), pool_id)
    if "from" not in request.args:
        period = PeriodForm(formdata=None)
        period.since.data, period.until.data = proposed_period(pool.waiting_from, today())
    else:
        period = PeriodForm(formdata=request.args)
        if not period.validate():
            return _preview_page(pool, period, 422)
    return offered(is_long=_is_long(pool, period.period)) or _preview_page(pool, period, 200)


def _is_long(pool: PoolView, period: Period) -> bool:
    return is_long_allocation(db.session(), pool.id, period)


@page(
    bp, "/pools/<int:pool_id>/allocate", methods=POST, access=Access(treasurer=ALL), keeps_input=True, is_expensive=True
)
def post(pool_id: int) -> ResponseReturnValue:
    """Post the preview that was shown; if it has changed since, show the new one instead."""
    session, form = db.session(), PostForm()
    pool = queries.pool(session, pool_id)
    if form.is_dated and (task := deferred(is_long=_is_long(pool, form.period))):
        return task
    posted = submit(
        form,
        lambda: _post(pool_id, form),
        message=_("The allocation is posted. Each member sees their own part of it."),
        location=_allocation_url,
    )
    if posted is not None:
        return posted
    if form.since.errors or form.until.errors or form.digest.errors:
        abort(422)
    if isinstance(form.refusal, NothingToAllocate) and (posted_id := _posted_by_the_same(pool_id, form)) is not None:
        flash(_("This has already been entered; a second click changes nothing."))
        return redirect(_allocation_url(posted_id), code=303)
    return _preview_again(pool, form)


def _post(pool_id: int, form: PostForm) -> int:
    digest, note = form.digest.data or "", form.note.data or ""
    return billing_allocations.post_allocation(
        db.session(), pool_id, *form.period, digest=digest, by=current_actor(), now=now(), note=note
    ).id


def _allocation_url(allocation_id: int) -> str:
    return url_for(".allocation", allocation_id=allocation_id)


def _posted_by_the_same(pool_id: int, form: PostForm) -> int | None:
    """Return the allocation posted by a first click on the same form, if it is the pool's newest and effective."""
    newest, _has_older = queries.allocations(db.session(), pool_id=pool_id, limit=1)
    for one in newest:
        is_whole = one.reverses_id is None and one.reversed_by_id is None
        if is_whole and (one.period_from, one.period_until, one.note) == (*form.period, (form.note.data or "").strip()):
            return one.id
    return None


@page(
    bp,
    "/allocations",
    access=Access(treasurer=ALL, admin=ALL),
    menu=MenuEntry(_l("Allocations"), 64, icon="pie-chart", bar={"treasurer": 50}),
)
def allocations() -> ResponseReturnValue:
    """List allocations and reversals, newest first; of all years, or of one."""
    session = db.session()
    choice = year_choice(queries.years_of_ring(session, today()), None, today=today())
    listed, has_next = queries.allocations(session, days=choice.days, limit=PER_PAGE, offset=offset())
    return render_template("costs/allocations.html", listed=listed, has_next=has_next, page=page_number(), years=choice)


@page(bp, "/allocations/<int:allocation_id>", access=Access(member=OWN, treasurer=ALL, admin=ALL, leaver=OWN))
def allocation(allocation_id: int) -> ResponseReturnValue:
    """Show a posted allocation; to a member only the member's own lines."""
    return _allocation_page(allocation_id, ReverseForm(formdata=None))


@page(bp, "/allocations/<int:allocation_id>/reverse", methods=POST, access=Access(treasurer=ALL), keeps_input=True)
def reverse(allocation_id: int) -> ResponseReturnValue:
    """Reverse an allocation."""
    session, form = db.session(), ReverseForm()
    reversed_ = submit(
        form,
        lambda: (
            billing_allocations.reverse_allocation(
                session, allocation_id, form.reason.data or "", by=current_actor(), now=now()
            ).id
        ),
        message=_("The allocation is reversed. Its costs wait for a new one."),
        location=_allocation_url,
    )
    return reversed_ or _allocation_page(allocation_id, form)


def _preview_again(pool: PoolView, form: PostForm) -> ResponseReturnValue:
    """Show the present preview with the note that was typed."""
    period = PeriodForm(formdata=None)
    period.since.data, period.until.data = form.period
    return _preview_page(pool, period, form.status, [*form.note.errors, *form.form_errors], note=form.note.data or "")


def _preview_page(
    pool: PoolView, period: PeriodForm, status: int, reasons: Sequence[str] = (), note: str = ""
) -> ResponseReturnValue:
    """Show the preview of a period, or the reason why there is none."""
    session = db.session()
    preview, table, posting = None, None, PostForm(formdata=None)
    if not period.errors:
        try:
            preview = preview_allocation(session, pool.id, *period.period)
        except DomainError as nothing:
            reasons = list(dict.fromkeys([*reasons, sentence_of(nothing)]))  # not twice what refused the posting
        else:
            table = presenter.preview_breakdown(session, preview, page_number())
            posting.since.data, posting.until.data = period.period
            posting.digest.data, posting.note.data = preview.digest, note
    page = render_template(
        "costs/allocate.html",
        pool=pool,
        period=period,
        reasons=reasons,
        preview=preview,
        table=table,
        picture=preview_picture(session, preview, table.heads) if preview and table else None,
        slug=machine_slugs(session)[pool.machine_id],
        page=page_number(),
        posting=posting,
        decides=bearers.group_sentences(session, preview) if preview else (),
        other_periods=bearers.period_sentences(session, preview) if preview else (),
        warnings=bearers.warning_sentences(session, preview.warnings) if preview else (),
        has_guests=any(warning.code == "guests" for warning in preview.warnings) if preview else False,
        elsewhere=_elsewhere(pool, preview) if not period.errors else (),
        posted_on=_posted_on(period) if preview else None,
        is_correction=preview is not None and state_of_day(session, preview.period_until) == CLOSED,
    )
    return page, status


def _posted_on(period: PeriodForm) -> date:
    """Return the posting date that the allocation would get now."""
    return posting_date(db.session(), period.period[1], by=current_actor(), now=now())


def _elsewhere(pool: PoolView, preview: Preview | None) -> tuple[WaitingCosts, ...]:
    """Return the unallocated costs of the pool that the preview does not divide, by year."""
    counts, cents = Counter[int](), Counter[int]()
    for cost in preview.costs if preview else ():
        counts[cost.service_date.year] += 1
        cents[cost.service_date.year] += cost.net_cents
    waiting = queries.waiting_by_year(db.session(), pool_id=pool.id)
    return tuple(
        WaitingCosts(one.year, one.count - counts[one.year], one.cents - cents[one.year])
        for one in waiting
        if one.count > counts[one.year]
    )


def _allocation_page(allocation_id: int, form: ReverseForm) -> ResponseReturnValue:
    member_id = lookups.bearing_member_id()
    if member_id is not None:
        return _explained(allocation_id, member_id)
    session = db.session()
    view, table = presenter.posted_breakdown(session, allocation_id, page_number())
    page = render_template(
        "costs/allocation.html",
        allocation=view,
        machine=counted_name(session, view.pool_id, view, view.period_until),
        slug=machine_slugs(session)[view.machine_id],
        table=table,
        picture=posted_picture(session, allocation_id, table.heads),
        bearers=queries.bearer_count(session, allocation_id),
        page=page_number(),
        costs=queries.posted_costs(session, allocation_id),
        form=form,
    )
    return page, form.status


def _explained(allocation_id: int, member_id: int) -> ResponseReturnValue:
    """Show a member what their own part of an allocation is made of."""
    session = db.session()
    view, groups = lookups.allocation(allocation_id)
    own = queries.slips_of_bearers(session, allocation_id, [member_id], limit=presenter.SLIPS_SHOWN)
    counted = counted_cents(session, allocation_id, [member_id])
    table = presenter.with_counted(presenter.breakdown(session, groups, *own), counted, sum(counted.values()))
    return render_template(
        "costs/explained.html",
        allocation=view,
        machine=counted_name(session, view.pool_id, view, view.period_until),
        slug=machine_slugs(session)[view.machine_id],
        page=explain(session, view, table.rows[0], member_id),
    )
