"""The errors of plans; their texts are in app/wording/errors/booking.py."""

from __future__ import annotations

from booking.kernel.errors import DomainError


class PlanChanged(DomainError):
    """The plan of a breakdown is not the one that was shown: something changed meanwhile. Nothing was carried out.

    facts: digest (of the plan as it is now), changed (ids of the reservations for which another thing is planned now).
    """

    code = "plan_changed"


class OldTimeGone(DomainError):
    """A reservation was not moved by a re-plan, is not where that left it, or its other time has begun."""

    code = "old_time_gone"
