"""What a login that may decide about a machine can do: approve its own entry, and overrule rules with a reason.

And for who may not: whether a request may stay undecided.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.auth import permissions
from app.extensions import db
from app.forms.repeat import RepeatMixin
from app.forms.span_form import clean
from app.pages.reservations.forms import OverrulingForm
from booking import queries
from booking.errors.schedule_errors import Violation
from booking.records import overruling, ring
from booking.records.overruling import OF_RESERVING, Overruling
from booking.times.opening_hours import ALWAYS, WeeklyHours
from booking.timespan import TimeSpan

ENOUGH_TO_DECIDE = timedelta(hours=2)  # of opening time, before anybody can be expected to decide


def may_decide(workshop_id: int) -> bool:
    """Return whether the login decides about the machines of a workshop."""
    return permissions.may_touch("approvals.decide", "POST", workshop_id=workshop_id)


def offer_dates(form: RepeatMixin, workshop_id: int) -> None:
    """Set how many dates the login may enter for a series. Call before the rule is read."""
    form.times_max = ring.series_dates_max(db.session(), may_decide=may_decide(workshop_id))


def overruling_of(form: OverrulingForm, workshop_id: int) -> Overruling | None:
    """Return the will to overrule rules, with the reason that was typed; None without one or without the right."""
    reason = clean(form.overrule_reason.data)
    return Overruling(reason) if reason and may_decide(workshop_id) else None


def can_overrule(violations: Collection[Violation], workshop_id: int) -> bool:
    """Return whether rules are broken, and the login may overrule every one of them."""
    return bool(violations) and overruling.may_overrule(violations, OF_RESERVING) and may_decide(workshop_id)


def is_decision_doubtful(session: Session, workshop_id: int, now: datetime, deadline: datetime) -> bool:
    """Return whether a request may stay undecided, because the workshop is hardly open before its deadline."""
    if deadline <= now:
        return True
    workshop = queries.workshop(session, workshop_id)
    region = workshop.holidays_region if workshop.is_closed_on_holidays else ""
    hours = WeeklyHours(workshop.zone, workshop.openings or ALWAYS, region)
    return hours.open_time(TimeSpan(now, deadline), ENOUGH_TO_DECIDE) < ENOUGH_TO_DECIDE
