"""URL converters: <int:...> matches only numbers that an id can have; a larger one is not found."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

ID_MAX = 999_999_999


class IdConverter(IntegerConverter):
    """<int:...> with nine digits at most, so that no number in a URL overflows the database or Python.

    A pattern and not a maximum: Werkzeug answers a number above the maximum by 405 where the URL has several methods.
    """

    regex = r"[0-9]{1,9}"


def init_app(app: Flask) -> None:
    """Register the converter. Call before any URL rule is added."""
    app.url_map.converters["int"] = IdConverter
