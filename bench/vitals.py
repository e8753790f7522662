"""What a ring that runs for long takes: memory, threads and open files of its processes, its database, what waits."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench.serving import children

TICKS = os.sysconf("SC_CLK_TCK")
HEADINGS = (
    "| after | MB of the supervisor, the web, the worker, children | processor time since, % | threads | open files "
    "| database | its log | oldest event waits | mails wait |\n|---|---|---|---|---|---|---|---|---|"
)
OLDEST = """
    SELECT min(event.at) FROM booking_event AS event
    WHERE event.id > {first} AND event.type = 'reservation_confirmed' AND NOT EXISTS
    (SELECT 1 FROM booking_event_delivery WHERE event_id = event.id AND subscriber = 'notifications')
"""
FIRST = "SELECT coalesce(max(id), 0) FROM booking_event"
MAILS = "SELECT count(*) FROM mail_outbox WHERE sent_at IS NULL AND given_up_at IS NULL"


@dataclass(frozen=True)
class Vitals:
    """One look. mb: of the supervisor, the web processes, the worker, and of short-lived children (PSS).

    loads: the share of a processor that each took since the last look.
    """

    mb: tuple[float, ...]
    loads: tuple[float, ...]
    threads: int
    files: int
    database_mb: float
    log_mb: float
    oldest_seconds: float
    mails: int

    def row(self, passed: float) -> str:
        """Return the row of the table."""
        memory, loads = (", ".join(f"{one:.0f}" for one in each) for each in (self.mb, self.loads))
        return (
            f"| {passed:.0f} s | {memory}: {sum(self.mb):.0f} | {loads} | {self.threads} | {self.files} "
            f"| {self.database_mb:.1f} MB | {self.log_mb:.1f} MB | {self.oldest_seconds:.1f} s | {self.mails} |"
        )


class Watch:
    """Looks at a ring. address: of its PostgreSQL database; empty where it is a file."""

    def __init__(self, pid: int, database: Path, address: str = "") -> None:
        self._pid, self._database, self._address = pid, database, address
        self._used: dict[int, tuple[float, float]] = {}
        self._oldest = OLDEST.format(first=self._ask(FIRST)[0])

    def look(self) -> Vitals:
        """Return how the ring is now."""
        processes = [self._pid, *_tree(self._pid)]
        (oldest, mails), (size, log) = self._ask(f"SELECT ({self._oldest}), ({MAILS})"), self._sizes()
        return Vitals(
            tuple(_pss_mb(one) for one in processes),
            tuple(self._load_of(one) for one in processes),
            sum(_count(one, "task") for one in processes),
            sum(_count(one, "fd") for one in processes),
            size / 1e6,
            log / 1e6,
            _seconds_since(oldest),
            mails,
        )

    def oldest_seconds(self) -> float:
        """Return how long the oldest event that came since has waited for its mail; 0 where none waits."""
        return _seconds_since(self._ask(self._oldest)[0])

    def _load_of(self, pid: int) -> float:
        """Return the processor time of a process since the last look, in per cent of one processor."""
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        used, at = (int(fields[11]) + int(fields[12])) / TICKS, time.monotonic()
        before, since = self._used.get(pid, (used, at - 1))
        self._used[pid] = used, at
        return 100 * (used - before) / (at - since)

    def _ask(self, statement: str) -> tuple[Any, ...]:
        if self._address:
            with psycopg.connect(self._address, autocommit=True) as server:
                return server.execute(statement.encode()).fetchone() or ()
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as file:
            row: tuple[Any, ...] = file.execute(statement).fetchone()
            return row

    def _sizes(self) -> tuple[int, int]:
        """Return the bytes of the database and of its write-ahead log."""
        if self._address:
            log = "(SELECT sum(size) FROM pg_ls_waldir())"
            size, of_log = self._ask(f"SELECT pg_database_size(current_database()), {log}")
            return size, int(of_log)
        beside = self._database.with_name(f"{self._database.name}-wal")
        return self._database.stat().st_size, beside.stat().st_size if beside.exists() else 0


def _seconds_since(at: datetime | str | None) -> float:
    """Return how long ago an instant was; SQLite's has no zone."""
    if at is None:
        return 0.0
    instant = datetime.fromisoformat(f"{at}+00:00") if isinstance(at, str) else at
    return (datetime.now(UTC) - instant).total_seconds()


def _tree(pid: int) -> list[int]:
    try:
        found = children(pid)
    except OSError:  # it has ended meanwhile
        return []
    return [one for child in found for one in (child, *_tree(child))]


def _count(pid: int, folder: str) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/{folder}").iterdir()))
    except OSError:  # a short-lived child has ended
        return 0


def _pss_mb(pid: int) -> float:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0.0)
