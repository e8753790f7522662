"""Numbers in addresses: only those that a row can have; a larger one is an address that does not exist."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

ID_MAX = 999_999_999


class IdConverter(IntegerConverter):
    """<int:...> with nine digits at most, so that no number in an address overflows the database, or Python.

    Said by the pattern and not by a limit: what exceeds a limit is answered by 405 where the address knows
    several methods.
    """

    regex = r"[0-9]{1,9}"


def bound(app: Flask) -> None:
    """Make every <int:...> of the program's addresses such a number. Call before any address is added."""
    app.url_map.converters["int"] = IdConverter
