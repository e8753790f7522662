"""The errors of the waiting list and its offers."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class TimeIsFree(DomainError):
    """What a member wants to wait for can be reserved now. facts: machine_id, span."""

    code = "time_is_free"


class OfferClosed(DomainError):
    """An offer was answered, has lapsed or was withdrawn. facts: status, reservation_id (of an accepted one)."""

    code = "offer_closed"


class WaitingEntryNotFound(NotFound):
    """There is no such entry of the waiting list."""

    code = "waiting_entry_not_found"


class OfferNotFound(NotFound):
    """There is no such offer."""

    code = "offer_not_found"
