"""No secret of an address stands in a log line, whatever the server and the form of the line."""

from __future__ import annotations

import logging

import pytest

from app.web.log_redaction import SecretRedactor

SECRET = "pZ3n-Qx_81LkfJ2hVb7Yt0uAeMsWcRgD5iOoTqNvXy4"


@pytest.mark.parametrize(
    "line",
    [
        f'"GET /invitation/{SECRET} HTTP/1.1" 200',
        f'"POST /password/new/{SECRET}?x=1 HTTP/1.1" 422',
        f'"GET /password/new/{SECRET[:9]} HTTP/1.1" 404 "https://ring.example/invitation/{SECRET}"',
        f"Exception on /invitation/{SECRET} [POST]",
        f"GET /login?next=%2Finvitation%2F{SECRET}&a=b",
        f"/password%2fnew%2f{SECRET}",
        f"/INVITATION//{SECRET}",
        f"/feeds/{SECRET}.ics",
        f"/feeds/{SECRET}",
        f"next=%2Ffeeds%2F{SECRET}.ics",
    ],
)
def test_a_secret_in_an_address_is_blotted(line):
    record = logging.LogRecord("gunicorn.access", logging.INFO, "", 0, "%s", (line,), None)
    SecretRedactor().filter(record)

    assert SECRET[:9] not in record.getMessage()
    assert "***" in record.getMessage()


@pytest.mark.parametrize(
    "line", ["GET /password/forgotten", "GET /feeds/7/address", "GET /today", "GET /account/password", "GET /feeds"]
)
def test_other_addresses_stay_readable(line):
    record = logging.LogRecord("werkzeug", logging.INFO, "", 0, line, None, None)
    SecretRedactor().filter(record)

    assert record.getMessage() == line
