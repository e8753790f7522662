"""The ring that a failing cluster serves: filled, served with its worker, and read again in the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import click
from sqlalchemy import select

from app import create_app
from app.auth import api_tokens
from app.extensions import db
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Reservation
from tests import builders
from tests.ports import free_ports
from tests.servers import ROOT

SECRET_KEY = "faults-and-nothing-but-faults-use-this"


def fill(url: str, instance: Path) -> tuple[str, int]:
    """Migrate, enter the sample ring, and return a token of a member and a machine."""
    from app.storage import migrate

    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session, now = db.session(), datetime.now(UTC)
        builders.ring(session)
        ring = builders.sample_ring(session, now=now)
        by = Actor(job="tests")
        with write_transaction(session):
            # As many hours as all rounds can fill: a year was full after 8,700.
            session.get_one(Machine, ring.combine).horizon_days = 20_000
            token = api_tokens.create(session, ring.anna_login, label="faults", is_read_only=False, by=by, now=now)
        db.session.remove()
        db.engine.dispose()
    return token, ring.combine


@contextmanager
def served(url: str, instance: Path) -> Iterator[int]:
    """Serve the ring with its worker, as operators do; yield the port."""
    (port,) = free_ports(1)
    settings = {"RINGBUCH_DATABASE_URL": url, "RINGBUCH_INSTANCE": str(instance), "RINGBUCH_SECRET_KEY": SECRET_KEY}
    instance.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "ring", "serve", "--port", str(port)]
    with (instance / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                try:
                    connection.request("GET", "/readyz")
                    if connection.getresponse().status == 200:
                        break
                except OSError:
                    pass
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)
        lines = (instance / "log").read_text().splitlines()
        click.echo("\n".join(["", "The log of the ring, without its mails:", *filter(_is_of_program, lines)]))


def _is_of_program(line: str) -> bool:
    return any(word in line for word in ("served", "is over", "times", "worker: ", "Traceback", "Error"))


def stored(url: str, instance: Path) -> set[int]:
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY}, instance_path=instance)
    with app.app_context():
        found = set(db.session().scalars(select(Reservation.id)))
        db.session.remove()
        db.engine.dispose()
    return found
