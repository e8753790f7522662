"""The working of a fee for a missed reservation. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from billing.rounding import half_up


@dataclass(frozen=True, slots=True)
class MissedFee:
    """So many percent of the planned price, at most a cap, for the part of the time that nobody else took.

    base_cents: the planned price. seconds: of the time, times its places; refilled_seconds: of them, what others took
    since. earlier: missed ones of the member in the twelve months before; up to free_times of them cost nothing.
    notice_seconds: from the cancellation to the start; None of a no-show.
    """

    base_cents: int
    percent: int
    cap_cents: int | None
    seconds: int
    refilled_seconds: int = 0
    free_times: int = 0
    earlier: int = 0
    notice_seconds: int | None = None

    @property
    def is_free(self) -> bool:
        """Return whether it is one of those that cost nothing."""
        return self.earlier < self.free_times

    @property
    def is_capped(self) -> bool:
        """Return whether the cap lowers what the percentage would be."""
        return self.cap_cents is not None and self.base_cents * self.percent > self.cap_cents * 100

    @property
    def cents(self) -> int:
        """Return the fee, rounded once, half up. Source: golden example G8."""
        if self.is_free:
            return 0
        whole = Fraction(self.base_cents * self.percent, 100)
        if self.cap_cents is not None:
            whole = min(whole, Fraction(self.cap_cents))
        return half_up(whole * (self.seconds - self.refilled_seconds) / self.seconds)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> MissedFee:
        """Read a working as it was stored."""
        return cls(**stored)


def percent_of_notice(notices: list[list[int]], notice: timedelta) -> int:
    """Return how many percent are owed for a cancellation so long before the start; 0: it is in time.

    notices: [hours, percent]; of those that it misses, the shortest decides.
    """
    missed = [(hours, percent) for hours, percent in notices if notice < timedelta(hours=hours)]
    return min(missed)[1] if missed else 0
