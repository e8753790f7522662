"""Answers of the API as they are sent: whole, with headers that we wrote.

Werkzeug copies the headers of each answer, checks every one of them once more, and takes the address in Location apart
and together again: 40 of the microseconds of creating a reservation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9/_.-]*")
_STATUS_MIN, _WITHOUT_BODY = 200, (204, 304)


class WholeResponse(Response):
    """A response whose body is known when it is made. What anybody changes of it goes Werkzeug's own way."""

    def get_wsgi_response(self, environ: WSGIEnvironment) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return body, status and headers."""
        if environ["REQUEST_METHOD"] == "HEAD" or not self._is_ready():
            return super().get_wsgi_response(environ)
        return self.response, self.status, self.headers.to_wsgi_list()  # type: ignore[return-value]

    def _is_ready(self) -> bool:
        status, headers = self.status_code, self.headers
        if type(self.response) is not list or self._on_close or "Content-Length" not in headers:
            return False
        is_usual = status >= _STATUS_MIN and status not in _WITHOUT_BODY and "Content-Location" not in headers
        return is_usual and _PLAIN_ADDRESS.fullmatch(headers.get("Location", "")) is not None
