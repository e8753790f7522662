"""/workshop/outside: reservations that lie outside new opening hours or rules, until they are moved or accepted."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from app.forms.rule_change import outside_line
from app.pages.declaration import POST, page
from app.pages.workshop import bp, presenter
from app.web.paging import page_number
from booking import queries
from booking.errors.schedule_errors import StaleRevision
from booking.kernel.transaction import in_write_transaction
from booking.rule_changes import rule_changes

PER_PAGE = 25


@page(bp, "/outside", access=Access(manager=WORKSHOP, admin=ALL))
def list_outside() -> ResponseReturnValue:
    """List the reservations of one's workshops that lie outside the rules."""
    page, session, workshop_ids = page_number(), db.session(), presenter.my_workshop_ids()
    offset, after = (page - 1) * PER_PAGE, page * PER_PAGE
    marks = queries.outside_marks(session, workshop_ids, now=now())
    shown = queries.with_violations(session, [mark.id for mark in marks[offset:after]])
    return render_template(
        "workshop/outside.html",
        rows=[(one, outside_line(one.reservation, one.violations)) for one in shown],
        contacts=queries.member_contacts(session, {one.reservation.member_id for one in shown}),
        count=len(marks),
        digest=rule_changes.digest_of(marks),
        page=page,
        has_next=len(marks) > after,
    )


@page(bp, "/outside/<int:reservation_id>/accept", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def accept_outside(reservation_id: int) -> ResponseReturnValue:
    """Accept a reservation as it is."""
    lookups.reservation(reservation_id)
    session, by = db.session(), current_actor()
    in_write_transaction(session, lambda: rule_changes.accept(session, reservation_id, by=by, now=now()))
    flash(_("The reservation stays as it is."))
    return redirect(url_for(".list_outside"), code=303)


@page(bp, "/outside/accept", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def accept_all_outside() -> ResponseReturnValue:
    """Accept all reservations of one's workshops as they are, if they are still those of the page."""
    session, by, workshop_ids = db.session(), current_actor(), presenter.my_workshop_ids()

    def accept() -> int:
        marks = queries.outside_marks(session, workshop_ids, now=now(), locks=True)
        rule_changes.accept_all(session, marks, by=by, now=now(), shown=request.form.get("seen", ""))
        return len(marks)

    try:
        accepted = in_write_transaction(session, accept)
    except StaleRevision:
        flash(_("The list has changed meanwhile. Nothing was accepted; please look again."), "warning")
    else:
        flash(
            ngettext("The reservation stays as it is.", "%(num)s reservations stay as they are.", accepted)
            if accepted
            else _("No reservation lies outside the rules.")
        )
    return redirect(url_for(".list_outside"), code=303)


@page(bp, "/outside/tell", methods=POST, access=Access(manager=WORKSHOP, admin=ALL))
def tell_outside() -> ResponseReturnValue:
    """Tell the members, one mail for each; who was told already gets none."""
    session, by, workshop_ids = db.session(), current_actor(), presenter.my_workshop_ids()

    def tell() -> int:
        ids = [mark.id for mark in queries.outside_marks(session, workshop_ids, now=now())]
        return rule_changes.tell_members(session, ids, by=by, now=now())

    told = in_write_transaction(session, tell)
    flash(
        ngettext("%(num)s member gets an e-mail.", "%(num)s members get an e-mail each.", told)
        if told
        else _("All members concerned were told already.")
    )
    return redirect(url_for(".list_outside"), code=303)
