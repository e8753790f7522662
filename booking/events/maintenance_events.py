"""The events of maintenance by the meter; see events.py. They change no schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from booking.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEvent(Event):
    """Something happened to a maintenance interval of a machine."""

    machine_id: int
    maintenance_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceSet(MaintenanceEvent):
    """An interval was entered."""

    type: ClassVar[str] = "maintenance_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceChanged(MaintenanceEvent):
    """An interval was changed."""

    type: ClassVar[str] = "maintenance_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDue(MaintenanceEvent):
    """A machine was used for 90 % of an interval; the managers of the workshop get a mail."""

    type: ClassVar[str] = "maintenance_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDone(MaintenanceEvent):
    """Maintenance was done; the interval begins again. done_on: as ISO 8601."""

    done_on: str

    type: ClassVar[str] = "maintenance_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEnded(MaintenanceEvent):
    """An interval was ended: nothing reminds of it any more."""

    type: ClassVar[str] = "maintenance_ended"
