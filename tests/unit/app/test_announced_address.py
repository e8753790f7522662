"""The address that `ring serve` names is one that answers."""

from __future__ import annotations

import pytest

from app.commands.serve import PLAIN_HTTP, _announce, _warn_of_plain_http
from app.server.serve import listening_url


@pytest.mark.parametrize(
    ("base_url", "host", "port", "opened", "also"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1", 8000, "http://127.0.0.1:8000/setup", ""),
        ("http://localhost:8000", "127.0.0.1", 8000, "http://localhost:8000/setup", ""),
        ("http://127.0.0.1:8000", "127.0.0.1", 8123, "http://127.0.0.1:8123/setup", "lead to http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "0.0.0.0", 8123, "http://127.0.0.1:8123/setup", "RINGBUCH_BASE_URL"),
        ("http://127.0.0.1:8000", "::", 8123, "http://[::1]:8123/setup", "RINGBUCH_BASE_URL"),
        ("https://ring.example", "127.0.0.1", 8000, "https://ring.example/setup", "listens at http://127.0.0.1:8000"),
    ],
)
def test_the_address_that_answers_is_named_and_a_wrong_setting_too(capsys, base_url, host, port, opened, also):
    _announce(f"{base_url}/setup", base_url, listening_url(host, port), None, demo=False)

    first, *more = capsys.readouterr().out.splitlines()
    assert first == f"Ringbuch is open at {opened} (Ctrl-C ends it)."
    assert bool(more) == bool(also)
    assert also in "".join(more)


@pytest.mark.parametrize(
    ("host", "base_url", "warns"),
    [
        ("0.0.0.0", "http://ring.example", True),
        ("::", "http://127.0.0.1:8000", True),
        ("192.0.2.7", "http://192.0.2.7:8000", True),
        ("0.0.0.0", "https://ring.example", False),
        ("127.0.0.1", "http://127.0.0.1:8000", False),
        ("::1", "http://[::1]:8000", False),
    ],
)
def test_plain_http_to_other_machines_is_warned_of(capsys, host, base_url, warns):
    _warn_of_plain_http(host, base_url)

    assert capsys.readouterr().out == (f"{PLAIN_HTTP}\n" if warns else "")
