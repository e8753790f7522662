"""/admin: the addresses of the administrator's desk. What stands behind them: members.py, logins.py, records.py."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.auth.permissions import ALL, Access
from app.extensions import db
from app.pages.admin import bp, lists
from app.pages.admin.first_steps import first_steps
from app.pages.declaration import MenuEntry, page
from app.pages.setup import steps
from booking import queries


@page(bp, "", access=Access(admin=ALL), menu=MenuEntry(_l("Administration"), 100, icon="gear"))
def index() -> ResponseReturnValue:
    """Show the parts of the administration, and what needs attention."""
    return render_template(
        "admin/index.html",
        suspension=lists.mail_suspension(db.session()),
        given_up=lists.mails_given_up_count(db.session()),
        counts=lists.counts(db.session()),
        unsplit=queries.unsplit_addresses(db.session()),
        first_steps=first_steps(db.session()),
        may_take_samples=steps.may_take_samples(db.session()),
    )
