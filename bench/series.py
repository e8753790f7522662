"""Row 16: entering a weekly series of 52 dates through the API, against as many single inserts of the anchor.

`python -m bench.series` prints the processor time of both in one process each way, and the statements of the series.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from app import create_app
from app.extensions import db
from bench import anchor
from bench.clients import UnexpectedResponse
from bench.filling import FilledRing, fill

DATES, RESERVATIONS, CREATED = 52, 10_000, 201


@dataclass(frozen=True)
class SeriesResult:
    """Processor time in seconds: of the whole call, and of one durable insert of the anchor.

    inserts: how many of those one series costs, the median of the rounds; both are measured in each.
    """

    series_s: float
    insert_s: float
    inserts: float
    statements: int


def measure(folder: Path, rounds: int) -> SeriesResult:
    """Fill a ring in an empty folder, and enter series and rows of the anchor in turn."""
    filled = fill(folder, RESERVATIONS)
    os.environ["ANCHOR_DATABASE"] = str(folder / "anchor.sqlite")
    bare = anchor.create_app().test_client()
    settings = {"BASE_URL": "http://127.0.0.1:8000", "API_LIMIT": "1000000 per minute", "TESTING": False}
    app = create_app(settings, instance_path=filled.instance)
    with app.app_context():
        engine = db.engine
    client = app.test_client()
    _enter(client, filled, 0)  # what a process reads once
    _insert(bare)
    count = _statements(engine, lambda: _enter(client, filled, 1))
    gc.freeze()  # as the server does once it has started
    series, inserts = [], []
    for at in range(rounds):
        series.append(_processor_time(lambda at=at: _enter(client, filled, 2 + at)))
        inserts.append(_processor_time(lambda: [_insert(bare) for _ in range(DATES)]) / DATES)
    engine.dispose()
    ratios = [one / other for one, other in zip(series, inserts, strict=True)]
    return SeriesResult(median(series), median(inserts), median(ratios), count)


def _enter(client: FlaskClient, filled: FilledRing, at: int) -> None:
    """Reserve an hour of each week that the filling leaves free, another machine and hour for each round."""
    machine_id = filled.machine_ids[at % len(filled.machine_ids)]
    start = filled.monday + timedelta(days=14, hours=2 + at // len(filled.machine_ids))
    answer = client.post(
        "/api/v1/series",
        json={
            "machine_id": machine_id,
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=30)).isoformat(),
            "rrule": f"FREQ=WEEKLY;COUNT={DATES}",
        },
        headers={"Authorization": f"Bearer {filled.api_tokens[0]}", "Idempotency-Key": f"series-{at}"},
    )
    if answer.status_code != CREATED or len(answer.json["dates"]) != DATES:
        raise UnexpectedResponse(f"The series was answered with {answer.status_code}: {answer.text[:300]}")


def _insert(client: FlaskClient) -> None:
    if client.post("/insert").status_code != CREATED:
        raise UnexpectedResponse("The anchor did not insert its row; nothing is printed.")


def _statements(engine: Engine, work: Callable[[], object]) -> int:
    """Count the statements of some work. Nobody listens afterwards: that would leave out the prepared statements."""
    statements: list[str] = []

    def note(*facts: Any) -> None:
        statements.append(facts[2])

    event.listen(engine, "before_cursor_execute", note)
    work()
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


def _processor_time(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as name:
        result = measure(Path(name), 20)
    sys.stdout.write(
        f"series of {DATES}: {result.series_s * 1000:.1f} ms, one insert of the anchor {result.insert_s * 1000:.2f} ms"
        f" of processor time: {result.inserts:.1f} inserts, {result.statements} statements\n"
    )


if __name__ == "__main__":
    main()
