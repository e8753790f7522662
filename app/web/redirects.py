"""Redirect targets: only paths of this site."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_next(address: str | None, default: str = "/") -> str:
    """Return a path of this site from a request; anything else gives the default."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return default
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(character) < 0x20 for character in address):
        return default
    return address
