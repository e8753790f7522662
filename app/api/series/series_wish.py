"""What a program wishes that enters a series, by the clock of the workshop."""

from __future__ import annotations

from app.api.reservations.reservations import choices_of, lacking_of, may_decide_about, span_of_new
from app.api.series.series_models import NewSeries
from app.auth.member_logins import person_named
from app.extensions import db
from app.local_time import is_doubled
from booking.records import catalogue, ring
from booking.records.catalogue import MachineTerms
from booking.series import series_group_plan
from booking.series.series_wishes import SeriesWish
from booking.times import recurrence
from booking.times.series_times import length_by_clock
from booking.times.wall_clock import to_wall


def wish_of(body: NewSeries, member_id: int) -> SeriesWish:
    """Return the wish, with as many dates as the login may enter.

    Raises MachineNotFound, GroupRefused, SeriesRefused.
    """
    terms = _first_terms(body)
    zone = terms.policy.hours.zone
    span = span_of_new(body.first)
    wall = to_wall(span.start, zone)
    passage = span.start.astimezone(zone).fold if is_doubled(wall, zone) else body.passage
    rule = recurrence.parse(body.rrule, wall, zone)
    length = length_by_clock(span, zone)
    second = person_named(db.session(), member_id, body.second_person)
    dates_max = ring.series_dates_max(db.session(), may_decide=may_decide_about(body.first))
    return SeriesWish(
        terms.machine_id,
        member_id,
        rule,
        wall,
        length,
        passage,
        body.places,
        body.purpose,
        body.may_move_min,
        second,
        body.group_id,
        choices_of(body.first, span),
        dates_max,
        lacking_of(body.first, span),
    )


def _first_terms(body: NewSeries) -> MachineTerms:
    """Return the terms of the machine, or of the first one of the group. Raises MachineNotFound, GroupRefused."""
    if body.machine_id is not None:
        return catalogue.bookable_machine(db.session(), body.machine_id)
    assert body.group_id is not None  # require_one_target
    return series_group_plan.lent_machines(db.session(), body.group_id)[0].terms
