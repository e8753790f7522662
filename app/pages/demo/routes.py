"""/demo/switch: log in as another person of the demo ring, in one click.

Only where `ring demo` loaded the ring, which the ring's own record says and no form can change: samples in a ring of
somebody's own are none. The password of the demo is public, so nothing is opened here that is not open anyway: a login
whose password was changed asks for it, and one that is not the demo's is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth import login_sessions, passwords, second_factor
from app.auth.models import User
from app.auth.permissions import EVERYBODY
from app.clock import now
from app.extensions import db, limiter
from app.pages.auth.limits import login_limit
from app.pages.auth.session_start import device_of, landing_page, session_days, start_session
from app.pages.declaration import POST, page
from app.pages.demo import bp
from app.ring_card import ring_card
from booking.kernel.transaction import in_write_transaction

# Role -> the login that stands for it. Written here, too, because importing the demo would cost every start its time.
OF_ROLE = {
    "member": "anna@demo.example",
    "manager": "wanda@demo.example",
    "treasurer": "karl@demo.example",
    "admin": "rita@demo.example",
}
PEOPLE = frozenset([*OF_ROLE.values(), "bernd@demo.example"])
LABELS: dict[str, Any] = {
    "member": _l("Member"),
    "manager": _l("Workshop"),
    "treasurer": _l("Treasurer"),
    "admin": _l("Administration"),
}


@dataclass(frozen=True, slots=True)
class DemoRole:
    """A role as a button. is_present: the one that looks at the page."""

    code: str
    label: str
    is_present: bool


@page(bp, "/switch", methods=POST, access=EVERYBODY, before_second_factor=True)
@limiter.limit(login_limit, methods=["POST"])
def switch() -> ResponseReturnValue:
    """Log in as the person of the demo who has a role."""
    email = OF_ROLE.get(request.form.get("role", ""))
    if not may_switch() or email is None:
        abort(404)
    session = db.session()
    user_id = _open_login(session, email)
    if user_id is None:
        flash(_("This login of the demo was changed. Log in with its password."))
        return redirect(url_for("auth.login"), code=303)
    old_token = current_user.session_token if current_user.is_authenticated else ""
    start_session(in_write_transaction(session, lambda: _log_in(session, user_id, old_token)))
    return redirect(landing_page(), code=303)


def may_switch() -> bool:
    """Return whether roles can be switched here: in the demo ring, by its people and by visitors."""
    if not ring_card().is_demo:
        return False
    return not current_user.is_authenticated or current_user.email in PEOPLE


def demo_roles() -> Sequence[DemoRole]:
    """Return the roles that the present page offers to switch to; none outside the demo."""
    if not may_switch():
        return ()
    present = current_user.email if current_user.is_authenticated else ""
    return [DemoRole(code, str(LABELS[code]), OF_ROLE[code] == present) for code in OF_ROLE]


@bp.record_once
def offer_to_templates(state: Any) -> None:
    """Let the layout ask for the roles."""
    state.app.jinja_env.globals["demo_roles"] = demo_roles


def _open_login(session: Session, email: str) -> int | None:
    """Return a login of the demo that has the public password and no second factor. Raises TooManyAttempts."""
    from app.demo.people import PASSWORD  # imported here: it brings the whole demo along

    found = select(User.id, User.password_hash).where(User.email == email, User.disabled_at.is_(None))
    row = session.execute(found).one_or_none()
    if row is None or second_factor.is_on(session, row.id):
        return None
    session.rollback()  # verifying takes long; end the read transaction before it
    with passwords.hashing_slot():
        return row.id if passwords.matches(PASSWORD, row.password_hash) else None


def _log_in(session: Session, user_id: int, old_token: str) -> str:
    if old_token:
        login_sessions.close_session(session, old_token)
    device, days = device_of(request.user_agent.string), session_days(is_shared=False)
    return login_sessions.open_session(session, user_id, now=now(), days=days, device=device)
