"""The conditions of a hand-out that are no rules of reserving, as the event log names them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

CONDITION_NAMES = {
    "machine_retired": _l("Retired"),
    "machine_closed": _l("Closure"),
    "login_ended": _l("Login ended"),
    "operator": _l("Who runs it"),
    "supervisor": _l("Who supervises it"),
    "supervisor_missing": _l("Who supervises it"),
    "second_person_same": _l("Two persons"),
}
