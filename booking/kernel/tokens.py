"""Secrets that open something: log-ins, links, API tokens, feed addresses. Only their hash is stored.

So nobody can read a working secret out of a backup.
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a random secret, safe in an address: 32 bytes as base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of(token: str) -> str:
    """Return how a secret is stored: its SHA-256 in hex. It is long and random, so it needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
