"""The will to overrule rules with a reason, as programs send it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.api import problems
from app.api.problems import Refusal
from booking.records.overruling import Overruling

ONLY_MANAGERS = _l("only for managers of the workshop and administrators")


def read_overruling(text: str, *, may_decide: bool) -> Overruling | None:
    """Return the will to overrule rules; None without a reason. Raises Refusal for who may not decide."""
    reason = text.strip()
    if not reason:
        return None
    if not may_decide:
        raise Refusal(problems.invalid(problems.field_error("overrule_reason", str(ONLY_MANAGERS))))
    return Overruling(reason)
