"""Maintenance by the meter as text: how much of an interval is used, and when it is due."""

from __future__ import annotations

from flask_babel import gettext as _

from app.wording.billing import format_exact_amount
from app.wording.formats import format_amount, format_day
from booking.queries.maintenance import MaintenanceView


def used_text(view: MaintenanceView) -> str:
    """Return how much is used: 217.0 engine hours of 250.0 engine hours."""
    used, whole = format_amount(view.used, view.charge_unit), format_amount(view.interval_amount, view.charge_unit)
    return _("%(used)s of %(interval)s", used=used, interval=whole)


def due_text(view: MaintenanceView) -> str:
    """Return when it is due at the present rate of use; "" where that cannot be said."""
    if view.is_over:
        return _("due now")
    if view.due_on is None:
        return ""
    return _("due about %(day)s at the present rate", day=format_day(view.due_on))


def reading_text(small: int, unit: str) -> str:
    """Return a reading of a meter."""
    return format_exact_amount(small, unit)
