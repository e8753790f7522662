"""The events of series; see events.py. One tells of what happened to several dates, which have events of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from booking.events.event_records import ReservationRecord
from booking.events.reservation_events import MemberScheduleEvent


class SeriesRecord(Protocol):
    """What an event needs of a series."""

    @property
    def id(self) -> int: ...

    @property
    def machine_id(self) -> int: ...

    @property
    def member_id(self) -> int: ...

    @property
    def revision(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEvent(MemberScheduleEvent):
    """Something happened to a series. reservation_ids: of the dates that it happened to, in order of time."""

    series_id: int
    revision: int
    reservation_ids: Sequence[int]

    @classmethod
    def of(cls, series: SeriesRecord, dates: Sequence[ReservationRecord], **details: Any) -> Self:
        """Build the event from a series and its dates as they are now; details: the fields of this kind of event."""
        return cls(
            series_id=series.id,
            machine_id=series.machine_id,
            member_id=series.member_id,
            revision=series.revision,
            reservation_ids=[one.id for one in dates],
            **details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEntered(SeriesEvent):
    """A series was entered. needs_decision: its dates wait for the approval of a manager."""

    needs_decision: bool
    type: ClassVar[str] = "series_entered"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCancelled(SeriesEvent):
    """The dates of a series to come, or those from a day on, were cancelled."""

    type: ClassVar[str] = "series_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesChanged(SeriesEvent):
    """Dates of a series got another time, machine or purpose. old_series_id: the series of which they were before.

    needs_decision: some of them wait for the approval of a manager.
    """

    old_series_id: int
    needs_decision: bool
    type: ClassVar[str] = "series_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesDecided(SeriesEvent):
    """A manager approved or declined all dates of a series that waited. was_approved: which of the two."""

    was_approved: bool
    type: ClassVar[str] = "series_decided"
