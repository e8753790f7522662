"""The refusal of bodies under other servers, before the program runs."""

from __future__ import annotations

from io import BufferedReader, BytesIO

import pytest

from app.server.bodies import BodyRules
from app.server.body_guard import BodyGuard
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
