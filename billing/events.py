"""What the money announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from booking.kernel.events import Event


@dataclass(frozen=True, slots=True)
class UseCharged(Event):
    """A slip got its price; reverses_id: the charge that it replaces was reversed by this row."""

    charge_id: int
    usage_id: int
    member_id: int
    machine_id: int
    cents: int
    reverses_id: int | None = None
    type: ClassVar[str] = "use_charged"


@dataclass(frozen=True, slots=True)
class AllocationPosted(Event):
    """The costs of a period were divided among members, for good."""

    allocation_id: int
    pool_id: int
    total_cents: int
    type: ClassVar[str] = "allocation_posted"


@dataclass(frozen=True, slots=True)
class AllocationReversed(Event):
    """allocation_id is the reversal, reverses_id what it reverses."""

    allocation_id: int
    reverses_id: int
    pool_id: int
    total_cents: int
    type: ClassVar[str] = "allocation_reversed"
