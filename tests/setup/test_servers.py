"""The program runs unchanged under the servers that operators know."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from select import select
from socket import create_connection

import pytest

from app.storage.backup import verify_backup
from tests.setup.starting import SYSTEM_PYTHON, Started, are_gone, plain_environment
from tests.tcp_proxy import proxied

SERVERS = {
    "gunicorn": [
        *("gunicorn", "--workers", "1", "--threads", "4", "--bind", "127.0.0.1:{port}"),
        *("--no-control-socket", "wsgi:app"),  # it would lie in the home folder
    ],
    "waitress": ["waitress", "--listen", "127.0.0.1:{port}", "wsgi:app"],
    "the program's own": ["flask", "--app", "wsgi", "ring", "serve", "--no-worker", "--port", "{port}"],
    "the program's own elsewhere": [
        *("tests.setup.elsewhere", "--app", "wsgi", "ring", "serve"),
        *("--no-worker", "--port", "{port}"),
    ],
    "granian": [
        *("granian", "--interface", "wsgi", "--port", "{port}", "--log-level", "error"),
        *("--workers-kill-timeout", "10", "wsgi:app"),  # else it waits for bodies that stand still
    ],
}


class Serving(Started):
    """A server of the operator's choice with the program."""

    def __init__(self, copy: Path, words: list[str], **environment: str) -> None:
        self._server_words = words
        super().__init__(copy, patience_seconds=30, **environment)

    def _command(self, copy: Path) -> list[str]:
        return [sys.executable, "-m", *(word.format(port=self.port) for word in self._server_words)]


@contextmanager
def slow_bodies(port: int, count: int) -> Iterator[None]:
    """Connections of another address that announce a body and send seven letters of it."""
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with ExitStack() as held:
        for _ in range(count):
            one = held.enter_context(create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0)))
            one.sendall(head + b"Content-Length: 60000\r\n\r\nabcdefg")
        time.sleep(0.2)
        yield


def post_form(port: int, path: str, body: bytes, length: int | None = None) -> int:
    """The status of the answer to a form; length: announced, if it is not that of the body."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(length or len(body))}
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status


def answer_to_halves(port: int, path: str, length: int) -> tuple[bool, bytes]:
    """Whether an answer came before the second half of a body, and the first line of the answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n"
    with create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode() + bytes(length // 2))
        is_early = bool(select([connection], [], [], 0.2)[0])
        connection.sendall(bytes(length - length // 2))
        return is_early, connection.recv(1024).partition(b"\r\n")[0]


def ended_with_answers(ring: Serving) -> int:
    """The exit code of a ring that answers what has begun, however often its supervisor asks it to end."""
    body = b"email=a&password=b"
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with ExitStack() as held:
        begun = [held.enter_context(create_connection(("127.0.0.1", ring.port), timeout=10)) for _ in range(4)]
        for one in begun:
            one.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
        assert ring.ask("/healthz").status == 200
        ring.process.send_signal(signal.SIGTERM)
        ring.wait_for_words("It waits for what is under way")
        for one in begun:
            one.sendall(body[5:])
        assert {one.recv(12) for one in begun} == {b"HTTP/1.1 400"}
        return ring.ended()


@pytest.mark.parametrize("server", SERVERS)
def test_the_program_runs_under(server, fresh_clone, sqlite_template, tmp_path):
    if server == "gunicorn" and sys.platform == "win32":
        pytest.skip("gunicorn does not run on Windows")
    with (
        sqlite_template.copy(tmp_path) as url,
        Serving(fresh_clone, SERVERS[server], RINGBUCH_DATABASE_URL=url, RINGBUCH_INSTANCE=str(tmp_path)) as ring,
    ):
        ring.wait_for_answer("/healthz")

        assert ring.ask("/healthz").status == 200
        assert ring.ask("/readyz").status == 200
        forged = ring.ask("/", {"SCRIPT_NAME": "//evil.example", "X-Forwarded-Prefix": "//evil.example"})
        assert (forged.status, forged.headers["Location"]) == (303, "/setup")
        assert ring.ask("/").headers["Location"] == "/setup"
        assert ring.ask("/login").status in (200, 303)
        with slow_bodies(ring.port, 20):
            assert {ring.ask("/healthz").status for _ in range(4)} == {200}
            assert post_form(ring.port, "/login", b"email=a&password=b") == 400, "no token: refused after it was read"
            # waitress receives all of a body before the program sees its header.
            sent = bytes(600_000) if server == "waitress" else b""
            assert post_form(ring.port, "/login", sent, length=600_000) == 413, "refused before it is sent"
        if server.startswith("the program's own"):  # a proxy that sends it reads the answer only then
            line = b"HTTP/1.1 413 Payload Too Large"
            assert answer_to_halves(ring.port, "/machines/combine/edit", 8_700_000) == (False, line)
            no_token = b"HTTP/1.1 401 Unauthorized"
            assert answer_to_halves(ring.port, "/api/v1/reservations", 70_000) == (False, no_token)
            family = ring.family()
            exit_code = ended_with_answers(ring) if server == "the program's own" else ring.interrupt()
            assert (exit_code, are_gone(family)) == (0, True)


@pytest.mark.postgresql
def test_the_ring_moves_to_postgresql_by_one_setting(start, prepared, postgresql_template, tmp_path):
    """A backup made meanwhile is a file that SQLite reads; the ring answers again when the server is back."""
    with (
        postgresql_template.copy(tmp_path) as server_url,
        proxied(server_url) as (proxy, url),
        start(RINGBUCH_DATABASE_URL=url) as ring,
    ):
        ring.wait_for_words("Ringbuch is open")
        assert ring.ask("/readyz").status == 200
        words = [SYSTEM_PYTHON, str(prepared / "start.py"), "ring", "backup", str(tmp_path / "ring.backup")]
        environment = plain_environment() | {"RINGBUCH_DATABASE_URL": url, "RINGBUCH_INSTANCE": str(tmp_path)}
        subprocess.run(words, env=environment, check=True, capture_output=True)
        proxy.cut()
        assert {ring.ask("/readyz").status for _ in range(8)} == {503}
        proxy.restore()
        assert {ring.ask("/readyz").status for _ in range(8)} == {200}
        assert ring.interrupt() == 0

    assert verify_backup(tmp_path / "ring.backup").rows > 0
