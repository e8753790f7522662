"""The refusal of bodies under other servers, before the program runs."""

from __future__ import annotations

from contextlib import closing
from io import BufferedReader, BytesIO
from socket import socketpair

import pytest

from app.server import body_guard
from app.server.bodies import BodyRules
from app.server.body_guard import BodyGuard, Seats
from app.web.security_headers import STRICT


def test_a_refusal_before_the_program_runs_has_the_security_headers(monkeypatch):
    guard = BodyGuard(lambda *_arguments: pytest.fail("the program ran"), BodyRules(upload_bytes=1_000, proxies=0))
    monkeypatch.setattr(guard._seats, "take", lambda *_arguments: None)
    answers = []

    body = {"CONTENT_LENGTH": "9", "CONTENT_TYPE": "multipart/form-data", "wsgi.input": BufferedReader(BytesIO(b"x"))}
    guard(body, lambda status, headers: answers.append((status, dict(headers))))

    [(status, headers)] = answers
    assert status.startswith("503")
    assert headers.items() >= (STRICT.items() - {"Content-Security-Policy": STRICT["Content-Security-Policy"]}.items())
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Cache-Control"] == "no-store"


def test_a_tiny_body_that_stands_still_gives_way_before_an_upload_that_is_nearly_there(monkeypatch):
    monkeypatch.setattr(body_guard, "SEAT_SECONDS", 0.01)
    seats, (here, there) = Seats(threads=4), socketpair()
    with closing(here), closing(there):
        upload, tiny = seats.take("192.0.2.1", 300_000, here), seats.take("192.0.2.2", 400, here)
        upload.began, upload.received = upload.began - 12, 292_000  # 3 kB less than what is fast enough
        tiny.began, tiny.received = tiny.began - 5, 7

        assert seats.take("192.0.2.3", 400, here) is None, "nobody has left yet"

    assert (upload.is_shut, tiny.is_shut) == (False, True)
