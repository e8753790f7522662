"""Redirect targets: only paths of this site, no longer than those that the program makes."""

from __future__ import annotations

from urllib.parse import urlsplit

ADDRESS_LENGTH_MAX = 2_000  # as of app/auth/return_address.py


def safe_next(address: str | None, default: str = "/") -> str:
    """Return a path of this site from a request; anything else gives the default."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return default
    if len(address) > ADDRESS_LENGTH_MAX:
        return default
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(character) < 0x20 for character in address):
        return default
    return address
