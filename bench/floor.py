"""What an equally durable and equally checked create has to do, piece by piece: `python -m bench.floor`.

The statements that creates of the ring send are written down, and sent once more by the bare driver to a copy of the
database: what is left is SQLite with the guard, the triggers and the indices. Beside them stand Flask's frame alone
(the anchor's `/hello`), the wait for the disk, and reading and writing JSON. Their sum is the floor; what a create
takes beyond it is what the ring's own Python and SQLAlchemy cost. Several creates in one commit show what waiting
writers would save if they shared one; and a crowd that does nothing but these statements, behind the ring's own write
lock, shows what the slowest hundredth is by the disk and the lock alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

from flask import Flask

from app.api import endpoints
from app.api.reservations.reservation_models import NewReservation, Reservation
from app.extensions import db
from bench.clients import run
from bench.filling import FilledRing, fill
from bench.over_http import reserve_call, same
from bench.paths import RESERVATIONS, _anchor, _call, _create, _environ, _same, _without_collector
from bench.replay import Create, Replay, crowd, recorded, ring_on
from bench.serving import serving
from booking.kernel.tokens import hash_of

GROUPS = (2, 4)
CLIENTS, CREATES_OF_CROWD = 8, 960  # as in row 3a
LABELS = {
    "frame": "Flask alone: a GET is answered with JSON, without a database",
    "json": "the token hashed, the body read as its model and looked through for twin names, the answer written",
    "statements": "SQLite: the {statements} statements of a create by the bare driver, from BEGIN to COMMIT, with the"
    " guard, triggers and indices",
    "sync": "the wait for the disk: fdatasync of {pages:.0f} pages of the log",
}


class Spent(NamedTuple):
    """Milliseconds of one piece: of processor time, and by the clock."""

    processor: float
    clock: float


def main() -> None:
    """Print the pieces, their sum, and a create and a bare insert beside them."""
    options = _options()
    rounds: int = options.rounds
    with tempfile.TemporaryDirectory(prefix="ringbuch-floor-", dir=options.folder) as name:
        folder = Path(name)
        count = rounds * (1 + sum(GROUPS)) + CREATES_OF_CROWD
        creates = recorded(fill(folder, RESERVATIONS), folder / "copy.sqlite", count)
        spent, replay = _measured(folder, creates, rounds)
        for key, label in LABELS.items():
            _print_row(label.format(statements=len(creates[0]), pages=median(replay.pages or [0])), spent[key])
        with serving("bench.anchor_wsgi:app", {"ANCHOR_DATABASE": str(folder / "anchor.sqlite")}, "/hello") as port:
            hello = run(port, 1, rounds, same("GET", "/hello"), {200}).at(0.5) * 1e3
        _print_sums(spent, hello)
        for count in GROUPS:
            one = Spent(*(part / count for part in spent[f"{count} at once"]))
            _print_row(f"for comparison: statements and wait of one of {count} creates in one commit", one)
        seconds = sorted(crowd(folder / "copy.sqlite", creates[-CREATES_OF_CROWD:], CLIENTS))
        p50, p99 = (seconds[int(len(seconds) * part)] * 1e3 for part in (0.5, 0.99))
        print(f"\n{CLIENTS} threads of two processes: p50 {p50:.2f}, p99 {p99:.2f} ms, {p99 / p50:.2f} x", flush=True)


def _measured(folder: Path, creates: list[Create], rounds: int) -> tuple[dict[str, Spent], Replay]:
    anchor, other = _anchor(folder), fill(folder / "other", RESERVATIONS)
    app = ring_on(other)
    replay = Replay(folder / "copy.sqlite", creates)
    asks: dict[str, Callable[[], object]] = {
        "frame": _same(anchor, "GET", "/hello", 200),
        "json": _json(app, other),
        "statements": replay.send,
        "sync": replay.sync,
        "insert": _same(anchor, "POST", "/insert", 201),
        "create": _create(app, other),
        **{f"{count} at once": partial(_send_group, replay, count) for count in GROUPS},
    }
    spent = _in_turn(asks, rounds)
    with app.app_context():
        db.engine.dispose()
    return spent, replay


def _send_group(replay: Replay, count: int) -> None:
    replay.send_group(count)
    replay.sync()


def _json(app: Flask, filled: FilledRing) -> Callable[[], None]:
    """Return a function that hashes a token, reads a body as its model, and writes an answer."""
    start = filled.monday + timedelta(days=50)
    method, path, body, headers = reserve_call(filled.machine_ids[0], start, filled.api_tokens[0])
    assert body is not None
    answer = Reservation.model_validate_json(_call(app, *_environ(method, path, body, headers)).body)

    def ask() -> None:
        hash_of(filled.api_tokens[0])
        NewReservation.model_validate_json(body)
        endpoints._refuse_ambiguous(body)
        answer.model_dump_json().encode()

    return ask


def _in_turn(asks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Spent]:
    """Return the fastest tenth of the processor time of each, and its median by the clock; they are asked in turn."""
    processor: dict[str, list[float]] = {name: [] for name in asks}
    clock: dict[str, list[float]] = {name: [] for name in asks}
    with _without_collector():
        for number in range(rounds):
            for name, ask in asks.items():
                begin, begin_clock = time.process_time_ns(), time.perf_counter_ns()
                ask()
                if number >= rounds // 10:  # the first ones warm up
                    processor[name].append((time.process_time_ns() - begin) / 1e6)
                    clock[name].append((time.perf_counter_ns() - begin_clock) / 1e6)
    return {name: Spent(_least(processor[name]), median(clock[name])) for name in asks}


def _least(times: list[float]) -> float:
    return mean(sorted(times)[: max(1, len(times) // 10)])


def _print_sums(spent: Mapping[str, Spent], hello: float) -> None:
    floor = Spent(*(sum(values) for values in zip(*(spent[name] for name in LABELS), strict=True)))
    insert, create = spent["insert"], spent["create"]
    outside = max(hello - spent["frame"].clock, 0.0)
    _print_row("**the floor, the sum of these**", floor)
    _print_row("a create of the ring", create)
    beyond = Spent(create.processor - floor.processor, create.clock - floor.clock)
    _print_row("of it beyond the floor: the ring's Python, SQLAlchemy", beyond)
    _print_row("the anchor's bare insert", insert)
    print(f"| server, socket and client of the anchor | | {outside:.3f} ms |")
    for label, one in (("the floor", floor), ("a create", create)):
        over_http = (one.clock + outside) / (insert.clock + outside)
        ratios = f"{one.processor / insert.processor:.2f} x | {one.clock / insert.clock:.2f} x"
        print(f"| {label} against the bare insert | {ratios}, {over_http:.2f} x with server and client |")


def _print_row(label: str, spent: Spent) -> None:
    print(f"| {label} | {spent.processor:.3f} ms | {spent.clock:.3f} ms |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--folder", help="where the databases are made: on the disk that is to be measured")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
