"""A series that was entered just now as it is answered: as it will be read, without reading it."""

from __future__ import annotations

from datetime import datetime

from app.api.series.series_models import Series, SeriesDate
from booking.series.series import FIRST_REVISION, EnteredDate, SeriesResult
from booking.series.series_wishes import SeriesWish


def entered_series(made: SeriesResult, wish: SeriesWish, entered_at: datetime) -> Series:
    """Return a series that was entered in this transaction."""
    return Series(
        id=made.id,
        uid=made.uid,
        revision=FIRST_REVISION,
        machine_id=made.machine_id,
        group_id=wish.group_id,
        member_id=wish.member_id,
        rrule=made.times.rrule,
        timezone=made.times.zone.key,
        length_minutes=made.times.length_minutes,
        first_starts_at=made.by_rule[0].occurrence.span.start,
        passage=wish.passage,
        places=wish.places,
        purpose=wish.purpose,
        may_move_min=wish.may_move_min,
        choices=list(wish.choices),
        created_at=entered_at,
        changed_at=entered_at,
        follows_id=None,
        dates=[_entered_date(one, made.machine_id) for one in made.by_rule],
    )


def _entered_date(one: EnteredDate, machine_id: int) -> SeriesDate:
    held, span = one.reservation, one.occurrence.span
    return SeriesDate(
        day=one.occurrence.day,
        starts_at=span.start if held is None else held.starts_at,
        ends_at=span.end if held is None else held.ends_at,
        is_shifted=one.occurrence.is_shifted,
        machine_id=machine_id if held is None else held.machine_id,
        reservation_id=None if held is None else held.id,
        status=None if held is None else held.status,
    )
