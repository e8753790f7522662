"""/today: what comes next for the present login."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from app.pages.admin.first_steps import first_steps
from app.pages.approvals.routes import workshop_ids_to_decide
from app.pages.declaration import MenuEntry, page
from app.pages.today import bp
from app.pages.today.manager import manager_desk
from app.pages.today.member import greeting, member_desk
from app.pages.today.treasurer import treasurer_desk
from app.wording import formats
from booking import queries
from booking.times.wall_clock import local_day

ANNOUNCEMENTS_SHOWN = 3


@page(
    bp,
    "/today",
    access=LOGGED_IN,
    menu=MenuEntry(
        _l("Today"),
        10,
        icon="house-door",
        bar={"member": 10, "manager": 10, "treasurer": 10, "admin": 10},
        phone=("member", "manager", "treasurer", "admin"),
    ),
)
def show() -> ResponseReturnValue:
    """Show what comes next for a member, what waits for a manager, what is open for the treasurer."""
    session, instant = db.session(), now()
    is_manager = current_user.is_admin or bool(current_user.managed_workshop_ids)
    member = manager = None
    if current_user.member_id is not None:
        member = member_desk(session, current_user.member_id, now=instant)
    if is_manager:
        manager = manager_desk(session, workshop_ids_to_decide(), now=instant)
    today = local_day(instant, formats.as_zone(None))
    said = queries.announcements(session, today, limit=ANNOUNCEMENTS_SHOWN + 1)
    return render_template(
        "today/show.html",
        today=today,
        greeting=greeting(current_user.name, instant, formats.as_zone(None)),
        member=member,
        manager=manager,
        accounts=treasurer_desk(session, today) if current_user.is_treasurer else None,
        instant=instant,
        announcements=said[:ANNOUNCEMENTS_SHOWN],
        more_announcements=len(said) > ANNOUNCEMENTS_SHOWN,
        first_steps=first_steps(session) if current_user.is_admin else (),
        may_take_samples=False,
    )
