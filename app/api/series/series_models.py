"""Request and response models of series."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from app.api import problems
from app.api.fields import PAGE_LENGTH, Day, Id, Instant, PageLength, Places, QueryId, RequestModel, ResponseModel, Text
from app.api.reservations.reservation_models import NewReservation, PersonName, Tolerance
from app.api.use.asked_amounts import Choices
from booking.errors.schedule_errors import SlotTaken
from booking.models import Status
from booking.queries.series import SeriesDateView, SeriesView
from booking.series.series import OnConflict
from booking.series.series_wishes import PlannedDate, SeriesPlan
from booking.times.recurrence import RecurrenceRule

RRULE_LENGTH_MAX = 200

Rrule = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=RRULE_LENGTH_MAX)]


class NewSeries(RequestModel):
    """A machine, or any of a group, reserved again and again. starts_at and ends_at: of the first date.

    machine_id or group_id, exactly one of them: of a group, each date gets the best machine that is free.

    rrule: RFC 5545, in the time of the workshop's clock: FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY
    and COUNT or UNTIL; at most 200 dates, from managers as many as `GET /series-rules` says. on_conflict: for dates
    that cannot be reserved, `refuse` enters nothing, `skip` leaves them out, `alternative` takes the nearest time that
    is possible and leaves out dates without one. passage: which of the two times is meant where the clock is put back
    and shows a start twice, 0 the first, 1 the second. preview: true enters nothing and returns what would become of
    each date. may_move_min, second_person, choices, member_id, approve, overrule_reason: as in NewReservation.
    """

    machine_id: Id | None = None
    group_id: Id | None = None
    starts_at: Instant
    ends_at: Instant
    rrule: Rrule
    on_conflict: OnConflict = OnConflict.REFUSE
    passage: Annotated[int, Field(strict=True, ge=0, le=1)] | None = None
    preview: StrictBool = False
    purpose: Text = ""
    places: Places = 1
    may_move_min: Tolerance = 0
    second_person: PersonName = ""
    choices: Choices = Field(default_factory=list)
    member_id: Id | None = None
    approve: StrictBool | None = None
    overrule_reason: Text = ""

    @property
    def first(self) -> NewReservation:
        """The reservation of the first date."""
        names = NewReservation.model_fields.keys() & type(self).model_fields
        return NewReservation.model_construct(**{name: getattr(self, name) for name in names})


class SeriesFilter(RequestModel):
    """Filter of series."""

    member_id: QueryId | None = None
    cursor: QueryId | None = None
    limit: PageLength = PAGE_LENGTH


class SeriesCancellation(RequestModel):
    """Which dates to cancel: those to come, or of these those from a day (since) on. reason: for the member.

    preview: true cancels nothing and returns which dates would be cancelled, and which of them late.
    """

    reason: Text = ""
    since: Day | None = None
    preview: StrictBool = False


class CancelledSeriesDate(ResponseModel):
    """A date that would be cancelled. is_late: later than the rule of its machine allows, and noted as such.

    cents: what that would cost, if nobody else takes the time.
    """

    day: date
    reservation_id: int
    starts_at: Instant
    ends_at: Instant
    is_late: bool
    cents: int


class SeriesCancellationPreview(ResponseModel):
    """What cancelling would mean. late: how many of the dates would be cancelled late; cents: what that would cost."""

    late: int
    cents: int
    dates: list[CancelledSeriesDate]


class PutBack(RequestModel):
    """The day of a date to reserve again, as in `dates`."""

    day: Day


class SeriesDate(ResponseModel):
    """One date. day: on which it begins by the rule, and its name within the series. machine_id: which one it has.

    starts_at and ends_at: of the reservation; by the rule where it was skipped, then reservation_id and status are
    null. is_shifted: the clock skips its start, so it begins at the next valid time.
    """

    day: date
    starts_at: Instant
    ends_at: Instant
    is_shifted: bool
    machine_id: int
    reservation_id: int | None
    status: Status | None


class Series(ResponseModel):
    """A series. rrule: with UNTIL as an instant. length_minutes: by the clock. dates: all of the rule, in order.
    choices: variants of the tariff, of each date that is entered.
    group_id: of which each date has the machine that was free; machine_id: the one that most of them got.

    follows_id: the series whose later dates it took over, when these were changed.
    """

    id: int
    uid: str
    revision: int
    machine_id: int
    group_id: int | None
    member_id: int
    rrule: str
    timezone: str
    first_starts_at: Instant
    length_minutes: int
    passage: int | None
    places: int
    purpose: str
    may_move_min: int
    choices: list[str]
    created_at: Instant
    changed_at: Instant
    follows_id: int | None
    dates: list[SeriesDate]


class SeriesSummary(ResponseModel):
    """A series without its dates."""

    id: int
    uid: str
    revision: int
    machine_id: int
    group_id: int | None
    member_id: int
    rrule: str
    timezone: str
    first_starts_at: Instant
    length_minutes: int


class SeriesList(ResponseModel):
    """Series, the newest first. next: the cursor of the next page, null on the last one."""

    items: list[SeriesSummary]
    next: int | None


class Violation(ResponseModel):
    """A broken rule."""

    rule: str
    field: str
    message: str
    limit: Any
    actual: Any


class Alternative(ResponseModel):
    """The nearest time that would be accepted, and the machine."""

    machine_id: int
    starts_at: Instant
    ends_at: Instant


class PlannedSeriesDate(ResponseModel):
    """One date of a preview. status: whether it is possible, taken, or against rules (violations).

    machine_id: the one that it would get; where it is refused, the one whose refusal is shown.
    """

    day: date
    machine_id: int
    starts_at: Instant
    ends_at: Instant
    is_shifted: bool
    status: Literal["possible", "taken", "refused"]
    violations: list[Violation]
    alternative: Alternative | None


class SeriesPreview(ResponseModel):
    """What would become of each date of a series. possible, refused: how many dates."""

    rrule: str
    timezone: str
    possible: int
    refused: int
    dates: list[PlannedSeriesDate]


def status_of(is_accepted: bool, taken: SlotTaken | None) -> Literal["possible", "taken", "refused"]:
    """Return whether a date is possible, and if not, whether its time is taken or rules are broken."""
    return "possible" if is_accepted else "taken" if taken is not None else "refused"


def preview_of(planned: SeriesPlan, rule: RecurrenceRule) -> SeriesPreview:
    """Return a plan as it is shown."""
    return SeriesPreview(
        rrule=rule.to_rrule(),
        timezone=planned.terms.policy.hours.zone.key,
        possible=len(planned.accepted),
        refused=len(planned.refused),
        dates=[_planned(one) for one in planned.dates],
    )


def _planned(one: PlannedDate) -> PlannedSeriesDate:
    span, instead = one.occurrence.span, one.alternative
    return PlannedSeriesDate(
        day=one.occurrence.day,
        machine_id=one.machine_id,
        starts_at=span.start,
        ends_at=span.end,
        is_shifted=one.occurrence.is_shifted,
        status=status_of(one.is_accepted, one.taken),
        violations=[Violation(**problems.of_violation(each)) for each in one.violations],
        alternative=None
        if instead is None
        else Alternative(machine_id=one.alternative_on or one.machine_id, starts_at=instead.start, ends_at=instead.end),
    )


def summary_of(view: SeriesView) -> SeriesSummary:
    """Return a series as a row of a list."""
    return SeriesSummary(**_facts(view))


def series_of(view: SeriesView, dates: tuple[SeriesDateView, ...]) -> Series:
    """Return a series as read."""
    return Series(
        **_facts(view),
        passage=view.times.passage,
        places=view.places,
        purpose=view.purpose,
        may_move_min=view.may_move_min,
        choices=list(view.choices),
        created_at=view.created_at,
        changed_at=view.changed_at,
        follows_id=view.follows_id,
        dates=[_date(one, view.machine_id) for one in dates],
    )


def _date(one: SeriesDateView, machine_id: int) -> SeriesDate:
    held = one.reservation
    span = one.occurrence.span if held is None else held.span
    return SeriesDate(
        day=one.occurrence.day,
        starts_at=span.start,
        ends_at=span.end,
        is_shifted=one.occurrence.is_shifted,
        machine_id=machine_id if held is None else held.machine_id,
        reservation_id=None if held is None else held.id,
        status=None if held is None else held.status,
    )


def _facts(view: SeriesView) -> dict[str, Any]:
    return {
        "id": view.id,
        "uid": view.uid,
        "revision": view.revision,
        "machine_id": view.machine_id,
        "group_id": view.group_id,
        "member_id": view.member_id,
        "first_starts_at": view.first_starts_at,
        "rrule": view.times.rrule,
        "timezone": view.zone.key,
        "length_minutes": view.times.length_minutes,
    }
