"""A ring of 50 machines, or more, and 13 members with any number of past reservations, written in bulk.

Each machine is reserved for one hour of every eight, up to the current week: of 50, 1,050 reservations a week.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from app import create_app
from app.auth import api_tokens, passwords
from app.auth.models import User
from app.extensions import db
from app.storage import migrate
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, OpeningHours, Ring, Unit, Workshop
from calendars import tokens

MACHINES, MEMBERS, EVERY_HOURS = 50, 13, 8
PASSWORD = "a-bench-needs-one-too"
FORMAT = "%Y-%m-%d %H:%M:%S.%f"
BENCH = Actor(job="bench")


@dataclass(frozen=True)
class FilledRing:
    """A filled ring: its files, its API tokens and feeds, and the Monday of its current week."""

    instance: Path
    database: Path
    monday: datetime
    machine_ids: tuple[int, ...]
    api_tokens: tuple[str, ...]
    feed_paths: tuple[str, ...]  # of each member
    reservations: int

    @property
    def feed_path(self) -> str:
        """The feed of the first member."""
        return self.feed_paths[0]


def fill(folder: Path, reservations: int, machines: int = MACHINES) -> FilledRing:
    """Create a ring with this number of reservations and machines in a folder."""
    instance = folder / "instance"
    instance.mkdir(parents=True)
    filled = add_to(instance, machines)
    _fill_in_bulk(filled.database, filled.machine_ids, filled.monday, reservations)
    return replace(filled, reservations=reservations)


def add_to(instance: Path, machines: int = MACHINES) -> FilledRing:
    """Add the workshop, machines, members and logins of the bench to a ring, or to an empty folder."""
    app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    now = datetime.now(UTC)
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            machine_ids = _enter_ring(session, now, machines)
        with write_transaction(session):
            of_bench = session.query(User).filter(User.email.like("%@bench.example"))
            users = [user.id for user in of_bench.order_by(User.id)]
            secrets = tuple(
                api_tokens.create(session, user_id, label="bench", is_read_only=False, by=BENCH, now=now)
                for user_id in users[:MEMBERS]
            )
            feeds = tuple(_subscribe(session, user_id, now) for user_id in users[:MEMBERS])
        db.session.remove()
        db.engine.dispose()
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return FilledRing(instance, instance / "ring.sqlite", monday, machine_ids, secrets, feeds, reservations=0)


def _subscribe(session: Session, user_id: int, now: datetime) -> str:
    """Create a feed of a login's own reservations and return its path."""
    wish = tokens.FeedWish(tokens.FULL, member_id=session.get_one(User, user_id).member_id)
    return f"/feeds/{tokens.create(session, user_id, wish, by=BENCH, now=now).secret}.ics"


def _enter_ring(session: object, now: datetime, count: int) -> tuple[int, ...]:
    add_all = session.add_all  # type: ignore[attr-defined]
    flush = session.flush  # type: ignore[attr-defined]
    workshop = Workshop(slug="hall", name="Hall", timezone="Europe/Berlin")
    members = [Member(number=f"B-{n:03}", name=f"Member {n}") for n in range(MEMBERS)]
    add_all([] if session.get(Ring, 1) else [Ring(id=1, name="Bench")])  # type: ignore[attr-defined]
    add_all([workshop, *members])
    flush()
    add_all(OpeningHours(workshop_id=workshop.id, weekday=d, opens_minute=0, closes_minute=1440) for d in range(7))
    machines = [
        Machine(workshop_id=workshop.id, slug=f"m-{n}", name=f"Machine {n}", horizon_days=20_000, kind=f"kind {n % 5}")
        for n in range(count)
    ]
    add_all(machines)
    flush()
    add_all(Unit(machine_id=machine.id, number=1) for machine in machines)
    password_hash = passwords.hash_of(PASSWORD)
    for n, member in enumerate(members):
        user = User(email=f"m{n}@bench.example", name=member.name, member_id=member.id, created_at=now)
        user.password_hash, user.language, user.is_admin = password_hash, "en", False
        add_all([user])
    add_all(
        [User(email="admin@bench.example", name="Admin", is_admin=True, password_hash=password_hash, created_at=now)]
    )
    flush()
    return tuple(machine.id for machine in machines)


def _fill_in_bulk(database: Path, machine_ids: tuple[int, ...], monday: datetime, reservations: int) -> None:
    end = monday + timedelta(days=7)
    rows = [
        (number, machine_ids[number % len(machine_ids)], number % MEMBERS + 1, number // len(machine_ids))
        for number in range(reservations)
    ]
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO booking_hold (id, kind) VALUES (?, 'reservation')", ((n + 1,) for n, *_ in rows)
    )
    connection.executemany(
        "INSERT INTO booking_reservation (id, uid, machine_id, member_id, starts_at, ends_at, occupied_from,"
        " occupied_until, places, purpose, status, revision, created_at, changed_at, asked_at, reason, is_late_cancel)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 'bench', 'confirmed', 0, ?, ?, ?, '', 0)",
        (
            (n + 1, f"{n}@bench", machine, member, *_times(end, back), *_times(end, back), *(_asked(end, back),) * 3)
            for n, machine, member, back in rows
        ),
    )
    connection.executemany(
        "INSERT INTO booking_occupancy (unit_id, occupied_from, occupied_until, hold_id) VALUES (?, ?, ?, ?)",
        ((machine, *_times(end, back), n + 1) for n, machine, _member, back in reversed(rows)),
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _times(end: datetime, back: int) -> tuple[str, str]:
    start = end - timedelta(hours=EVERY_HOURS * (back + 1))
    return start.strftime(FORMAT), (start + timedelta(hours=1)).strftime(FORMAT)


def _asked(end: datetime, back: int) -> str:
    return (end - timedelta(days=10, hours=EVERY_HOURS * (back + 1))).strftime(FORMAT)
