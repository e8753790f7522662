"""Steps of SQLite for reserving, moving and searching with 10^4 and 10^6 reservations: `python -m bench.steps`.

One rack with 24 places is filled in bulk: hooks held for eight of every nine hours up to now, and a day on which every
second place ends at noon, so that a wish over noon needs others to move. Steps are counted, not timed.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from sqlalchemy.orm import Session

from app import create_app
from app.extensions import db
from app.storage import migrate
from bench.clients import UnexpectedResponse
from booking import availability
from booking.kernel.events import Actor
from booking.kernel.transaction import write_transaction
from booking.models import Machine, Member, OpeningHours, Ring, Unit, Workshop
from booking.reservations import reservations
from booking.reservations.wishes import Wish
from booking.timespan import TimeSpan

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACES, GRAIN = 24, 10
FORMAT = "%Y-%m-%d %H:%M:%S.%f"
BENCH = Actor(job="bench")
MACHINE, MEMBER = 1, 1


def fill(database: Path, count: int, before: int = 0) -> None:
    """Insert past reservations of one place each, and what holds the rack in two days.

    before: so many past ones are there already, with what holds the rack.
    """
    rows = []
    for number in range(before, before + count):
        start = NOW - timedelta(hours=9 * (number // PLACES + 1))
        rows.append((PLACES + number + 1, number % PLACES + 1, start, start + 8 * HOUR))
    noon = NOW + timedelta(days=2, hours=4)
    for place in range(1, 1 if before else PLACES + 1):
        span = (noon - 4 * HOUR, noon) if place % 2 else (noon, noon + 4 * HOUR)
        rows.append((place, place, *span))
    texts = [(number, place, since.strftime(FORMAT), until.strftime(FORMAT)) for number, place, since, until in rows]
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO booking_hold (id, kind) VALUES (?, 'reservation')", [(row[0],) for row in texts]
        )
        connection.executemany(
            "INSERT INTO booking_reservation (id, uid, machine_id, member_id, starts_at, ends_at, occupied_from,"
            " occupied_until, places, purpose, status, revision, created_at, changed_at, asked_at, reason,"
            " is_late_cancel) VALUES (?1, 'u' || ?1, 1, 1, ?3, ?4, ?3, ?4, 1, '', 'confirmed', 0, ?3, ?3, ?3, '', 0)",
            texts,
        )
        connection.executemany(
            "INSERT INTO booking_occupancy (unit_id, hold_id, occupied_from, occupied_until) VALUES (?2, ?1, ?3, ?4)",
            texts,
        )
    connection.close()


def enter_ring(session: Session) -> None:
    """Add a workshop with the rack, and a member."""
    session.add_all([Ring(id=1, name="Bench"), Workshop(id=1, slug="hall", name="Hall", timezone="Europe/Berlin")])
    session.add(Member(id=MEMBER, number="1", name="Member"))
    session.flush()
    session.add_all(OpeningHours(workshop_id=1, weekday=d, opens_minute=0, closes_minute=1440) for d in range(7))
    session.add(Machine(id=MACHINE, workshop_id=1, slug="rack", name="Rack"))
    session.flush()
    session.add_all(Unit(id=number, machine_id=MACHINE, number=number) for number in range(1, PLACES + 1))


@contextmanager
def counted(session: Session) -> Iterator[list[int]]:
    """Count steps: of the list that is yielded, the only element."""
    driver = session.connection().connection.driver_connection
    steps = [0]

    def step() -> None:
        steps[0] += GRAIN

    driver.set_progress_handler(step, GRAIN)  # type: ignore[union-attr]
    try:
        yield steps
    finally:
        driver.set_progress_handler(None, GRAIN)  # type: ignore[union-attr]


def _span(start: int, end: int) -> TimeSpan:
    day = NOW + timedelta(days=2)
    return TimeSpan(day + start * HOUR, day + end * HOUR)


def earliest_of(session: Session, places: int) -> object:
    """Return the earliest four hours for which so many of the 24 places are free together."""
    found = availability.earliest_free(session, machine_ids=[MACHINE], now=NOW, minutes=240, places=places)
    if not found:
        raise UnexpectedResponse("No free span was found; nothing is printed.")
    return found


def operations(session: Session) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name; to be run in this order, in write transactions."""
    entered: list[int] = []

    def reserve(span: TimeSpan, places: int) -> None:
        wish = Wish(MACHINE, MEMBER, span, places)
        entered.append(reservations.request_reservation(session, wish, by=BENCH, now=NOW).id)

    def search() -> object:
        window = TimeSpan(NOW, NOW + timedelta(days=14))
        return availability.free_spans(session, MACHINE, window, minutes=120, places=PLACES, now=NOW)

    def earliest() -> object:
        return earliest_of(session, PLACES // 2)

    return {
        "reserve 4 places, free": lambda: reserve(_span(10, 12), 4),
        "reserve 12 places, others move": lambda: reserve(_span(2, 6), 12),
        "move to free time": lambda: reservations.move(session, entered[0], _span(12, 14), by=BENCH, now=NOW),
        "move, others move": lambda: reservations.move(session, entered[1], _span(3, 7), by=BENCH, now=NOW),
        "search two weeks for 24 free places": search,
        "earliest four hours of 12 places": earliest,
    }


def measure(count: int) -> dict[str, int]:
    """Return the steps of each operation in a ring with this number of reservations."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=Path(folder))
        migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
        with app.app_context():
            session = db.session()
            with write_transaction(session):
                enter_ring(session)
            fill(Path(folder) / "ring.sqlite", count)
            for name, operation in operations(session).items():
                with write_transaction(session), counted(session) as steps:
                    operation()
                found[name] = steps[0]
            db.session.remove()
            db.engine.dispose()
    return found


def highest_ratio(many: int) -> float:
    """Measure row 12h: of all operations, the highest ratio of steps with many reservations to those with 10^4."""
    few, large = measure(10**4), measure(many)
    return max(large[name] / steps for name, steps in few.items())


def earliest_of_places(folder: Path, rounds: int, times: int = 20) -> float:
    """Measure row 17: milliseconds of processor time for the earliest four hours of 12 of 24 places."""
    app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=folder)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            enter_ring(session)
        fill(folder / "ring.sqlite", 10**4)
        earliest_of(session, PLACES // 2)
        results = []
        for _round in range(rounds):
            begin = time.process_time()
            for _time in range(times):
                earliest_of(session, PLACES // 2)
                session.rollback()
            results.append((time.process_time() - begin) / times * 1e3)
        db.session.remove()
        db.engine.dispose()
    return median(results)


def main() -> None:
    """Print a table of both sizes and their ratios."""
    few, many = measure(10**4), measure(10**6)
    print("| operation | steps at 10^4 | at 10^6 | ratio |\n| --- | --- | --- | --- |")
    for name, steps in few.items():
        print(f"| {name} | {steps} | {many[name]} | {many[name] / steps:.2f} |")


if __name__ == "__main__":
    main()
