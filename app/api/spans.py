"""From one instant until another, as programs send it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from booking.errors import RequestRefused, UsageRefused, Violation
from booking.timespan import TimeSpan


class Timed(Protocol):
    """What a program sends about a span."""

    @property
    def starts_at(self) -> datetime:
        """Its first instant."""

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""


def span_of(sent: Timed, refusal: type[RequestRefused] | type[UsageRefused] = RequestRefused) -> TimeSpan:
    """The span that was sent. No JSON schema can say that it has a length, so it is asked here.

    Raises `refusal` (ends_before_start; limit: the start, actual: the end).
    """
    if sent.starts_at >= sent.ends_at:
        raise refusal([Violation("ends_before_start", "end", limit=sent.starts_at, actual=sent.ends_at)])
    return TimeSpan(sent.starts_at, sent.ends_at)
