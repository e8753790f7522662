"""What the plain model foretells where the clock of a workshop shows other times than when reservations were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.properties.every_verb.holdings import HOLDING, Series
from tests.properties.every_verb.ring_model import Ring


@dataclass
class ZoneChange:
    """clocks: until when things were made by which clock, in order."""

    clocks: list[tuple[int, int]]
    is_settled: bool = False

    def made_by(self, minute: int) -> int | None:
        """Return the clock by which something was made; None for what was made since."""
        return next((clock for until, clock in self.clocks if minute <= until), None)


@dataclass
class RingOfZones(Ring):
    """A ring whose workshop gets another clock."""

    zone_changes: dict[int, ZoneChange] = field(default_factory=dict)

    def open_change(self) -> ZoneChange | None:
        return next((one for one in self.zone_changes.values() if not one.is_settled), None)

    def shows_others(self, change: ZoneChange, made_at: Mapping[int, int]) -> bool:
        """Return whether a reservation to come was made by another clock than that of now. made_at: of each."""
        former = {
            change.made_by(made_at[number])
            for number, one in self.reservations.items()
            if one.status in HOLDING and one.time.end > self.now
        }
        return bool(former - {None, self.clock})

    def move_to_clock(self, clock: int, made_at: Mapping[int, int]) -> ZoneChange | None:
        """Give the workshop another clock; return the change that is new, if one is."""
        change, former, self.clock = self.open_change(), self.clock, clock
        if change is None:
            change = ZoneChange([(self.now, former)])
            return change if self.shows_others(change, made_at) else None
        change.clocks.append((self.now, former))
        change.is_settled = not self.shows_others(change, made_at)
        return None

    def clock_of(self, series: Series, change: ZoneChange) -> int | None:
        """Return the former clock by which a series lives; None where it lives by that of now, or was made by it."""
        made = change.made_by(series.made_at)
        if made is None or made == series.clock:
            return made
        is_former = series.clock != self.clock and series.clock in {clock for _until, clock in change.clocks}
        return series.clock if is_former else None
