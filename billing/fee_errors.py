"""The errors of fees."""

from __future__ import annotations

from booking.errors import NotFound
from booking.kernel.errors import DomainError


class FeeNotFound(NotFound):
    """There is no such fee, or it is another member's."""

    code = "fee_not_found"


class NobodyOwesDues(DomainError):
    """No member of the chosen price classes is left who does not owe dues for the period. facts: none."""

    code = "nobody_owes_dues"


class StaleDues(DomainError):
    """Who would owe dues has changed since the preview was shown. Nothing was posted."""

    code = "stale_dues"
