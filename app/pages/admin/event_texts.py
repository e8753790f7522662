"""The event log in words: what each kind of event means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.pages.formats import money, when

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


# What an event records, in words and in the order in which it is said.
FACT_NAMES: dict[str, Any] = {
    "table": _l("record"),
    "record_id": _l("number"),
    "what": _l("changed fields"),
    "reservation_id": _l("reservation"),
    "machine_id": _l("machine"),
    "member_id": _l("member"),
    "workshop_id": _l("workshop"),
    "user_id": _l("login"),
    "token_id": _l("token"),
    "usage_id": _l("usage slip"),
    "blocking_id": _l("closure"),
    "charge_id": _l("usage charge"),
    "reverses_id": _l("reverses"),
    "allocation_id": _l("allocation"),
    "pool_id": _l("cost pool"),
    "starts_at": _l("from"),
    "ends_at": _l("until"),
    "old_starts_at": _l("before: from"),
    "old_ends_at": _l("before: until"),
    "valid_from": _l("valid from"),
    "valid_until": _l("valid until"),
    "cents": _l("amount"),
    "total_cents": _l("total"),
    "revision": _l("revision"),
    "is_treasurer": _l("treasurer"),
    "is_admin": _l("administrator"),
    "is_deputy": _l("deputy"),
    "is_late": _l("late"),
    "is_read_only": _l("may only read"),
    "was_request": _l("was a request"),
    "was_corrected": _l("corrected"),
    "needs_decision": _l("to be decided"),
    "by_link": _l("by link"),
}

RECORD_NAMES: dict[str, Any] = {
    "ring": _l("settings of the ring"),
    "workshop": _l("workshop"),
    "member": _l("member"),
    "login": _l("login"),
    "machine": _l("machine"),
    "induction_kind": _l("kind of induction"),
    "induction": _l("induction"),
    "tariff": _l("tariff"),
    "pool": _l("cost pool"),
    "share": _l("share of a member"),
    "cost": _l("cost"),
    "feed": _l("calendar subscription"),
}


def event_name(kind: str) -> str:
    """A kind of event in words."""
    return str(EVENT_NAMES.get(kind, kind.replace("_", " ").capitalize()))


def facts_words(facts: dict[str, Any]) -> str:
    """The facts of an event in one line; what is empty is left out."""
    known = [name for name in FACT_NAMES if name in facts]
    unknown = sorted(facts.keys() - FACT_NAMES.keys())
    kept = [name for name in known + unknown if facts[name] not in ("", None)]
    return ", ".join(f"{FACT_NAMES.get(name, name)} {_said(name, facts[name])}" for name in kept)


def _said(name: str, value: Any) -> str:
    """Instants are recorded in seconds since 1970, money in cents."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "table":
        return str(RECORD_NAMES.get(value, value))
    if name.endswith("cents") and isinstance(value, int):
        return money(value)
    if name.endswith("_at") and isinstance(value, int):
        return when(datetime.fromtimestamp(value, UTC))
    return str(value)
