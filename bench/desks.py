"""Steps of SQLite for every page and API call of every role: the demo ring, and the same with years behind it.

`python -m bench.desks` needs some minutes and 2 GB in the folder for temporary files. A step is an instruction of the
virtual machine; counted are all connections of the program, answers are those of the test client.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from sqlalchemy import event, select

from app import create_app
from app.auth import login_sessions
from app.auth.models import User
from app.clock import now
from app.demo import loading
from app.extensions import db
from app.storage import migrate
from bench.growth import Size, grow
from booking.kernel.transaction import write_transaction
from booking.queries import ring_zone
from booking.times.wall_clock import local_day

ROLES = {"member": "anna", "manager": "wanda", "treasurer": "karl", "admin": "rita"}
GRAIN = 10  # steps between two calls of the counter
# What an answer shows: rows, choices and links of a page, objects of a call.
SHOWN = re.compile(rb"<(?:tr|li|option|article|a)\b|\"(?:id|member_id)\":")
RATIO_MAX, SLACK = 1.5, 3_000  # a page of few steps may cost some more
STATEMENTS_SLACK = 2  # what the process keeps may have ended between the two requests
# Addresses of lists with filters, in addition to those of the permission table without an argument.
FILTERED = (
    "/usage?disputed=1",
    "/usage?page=2",
    "/usage?member=Huber",
    "/usage?machine={slug}",
    "/usage?from=2026-10-01&until=2026-10-31",
    "/reservations?when=past&of=workshop",
    "/reservations?when=past",
    "/reservations?of=workshop",
    "/plan?view=day",
    "/search?q=Huber",
    "/admin/members?q=Huber",
    "/workshop/inductions?q=Huber",
    "/machines?q=saw",
    "/machines?free=1",
    "/machines?sort=name",
    "/admin/events?type=use_charged",
    "/admin/events?type=record_changed",
    "/admin/events?type=login_made",
    "/costs/charges?member=Huber",
    "/costs/charges?machine={slug}",
    "/api/v1/reservations?status=completed&limit=20",
    "/api/v1/reservations?from=2026-11-01T00:00:00Z&until=2026-11-02T00:00:00Z",
    "/api/v1/usage?limit=20",
    "/api/v1/machines/free?minutes=60",
)
# Files are as long as what they hold, and are measured elsewhere.
LEFT_OUT = (
    "/file.",
    "/healthz",
    "/readyz",
    "/exports/",
    "/static/",
    "/setup",
    "/logout",
    "/metrics",
    "/feeds/<secret>",
    "/colours/",
)


@dataclass
class Steps:
    """What one request cost."""

    status: int = 0
    steps: int = 0
    statements: int = 0
    size: int = 0
    shown: int = 1
    by_statement: Counter[str] = field(default_factory=Counter)


class Ring:
    """A ring on disk, asked by its test client."""

    def __init__(self, instance: Path) -> None:
        self.app = create_app({"TESTING": True, "RATELIMIT_ENABLED": False}, instance_path=instance)
        self._count = Steps()
        self._statement = ""
        with self.app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._before)
            self.tokens = {role: self._log_in(name) for role, name in ROLES.items()}

    def _log_in(self, name: str) -> str:
        session = db.session()
        user_id = session.scalars(select(User.id).where(User.email == f"{name}@demo.example")).one()
        with write_transaction(session):
            return login_sessions.open_session(session, user_id, now=now(), days=30)

    def _before(self, connection: object, cursor: object, sql: str, *_more: object) -> None:
        self._count.statements += 1
        self._statement = sql
        driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[attr-defined]
        driver.set_progress_handler(self._step, GRAIN)

    def _step(self) -> None:
        self._count.steps += GRAIN
        self._count.by_statement[self._statement] += GRAIN

    def get(self, role: str, address: str) -> Steps:
        """Ask twice, so that what is kept is kept, and return what the second answer cost."""
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = self.tokens[role], True
        self._count = Steps()
        client.get(address)
        self._count = Steps()
        response = client.get(address)
        self._count.status, self._count.size = response.status_code, len(response.data)
        self._count.shown = max(1, len(SHOWN.findall(response.data)))
        return self._count

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def addresses(app: Flask, examples: dict[str, object]) -> Iterator[str]:
    """Yield the addresses of all pages and API calls that are read, with an example for each argument."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or any(part in rule.rule for part in LEFT_OUT):
            continue
        if all(name in examples for name in rule.arguments):
            with app.test_request_context():
                yield app.url_for(rule.endpoint, **{name: examples[name] for name in rule.arguments})
    yield from (address.format(**examples) for address in FILTERED)


def examples(instance: Path) -> dict[str, object]:
    """Return an argument of each kind: records of the demo that both rings have."""
    connection = sqlite3.connect(instance / "ring.sqlite")
    one = {
        "usage_id": "SELECT id FROM booking_usage ORDER BY handed_out_at DESC, id DESC LIMIT 1",
        "reservation_id": "SELECT id FROM booking_reservation WHERE status = 'confirmed' ORDER BY starts_at DESC",
        "allocation_id": "SELECT max(id) FROM billing_allocation",  # the largest
        "pool_id": "SELECT min(id) FROM billing_pool",
        "cost_id": "SELECT min(id) FROM billing_cost",
        "machine_id": "SELECT machine_id FROM billing_pool",
        "member_id": "SELECT min(id) FROM booking_member",
        "user_id": "SELECT min(id) FROM auth_user",
        "closure_id": "SELECT max(id) FROM booking_blocking",
        "slug": "SELECT slug FROM booking_machine WHERE id = (SELECT min(machine_id) FROM billing_pool)",
        "kind": "SELECT 'members'",
        "induction_id": "SELECT min(id) FROM booking_induction",
    }
    found = {name: connection.execute(sql).fetchone() for name, sql in one.items()}
    connection.close()
    return {name: row[0] for name, row in found.items() if row and row[0] is not None}


def demo(instance: Path) -> None:
    """Load the demo ring into an empty folder."""
    instance.mkdir(parents=True)
    app = create_app({}, instance_path=instance)
    migrate.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with app.app_context():
        session = db.session()
        with write_transaction(session):
            loading.load(session, local_day(now(), ring_zone(session)), now=now())
        db.session.remove()
        db.engine.dispose()


def made(folder: Path, size: Size) -> tuple[Path, Path]:
    """Make the demo ring, and the same of a size; return their folders."""
    small, large = folder / "demo", folder / "large demo"
    demo(small)
    shutil.copytree(small, large)
    grow(large / "ring.sqlite", size)
    return small, large


def count_beyond(folder: Path, size: Size) -> int:
    """Return how many pages and calls cost more than the goal allows in a ring of a size; for row 12."""
    return sum(not is_within(few, many) for _role, _address, few, many in compare(*made(folder, size)))


def compare(small: Path, large: Path, only: str = "") -> list[tuple[str, str, Steps, Steps]]:
    """Return role, address and what it cost in both rings, for every answer that is a page."""
    rings = Ring(small), Ring(large)
    arguments = examples(small), examples(large)
    rows = []
    try:
        pairs = zip(
            *(list(addresses(ring.app, given)) for ring, given in zip(rings, arguments, strict=True)), strict=True
        )
        for few, many in pairs:
            if only and only not in few:
                continue
            for role in ROLES:
                found = rings[0].get(role, few)
                if found.status == 200:
                    rows.append((role, many, found, rings[1].get(role, many)))
    finally:
        for ring in rings:
            ring.close()
    return rows


def is_within(few: Steps, many: Steps) -> bool:
    """Return whether the large ring costs as much as the goal allows for what it shows."""
    is_dear = many.steps > RATIO_MAX * few.steps * more_shown(few, many) + SLACK
    return not is_dear and many.statements <= few.statements + STATEMENTS_SLACK


def more_shown(few: Steps, many: Steps) -> float:
    """Return how many times as many rows, choices and links the answer of the large ring has; at least 1."""
    return max(1.0, many.shown / few.shown)


def main() -> None:
    """Print a table of what is beyond the goal, or of all."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--all", action="store_true", help="every page, not only those beyond the goal")
    options.add_argument("--only", default="", help="a part of the addresses")
    options.add_argument("--why", action="store_true", help="the dearest statement of each")
    options.add_argument("--rings", nargs=2, type=Path, metavar="INSTANCE", help="two instance folders that are there")
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="make both rings in this folder, and leave them")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ringbuch-desks-") as folder:
        small, large = given.rings or made(given.keep or Path(folder), Size())
        rows = compare(small, large, given.only)
    print(f"{'role':10} {'steps':>9} {'large':>9} {'ratio':>6} {'statements':>10} {'kB':>11} {'shown':>9}  address")
    for role, address, few, many in sorted(rows, key=lambda row: -row[3].steps / max(row[2].steps, 1)):
        if given.all or not is_within(few, many):
            ratio = many.steps / max(few.steps, 1)
            shown = f"{few.shown}/{many.shown}"
            statements, sizes = f"{few.statements}/{many.statements}", f"{few.size // 1000}/{many.size // 1000}"
            left = f"{role:10} {few.steps:9} {many.steps:9} {ratio:6.2f}"
            print(f"{left} {statements:>10} {sizes:>11} {shown:>9}  {address}")
            if given.why:
                for sql, steps in many.by_statement.most_common(4):
                    print(f"      {steps}: {' '.join(sql.split())[:1200]}")
    beyond = sum(not is_within(few, many) for _role, _address, few, many in rows)
    print(f"{len(rows)} answers, {beyond} beyond {RATIO_MAX} x the demo")
    sys.exit(beyond > 0)


if __name__ == "__main__":
    main()
