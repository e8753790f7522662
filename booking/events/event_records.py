"""What the events of the schedule need of the records that they are about."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class ReservationRecord(Protocol):
    """What an event needs of a reservation: a stored row, or one that was just entered."""

    @property
    def id(self) -> int: ...

    @property
    def machine_id(self) -> int: ...

    @property
    def member_id(self) -> int: ...

    @property
    def revision(self) -> int: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...


class SlipRecord(Protocol):
    """What an event needs of a usage slip."""

    @property
    def id(self) -> int: ...

    @property
    def machine_id(self) -> int: ...

    @property
    def member_id(self) -> int: ...

    @property
    def reservation_id(self) -> int | None: ...
