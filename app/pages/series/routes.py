"""/series: the list, one series, putting back a date, cancelling the rest, deciding about all."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from app.auth import lookups, permissions
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.span_form import clean
from app.forms.submit import submit
from app.pages.declaration import GET_POST, POST, page
from app.pages.series import bp, presenter
from app.pages.series.forms import ActionForm, CancelRestForm, DeclineForm
from app.web.paging import page_number
from app.wording.series import series_sentence
from billing.tariffs.asked_amounts import LackingVariants
from booking.errors.schedule_errors import DecisionsRefused, StaleRevision
from booking.queries import series as series_queries
from booking.queries.series import SeriesView
from booking.series import series, series_decisions

PER_PAGE = 20
CHANGE = Access(member=OWN, manager=WORKSHOP, admin=ALL)
READ = Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL)
DECIDE = Access(manager=WORKSHOP, admin=ALL)


@page(bp, "", access=READ)
def index() -> ResponseReturnValue:
    """List one's own series, or those of the workshops that one may see (?of=workshop), the newest first."""
    of_workshop = request.args.get("of") == "workshop" or current_user.member_id is None
    before = request.args.get("before", "")
    found = series_queries.series_list(
        db.session(),
        member_id=None if of_workshop else current_user.member_id,
        workshop_ids=_workshop_ids() if of_workshop else None,
        before=int(before) if before.isdecimal() and len(before) < 10 else None,
        limit=PER_PAGE + 1,
    )
    shown = found[:PER_PAGE]
    return render_template(
        "series/index.html",
        found=[(view, series_sentence(view.times)) for view in shown],
        of_workshop=of_workshop,
        may_see_workshop=_workshop_ids() != frozenset(),
        next_before=shown[-1].id if len(found) > PER_PAGE else None,
    )


@page(bp, "/<int:series_id>", access=READ)
def show(series_id: int) -> ResponseReturnValue:
    """Show one series with all its dates."""
    return _page(lookups.series(series_id))


@page(bp, "/<int:series_id>/put-back", methods=POST, access=CHANGE)
def put_back(series_id: int) -> ResponseReturnValue:
    """Reserve a date that was skipped or has ended without use."""
    view, session, form = lookups.series(series_id), db.session(), ActionForm()
    approve = permissions.may_touch("approvals.decide", "POST", workshop_id=view.workshop_id)
    done = submit(
        form,
        lambda: series.put_back(
            session,
            series_id,
            form.chosen_day,
            by=current_actor(),
            now=now(),
            approve=approve,
            lacking=LackingVariants(session),
        ),
        message=_("The date is reserved again."),
        location=url_for("series.show", series_id=series_id),
    )
    return done if done is not None else (_page(view, form), form.status)


@page(bp, "/<int:series_id>/cancel", methods=GET_POST, access=CHANGE, keeps_input=True)
def cancel(series_id: int) -> ResponseReturnValue:
    """Ask whether the dates to come shall be cancelled, say what it means, and cancel them."""
    view, session, form = lookups.series(series_id), db.session(), CancelRestForm()
    if not form.is_submitted():
        form.revision.data = view.revision
    cancelled = submit(
        form,
        lambda: series.cancel_rest(
            session,
            series_id,
            by=current_actor(),
            now=now(),
            reason=clean(form.reason.data),
            workshop_ids=permissions.workshops_within(view.member_id),
            revision=form.revision.data,
        ),
        message="",
        location=lambda found: _cancelled(series_id, len(found)),
    )
    if cancelled is not None:
        return cancelled
    if isinstance(form.refusal, StaleRevision):
        form.revision.data = lookups.series(series_id).revision
    page_of = presenter.cancel_page(session, view, now=now(), number=page_number())
    return render_template("series/cancel.html", form=form, page=page_of), form.status


@page(bp, "/<int:series_id>/approve", methods=POST, access=DECIDE)
def approve(series_id: int) -> ResponseReturnValue:
    """Approve all dates that wait."""
    view, session, form = lookups.series(series_id), db.session(), ActionForm()
    done = submit(
        form,
        lambda: series_decisions.decide(
            session,
            series_id,
            is_approved=True,
            by=current_actor(),
            now=now(),
            workshop_ids=permissions.workshops_within(),
        ),
        message="",
        location=lambda decided: _approved(series_id, len(decided)),
    )
    return done if done is not None else (_page(view, form), form.status)


@page(bp, "/<int:series_id>/decline", methods=GET_POST, access=DECIDE, keeps_input=True)
def decline(series_id: int) -> ResponseReturnValue:
    """Decline all dates that wait, with one reason."""
    view, session, form = lookups.series(series_id), db.session(), DeclineForm()
    if not form.is_submitted():
        form.revision.data = view.revision
    declined = submit(
        form,
        lambda: series_decisions.decide(
            session,
            series_id,
            is_approved=False,
            by=current_actor(),
            now=now(),
            reason=clean(form.reason.data),
            workshop_ids=permissions.workshops_within(),
            revision=form.revision.data,
        ),
        message=_("The dates that waited are declined; their time is free again."),
        location=url_for("series.show", series_id=series_id),
    )
    if declined is not None:
        return declined
    if isinstance(form.refusal, StaleRevision):
        form.revision.data = lookups.series(series_id).revision
    shown = presenter.series_page(session, view, now=now())
    return render_template("series/decline.html", form=form, page=shown), form.status


def _cancelled(series_id: int, count: int) -> str:
    """Flash how many dates were cancelled; return the address of the series."""
    if count:
        text = ngettext(
            "%(num)s date is cancelled; its time is free again.",
            "%(num)s dates are cancelled; their time is free again.",
            count,
        )
        flash(text)
    else:
        flash(_("No date is left to cancel."))
    return url_for("series.show", series_id=series_id)


def _approved(series_id: int, count: int) -> str:
    """Flash how many dates were approved; return the address of the series."""
    flash(ngettext("%(num)s date is approved.", "%(num)s dates are approved.", count))
    return url_for("series.show", series_id=series_id)


def _page(view: SeriesView, form: ActionForm | None = None) -> str:
    """Return the page of a series; form: a button that was refused, with the reasons of dates not approved."""
    refusal = form.refusal if form is not None else None
    refusals = refusal.refusals if isinstance(refusal, DecisionsRefused) else {}
    number = page_number() if "page" in request.args else None
    shown = presenter.series_page(db.session(), view, now=now(), refusals=refusals, number=number)
    return render_template("series/show.html", page=shown, refusal=" ".join(form.form_errors) if form else "")


def _workshop_ids() -> frozenset[int] | None:
    """Return the workshops whose series the login may list; None: all."""
    if current_user.is_admin or current_user.is_treasurer:
        return None
    return current_user.managed_workshop_ids
