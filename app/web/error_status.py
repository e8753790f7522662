"""HTTP statuses of refusals: one per error code."""

from __future__ import annotations

from booking.kernel.errors import DomainError

STATUS = {
    "busy": 503,
    "database_unreachable": 503,
    "disk_full": 503,
    "database_read_only": 503,
    "database_corrupt": 503,
    "slot_taken": 409,
    "wrong_status": 409,
    "stale_revision": 409,
    "request_refused": 422,
    "not_found": 404,
    "machine_not_found": 404,
    "member_not_found": 404,
    "reservation_not_found": 404,
    "closure_not_found": 404,
    "feed_not_found": 404,
    "idempotency_key_reused": 409,
    "token_read_only": 403,
    "link_not_valid": 404,
    "login_not_found": 404,
    "not_your_workshop": 404,
    "too_many_attempts": 429,
    "second_factor_changed": 409,
    "second_factor_missing": 403,
    "own_second_factor": 409,
    "email_taken": 409,
    "already_manages": 409,
    "last_administrator": 409,
    "already_set_up": 404,
    "stale_preview": 409,
    "already_reversed": 409,
    "cost_allocated": 409,
    "kind_in_use": 409,
    "name_taken": 409,
    "tariff_in_use": 409,
    "not_handed_back": 409,
    "already_charged": 409,
    "tariff_not_found": 404,
    "pool_not_found": 404,
    "cost_not_found": 404,
    "allocation_not_found": 404,
}


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal: 422 unless the table says otherwise."""
    return STATUS.get(error.code, 422)
