"""Addresses to go back to: only places of our own."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_next(address: str | None, default: str = "/") -> str:
    """A path of this site out of what a request says; anything else gives the default."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")):
        return default
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or any(ord(letter) < 0x20 for letter in address):
        return default
    return address
