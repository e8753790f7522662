"""The address of the present page, to come back to it after the log-in or in another language.

Whatever a visitor invents stands in the answer again, quoted up to nine times as long, and proxies refuse a Location
that is longer than their buffer: what is longer than the program's own addresses is left out.
"""

from __future__ import annotations

from flask import request

ADDRESS_LENGTH_MAX = 2_000


def here() -> str:
    """Return the address of the present page; that of the first page where it is overlong."""
    address = request.full_path.rstrip("?")
    return address if len(address) <= ADDRESS_LENGTH_MAX else "/"
