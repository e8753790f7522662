"""/search: one field for everything that has a name or a number; ?q= the words, ?in= one kind, a page at a time."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.auth import permissions
from app.auth.permissions import ALL, OWN, WORKSHOP, Access
from app.extensions import db
from app.pages.declaration import page
from app.pages.search import bp
from app.pages.search.presenter import Search
from app.web.paging import page_number
from app.wording.formats import as_zone
from booking.queries import MemberName
from booking.times.wall_clock import local_day


@page(bp, "", access=Access(login=OWN, member=OWN, manager=WORKSHOP, treasurer=ALL, admin=ALL, leaver=OWN))
def show() -> ResponseReturnValue:
    """Find machines, members, reservations and slips, each within what the login may see."""
    search = Search.of(db.session(), request.args.get("q", ""), request.args.get("in", ""), page_number())
    return render_template(
        "search/show.html",
        search=search,
        groups=search.groups(),
        address_of=_address_of,
        day_of=lambda view: local_day(view.starts_at, as_zone(view.zone)),
    )


def _address_of(member: MemberName) -> str | None:
    """Return the page about a member that the login may open; else the member's charges, or slips."""
    if permissions.may("admin.member"):
        return url_for("admin.member", member_id=member.id)
    list_of_member = "costs.charges" if permissions.may("costs.charges") else "usage.index"
    return url_for(list_of_member, member=member.number)
