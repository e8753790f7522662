"""Request and response models of changing a series."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from app.api import problems
from app.api.fields import Day, Id, Instant, RequestModel, ResponseModel, Text
from app.api.series.series_models import Alternative, Violation, status_of
from booking.series.series import OnConflict
from booking.series_change.models import ChangedDate, ChangePlan, Scope, SeriesChange

LENGTH_MAX = 366 * 24 * 60  # minutes: no machine is lent for longer


class SeriesPatch(RequestModel):
    """A change of dates that have not begun. What is null stays.

    scope: `one` (the date of the day), `following` (it and those after it) or `all`; day: as in `dates`. start_time:
    by the clock, "09:00"; length_minutes: by the clock too. A date that was moved alone keeps its time, unless it alone
    is meant. on_conflict: for dates that cannot be changed, `refuse` changes nothing, `skip` lets them stay as they
    are, `alternative` takes the nearest time that is possible. passage: as in NewSeries. preview: true changes nothing
    and returns what would become of each date; digest: of that preview, so that nothing else is carried out.
    overrule_reason: why who approves here overrules rules; the event log keeps it.
    """

    scope: Scope
    day: Day | None = None
    start_time: Annotated[str, StringConstraints(strict=True, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    length_minutes: Annotated[int, Field(strict=True, ge=1, le=LENGTH_MAX)] | None = None
    machine_id: Id | None = None
    purpose: Text | None = None
    passage: Annotated[int, Field(strict=True, ge=0, le=1)] | None = None
    on_conflict: OnConflict = OnConflict.REFUSE
    preview: StrictBool = False
    digest: Annotated[str, StringConstraints(strict=True, max_length=64)] | None = None
    overrule_reason: Text = ""

    @property
    def change(self) -> SeriesChange:
        """The change that is wished."""
        return SeriesChange(
            scope=self.scope,
            day=self.day,
            starts_at=None if self.start_time is None else time.fromisoformat(self.start_time),
            length=None if self.length_minutes is None else timedelta(minutes=self.length_minutes),
            machine_id=self.machine_id,
            purpose=self.purpose,
            passage=self.passage,
        )


class ChangedSeriesDate(ResponseModel):
    """One date of a changed series. starts_at, ends_at, machine_id: as wished. status: as in PlannedSeriesDate.

    unchanged: it stays as it is. needs_approval: it would wait for a decision.
    """

    day: date
    reservation_id: int
    starts_at: Instant
    ends_at: Instant
    machine_id: int
    is_shifted: bool
    needs_approval: bool
    status: Literal["possible", "taken", "refused", "unchanged"]
    violations: list[Violation]
    alternative: Alternative | None


class SeriesChangePreview(ResponseModel):
    """What would become of each date that a change is about. possible, refused: how many dates."""

    digest: str
    possible: int
    refused: int
    dates: list[ChangedSeriesDate]


def change_preview_of(planned: ChangePlan) -> SeriesChangePreview:
    """Return the plan of a change as it is shown."""
    return SeriesChangePreview(
        digest=planned.fingerprint,
        possible=len(planned.changed),
        refused=len(planned.refused),
        dates=[_changed(one) for one in planned.dates],
    )


def _changed(one: ChangedDate) -> ChangedSeriesDate:
    span, instead = one.after.span, one.alternative
    return ChangedSeriesDate(
        day=one.day,
        reservation_id=one.reservation_id,
        starts_at=span.start,
        ends_at=span.end,
        machine_id=one.after.machine_id,
        is_shifted=one.is_shifted,
        needs_approval=one.needs_approval and not one.is_unchanged,
        status="unchanged" if one.is_unchanged else status_of(one.is_accepted, one.taken),
        violations=[Violation(**problems.of_violation(each)) for each in one.violations],
        alternative=None
        if instead is None
        else Alternative(machine_id=one.after.machine_id, starts_at=instead.start, ends_at=instead.end),
    )
