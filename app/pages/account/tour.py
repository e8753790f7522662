"""/account/tour/end: the tour is not offered again."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.auth import profiles
from app.auth.permissions import LOGGED_IN
from app.clock import now
from app.extensions import db
from app.pages.account import bp
from app.pages.declaration import POST, page
from booking.kernel.transaction import in_write_transaction


@page(bp, "/tour/end", methods=POST, access=LOGGED_IN)
def end_tour() -> ResponseReturnValue:
    """End the tour for good."""
    session, user_id = db.session(), current_user.id
    in_write_transaction(session, lambda: profiles.end_tour(session, user_id, now=now()))
    return redirect(url_for("today.show"), code=303)
