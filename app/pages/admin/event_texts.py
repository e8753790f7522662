"""The event log in words: what each kind of event means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.pages.formats import when

EVENT_NAMES: dict[str, Any] = {
    "login_invited": _l("Login invited"),
    "invitation_accepted": _l("Invitation accepted"),
    "login_made": _l("Login made"),
    "password_link_sent": _l("Link for a new password sent"),
    "password_changed": _l("Password changed"),
    "login_disabled": _l("Login disabled"),
    "login_enabled": _l("Login enabled"),
    "roles_changed": _l("Roles changed"),
    "manager_named": _l("Manager or deputy named"),
    "manager_withdrawn": _l("Manager or deputy withdrawn"),
    "api_token_made": _l("Token for a program made"),
    "api_token_revoked": _l("Token for a program revoked"),
    "record_changed": _l("Record entered or changed"),
    "reservation_requested": _l("Reservation requested"),
    "reservation_confirmed": _l("Reservation confirmed"),
    "reservation_rejected": _l("Request declined"),
    "reservation_moved": _l("Reservation moved"),
    "reservation_cancelled": _l("Reservation cancelled"),
    "reservation_expired": _l("Request expired"),
    "reservation_no_show": _l("Machine not fetched"),
    "machine_handed_out": _l("Machine handed out"),
    "machine_handed_back": _l("Machine handed back"),
    "slip_objected": _l("Objection to a usage slip"),
    "slip_answered": _l("Objection answered"),
    "machine_closed": _l("Machine closed"),
    "closure_changed": _l("Closure changed"),
    "closure_lifted": _l("Closure lifted"),
    "use_charged": _l("Use charged"),
    "allocation_posted": _l("Allocation posted"),
    "allocation_reversed": _l("Allocation reversed"),
}


def event_name(kind: str) -> str:
    """A kind of event in words."""
    return str(EVENT_NAMES.get(kind, kind.replace("_", " ").capitalize()))


def facts_words(facts: dict[str, Any]) -> str:
    """The facts of an event in one line, as they were recorded."""
    kept = {name: value for name, value in sorted(facts.items()) if value not in ("", None)}
    return ", ".join(f"{name} {_said(name, value)}" for name, value in kept.items())


def _said(name: str, value: Any) -> str:
    """Instants are recorded in seconds since 1970."""
    if name.endswith("_at") and isinstance(value, int):
        return when(datetime.fromtimestamp(value, UTC))
    return str(value)
