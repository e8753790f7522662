"""The small supervisor goes on whatever the system refuses it, and two rings never share a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.server import serve, small_supervisor
from app.server.child_process import command_of
from app.server.serve import PortTaken, take_port
from app.server.supervisor import SupervisedProcess
from tests.ports import free_port
from tests.setup.starting import are_gone

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere granian supervises the web processes")

NOTE_ITSELF = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()} '); time.sleep(float(sys.argv[2]))"
# It does not end when it is asked to, and notes that it was.
STUBBORN = """
import os, signal, time
from app.server import child_process
child_process._ORPHAN_SECONDS = 0.2
def note(word): open({notes!r}, "a").write(f"{{word}} ")
signal.signal(signal.SIGTERM, lambda *_: note(0))
note(os.getpid())
while True: time.sleep(600)
"""


@contextmanager
def supervised(
    notes: Path,
    seconds: float = 0,
    *,
    messages: str,
    under: tuple[str, ...] = (),
    is_stubborn: bool = False,
    on_demand: bool = False,
) -> Iterator[subprocess.Popen[bytes]]:
    """The small supervisor with a child that notes its process id and lives for some seconds; ended by SIGTERM."""
    command = [sys.executable, "-I", "-S", "-c", NOTE_ITSELF, str(notes), str(seconds)]
    if is_stubborn:
        command = command_of(exec, STUBBORN.format(notes=str(notes)), {})
    with Path(messages).open("w") as log:
        program = small_supervisor.handover_command([("worker", None, 0.02, on_demand, command)], 600.0)
        process = subprocess.Popen([*under, *program], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield process
        if process.poll() is None:
            process.terminate()
            assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def started(process: subprocess.Popen[bytes], notes: Path, count: int) -> list[int]:
    """The process ids of the first children, once there were so many."""
    deadline = time.monotonic() + 60
    while True:
        found = notes.read_text().split() if notes.exists() else []
        if len(found) >= count:
            return [int(each) for each in found]
        assert process.poll() is None, "the supervisor ended"
        assert time.monotonic() < deadline, "it started nothing"
        time.sleep(0.01)


@on_linux
def test_a_disk_without_room_for_its_messages_does_not_end_the_ring(tmp_path):
    with supervised(tmp_path / "notes", 0, messages="/dev/full") as process:
        started(process, tmp_path / "notes", 3)


@on_linux
def test_started_with_nohup_it_outlives_its_terminal(tmp_path):
    notes, log = tmp_path / "notes", tmp_path / "log"
    with supervised(notes, 600, messages=str(log), under=("nohup",)) as process:
        (child,) = started(process, notes, 1)
        process.send_signal(signal.SIGHUP)
        os.kill(child, signal.SIGKILL)

        started(process, notes, 2)
    assert "The worker ended (exit code -9); it starts again in 0 s." in log.read_text()


@on_linux
def test_ctrl_c_pressed_again_does_not_wait(tmp_path):
    notes = tmp_path / "notes"
    with supervised(notes, messages=os.devnull, is_stubborn=True) as process:
        child, *_ = started(process, notes, 1)
        process.send_signal(signal.SIGINT)
        started(process, notes, 2)  # it was asked to end

        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)

        assert (process.returncode, are_gone([child])) == (0, True)


@on_linux
def test_a_process_that_was_started_again_ends_with_a_supervisor_that_is_killed(tmp_path):
    notes = tmp_path / "notes"
    with supervised(notes, messages=os.devnull, is_stubborn=True) as process:
        first, *_ = started(process, notes, 1)
        os.kill(first, signal.SIGKILL)
        _first, again, *_ = started(process, notes, 2)

        process.kill()
        process.wait()

        assert are_gone([again])


@on_linux
def test_a_process_on_demand_that_has_ended_is_started_when_it_is_called(tmp_path):
    notes = tmp_path / "notes"
    with supervised(notes, 600, messages=str(tmp_path / "log"), on_demand=True) as process:
        (first,) = started(process, notes, 1)
        os.kill(first, signal.SIGKILL)
        _first, second = started(process, notes, 2)  # what fails is started without a call

        process.send_signal(small_supervisor.CALL)
        assert not are_gone([second])
    assert "it starts again" in (tmp_path / "log").read_text()


@on_linux
def test_a_process_on_demand_rests_after_it_ended_by_itself(monkeypatch):
    ended = []
    monkeypatch.setattr("app.server.small_supervisor.os.killpg", lambda *_: None)
    monkeypatch.setattr("app.server.small_supervisor.report", ended.append)
    child = small_supervisor.Child(("worker", 4711, 60.0, True, []))

    child.on_exit(0)
    assert (child.seconds_to_start(), ended) == (small_supervisor.IDLE_SECONDS, [])

    child.call()
    assert child.seconds_to_start() == 0
    child.pid = 4712
    child.on_exit(0)
    assert child.seconds_to_start() == 0, "it was called just before, and may not have looked any more"

    child.pid = 4713
    child.on_exit(1)
    assert child.seconds_to_start() > 0
    assert ended == ["The worker ended (exit code 1); it starts again in 1 s."]


@on_linux
def test_a_call_does_not_end_the_ring_while_it_starts():
    former = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        small_supervisor.keep_calls()
        signal.pthread_kill(threading.get_ident(), small_supervisor.CALL)  # a test has other threads, too
        assert small_supervisor.CALL in signal.sigpending()
        assert signal.sigtimedwait([small_supervisor.CALL], 0) is not None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@on_linux
def test_a_process_that_the_system_refuses_is_started_later(monkeypatch, capfd):
    def refuse():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("app.server.small_supervisor.os.fork", refuse)
    child = small_supervisor.Child(("worker", None, 60.0, False, []))
    child.ensure_running()

    assert (child.pid, child.seconds_to_start() > 0) == (None, True)
    assert "could not be started (Resource temporarily unavailable); it starts again in 1 s." in capfd.readouterr().err


def test_a_process_that_ended_before_the_handover_is_handed_over_as_not_running(monkeypatch):
    process = SupervisedProcess("worker", 60.0, print)
    child = SimpleNamespace(pid=4711, is_alive=True, start=lambda: None)
    monkeypatch.setattr(process, "_make", lambda: child)
    process.ensure_running()

    assert process.handover() == ("worker", 4711, 60.0, False, command_of(print))
    child.is_alive = False
    assert process.handover() == ("worker", None, 60.0, False, command_of(print))


@on_linux
def test_of_two_rings_that_start_at_once_one_gets_the_port():
    port = free_port()
    with take_port("127.0.0.1", port):
        with pytest.raises(PortTaken, match="Choose another"):
            take_port("127.0.0.1", port)
        with closing(socket.socket()) as web, closing(socket.socket()) as other_web:
            for each in (web, other_web):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                each.bind(("127.0.0.1", port))
                each.listen()
            with pytest.raises(PortTaken, match="Choose another"):
                take_port("127.0.0.1", port)
    take_port("127.0.0.1", port).close()


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_processes_serve_the_web_as_the_setting_says(count, monkeypatch):
    monkeypatch.setattr(serve, "shares_port", lambda: True)
    processes = serve._web_processes("127.0.0.1", 8000, count)
    assert [process.name for process in processes] == [f"web process {number}" for number in range(1, count + 1)]
    assert not any(process.handover()[3] for process in processes)
    assert serve._worker(print).handover()[3], "the worker runs on demand"

    monkeypatch.setattr(serve, "shares_port", lambda: False)
    (alone,) = serve._web_processes("127.0.0.1", 8000, count)
    assert alone.handover()[-1][-1].endswith(f", {count}]"), "granian starts them"
    assert not serve._worker(print).handover()[3], "nobody would call it"
