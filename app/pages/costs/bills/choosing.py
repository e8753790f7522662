"""/costs/new: from the menu to the form of a bill, by way of its cost pool."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.auth.permissions import ALL, Access
from app.extensions import db
from app.pages.costs import bp
from app.pages.declaration import ACTION, MenuEntry, page
from billing import queries
from booking.queries import machine_slugs

BILL = MenuEntry(_l("Bill"), 61, icon="plus-lg", bar={"treasurer": ACTION}, phone=("treasurer",), roles=("treasurer",))


@page(bp, "/new", access=Access(treasurer=ALL), menu=BILL)
def choose_pool() -> ResponseReturnValue:
    """Ask for which pool a bill is entered; with one pool alone go on to its form."""
    session = db.session()
    pools = queries.pools(session)
    if len(pools) == 1:
        return redirect(url_for("costs.new_cost", pool_id=pools[0].id))
    return render_template("costs/choose_pool.html", pools=pools, slugs=machine_slugs(session))
