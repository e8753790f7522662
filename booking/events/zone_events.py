"""Events about the clocks of workshops; see events.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from booking.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChanged(Event):
    """The clock of a workshop shows other times than when reservations to come were made; its managers look at them."""

    zone_change_id: int
    workshop_id: int
    type: ClassVar[str] = "zone_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChangeSettled(Event):
    """A manager had the series of a workshop keep their times of the clock. moved, stayed: how many dates."""

    zone_change_id: int
    workshop_id: int
    moved: int
    stayed: int
    type: ClassVar[str] = "zone_change_settled"
