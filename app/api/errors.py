"""What the API itself can refuse. Codes and facts; the words stand in app/pages/texts.py."""

from __future__ import annotations

from booking.kernel.errors import DomainError


class KeyReused(DomainError):
    """The Idempotency-Key was sent before with other content. facts: key."""

    code = "idempotency_key_reused"


class TokenReadOnly(DomainError):
    """The API token may look at things and change nothing."""

    code = "token_read_only"
