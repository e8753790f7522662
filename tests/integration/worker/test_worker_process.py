"""The worker as a process of its own: works beside others, ends when told to, whatever a mail server does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlalchemy import func, select

from app.mail.models import Mail
from app.mail.transport import TIMEOUT_SECONDS
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.reservations.reservations import request_reservation
from tests.builders import Wish, hours
from tests.ports import START_SECONDS, free_port

ROOT = Path(__file__).resolve().parents[3]


class Mailbox(Message):
    """Counts the mails that arrive."""

    def __init__(self):
        super().__init__()
        self.subjects = []

    def handle_message(self, message):
        self.subjects.append(message["Subject"])


@pytest.fixture
def mailbox():
    mailbox = Mailbox()
    port = free_port()
    server = Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=START_SECONDS)
    server.start()
    mailbox.url = f"smtp://127.0.0.1:{port}"
    yield mailbox
    server.stop()


@contextmanager
def workers(database_url, folder, mail_url, count=1):
    """`ring work`, as often as asked for."""
    settings = {"RINGBUCH_DATABASE_URL": database_url, "RINGBUCH_INSTANCE": str(folder), "RINGBUCH_MAIL_URL": mail_url}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ring", "work"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def wait_until(is_so, seconds=120):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def end(process):
    """Ask a process to end; how many seconds it took."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    return time.monotonic() - started


def request_a_machine(session, sample_ring, day, *, now):
    """Anna asks for the splitter on a day; two mails follow."""
    with write_transaction(session):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        wish = Wish(sample_ring.splitter, sample_ring.anna, hours(midnight, 24 * day, 24 * day + 4))
        request_reservation(session, wish, by=Actor(user_id=sample_ring.anna_login), now=now)


def sent(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(Mail).where(Mail.sent_at.is_not(None)))


@pytest.fixture
def today(clock):
    """The worker's process has the real clock, so what happens must have happened now."""
    return datetime.now(UTC)


def test_two_workers_deliver_everything_once(session, sample_ring, database_url, tmp_path, mailbox, today):
    with workers(database_url, tmp_path, mailbox.url, count=2) as (first, second):
        for day in range(40, 48):
            request_a_machine(session, sample_ring, day, now=today)
        wait_until(lambda: sent(session) == 16)
        for worker in (first, second):
            end(worker)  # what it has begun it brings to its end

    assert len(mailbox.subjects) == 16
    assert sent(session) == 16


def test_a_mail_server_that_hangs_holds_up_nothing_but_mail(session, sample_ring, database_url, tmp_path, today):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)  # a worker that never comes fails the test instead of holding it
        hanging = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        request_a_machine(session, sample_ring, 40, now=today)
        with workers(database_url, tmp_path, hanging) as (worker,):
            line, _address = silent.accept()  # the worker is on the line, and nobody answers
            request_a_machine(session, sample_ring, 41, now=today)
            wait_until(lambda: session.rollback() or session.scalar(select(func.count()).select_from(Mail)) == 4)
            assert end(worker) < TIMEOUT_SECONDS, "it waited for the server that hangs"
            line.close()

    assert sent(session) == 0
