"""Numbers in addresses: only those that a row can have; a larger one is an address that does not exist."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter

MAX_ID = 2**31 - 1  # what PostgreSQL keeps in an integer column


class IdConverter(IntegerConverter):
    """<int:...> with an end, so that no number in an address overflows the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": MAX_ID, **kwargs})


def bound(app: Flask) -> None:
    """Make every <int:...> of the program's addresses such a number. Call before any address is added."""
    app.url_map.converters["int"] = IdConverter
