"""/plan/card/<id>: what the small card beside a block says of its reservation, with what can be done about it."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.auth import lookups, permissions
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.clock import now
from app.pages.contacts import contacts_of
from app.pages.declaration import page
from app.pages.plan import bp
from app.web.redirects import safe_next
from booking.models import Status
from booking.queries import ReservationView
from booking.reservations.lifecycle import Step, is_possible


@page(bp, "/plan/card/<int:reservation_id>", access=Access(member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL))
def card(reservation_id: int) -> ResponseReturnValue:
    """Answer the inside of the card: who, when, for what, the phone for managers, buttons. ?back= is the plan."""
    view = lookups.reservation(reservation_id)
    return render_template(
        "plan/_card.html",
        view=view,
        contact=contacts_of([view]).get(view.member_id),
        back=safe_next(request.args.get("back"), url_for("plan.show")),
        may_move=is_possible(view, Step.MOVE, now()) and _may_move(view),
        may_decide=view.status == Status.REQUESTED
        and permissions.may_touch("approvals.decide", "POST", workshop_id=view.workshop_id),
    )


def _may_move(view: ReservationView) -> bool:
    return permissions.may_touch("reservations.move", member_id=view.member_id, workshop_id=view.workshop_id)
