"""python -m bench: fill two rings, start ring and anchor, measure every row, print the table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from bench import desks, in_process, over_http, replanning, series, steps
from bench.filling import FilledRing, fill
from bench.goals import GOALS
from bench.growth import Size
from bench.serving import ROOT, memory_mb, serving, settle, whole_ring

WEEK_RING, YEAR_RING = 10_000, 150_000
WIDE = 200  # machines
SMALL = Size(reservations=40_000, slips=42_000, events=200_000)  # of row 12g with --small

HTTP_PARTS = ("feed", "creations", "races", "pages")
PARTS = (*HTTP_PARTS, "data", "growth", "memory", "start")


def main() -> None:
    """Measure all rows and print them."""
    options = _options()
    large_count = 100_000 if options.small else 1_000_000
    with tempfile.TemporaryDirectory(prefix="ringbuch-bench-") as name:
        if options.only:
            _print(_measure_only(Path(name), options.rounds, large_count, options.only))
            return
        results = _measure(Path(name), options.rounds, large_count)
    _print(results)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": _machine(), "results": results}, indent=2) + "\n", encoding="utf-8")


def _measure(folder: Path, rounds: int, large_count: int) -> dict[str, float]:
    results = _measure_only(folder, rounds, large_count, PARTS)
    with _anchor(folder) as anchor:
        results["18"] = _wide_page(folder, anchor, rounds)
    results["12g"] = desks.count_beyond(folder, Size() if large_count > YEAR_RING else SMALL)
    results["12h"] = steps.highest_ratio(large_count)
    results["15"] = replanning.measure(folder / "replanning").seconds
    results["16"] = series.measure(folder / "series", rounds * 4).inserts
    results["17"] = steps.earliest_of_places(folder / "places", rounds)
    return results


def _measure_only(folder: Path, rounds: int, large_count: int, parts: Collection[str]) -> dict[str, float]:
    results: dict[str, float] = {}
    if {*HTTP_PARTS, "growth"} & set(parts):
        with _anchor(folder) as anchor:
            small = fill(folder / "small", WEEK_RING)
            results |= _over_http(small, anchor, rounds, [part for part in HTTP_PARTS if part in parts])
            if "growth" in parts:
                results |= _growth(folder, anchor, rounds, large_count)
    if "data" in parts:
        results["5"] = in_process.week_as_data(fill(folder / "week", WEEK_RING), rounds)
        results["10"] = in_process.earliest_free(fill(folder / "year", YEAR_RING), rounds)
    if "memory" in parts:
        results["13"] = _memory_mb(folder)
    if "start" in parts:
        results["14"] = _first_page(folder)
    return results


def _anchor(folder: Path) -> AbstractContextManager[int]:
    return serving("bench.anchor_wsgi:app", {"ANCHOR_DATABASE": str(folder / "anchor.sqlite")}, "/hello")


def _over_http(filled: FilledRing, anchor: int, rounds: int, parts: Sequence[str]) -> dict[str, float]:
    """Measure some of the rows 1 to 4, 6 to 9 and 11, once the worker has done what waited for the start."""
    results: dict[str, float] = {}
    if not parts:
        return results
    measures = {
        "feed": lambda ring: over_http.feed_rows(ring, anchor, filled, rounds),
        "creations": lambda ring: over_http.creations(ring, anchor, filled, rounds),
        "races": lambda ring: over_http.races(ring, filled),
        "pages": lambda ring: over_http.page_rows(ring, anchor, filled, rounds),
    }
    with whole_ring(_ring_environment(filled)) as (pid, ring):
        settle(pid)
        for part in parts:
            results |= measures[part](ring)
    return results


def _wide_page(folder: Path, anchor: int, rounds: int) -> float:
    """Measure row 18: the week as a page, of a ring of 200 machines."""
    wide = fill(folder / "wide", WEEK_RING, WIDE)
    with whole_ring(_ring_environment(wide)) as (pid, ring):
        settle(pid)
        return over_http.page_rows(ring, anchor, wide, rounds)["6a"]


def _growth(folder: Path, anchor: int, rounds: int, large_count: int) -> dict[str, float]:
    """Measure row 12: the same operations on a ring a hundred times as large, both relative to the anchor."""
    small, large = fill(folder / "small again", WEEK_RING), fill(folder / "large", large_count)
    ratios: list[dict[str, float]] = []
    for filled in (small, large):
        over = _over_http(filled, anchor, rounds, ["feed", "creations", "pages"])
        ratios.append(
            {
                "a": over["1"],
                "b": in_process.week_as_data(filled, rounds),
                "c": over["7"],
                "d": in_process.earliest_free(filled, rounds),
                "e": over["6a"],
                "f": over["11"],
            }
        )
    return {f"12{row}": ratios[1][row] / ratios[0][row] for row in "abcdef"}


def _ring_environment(filled: FilledRing) -> dict[str, str]:
    # All clients of a row share a few tokens, and send more in a minute than any program of a ring in a day.
    limit = {"RINGBUCH_API_LIMIT": "1000000 per minute"}
    key = {"RINGBUCH_SECRET_KEY": "benchmarks-and-nothing-else-use-this-key"}
    return {"RINGBUCH_INSTANCE": str(filled.instance), **key, **limit}


def _memory_mb(folder: Path) -> float:
    """Measure row 13: the memory of all processes after some work."""
    filled = fill(folder / "memory", WEEK_RING)
    with whole_ring(_ring_environment(filled)) as (pid, port):
        over_http.some_work(port, filled)
        time.sleep(6)  # until the worker has processed the events
        return memory_mb(pid)


def _first_page(folder: Path) -> float:
    """Measure row 14: seconds from an empty instance folder to the first page."""
    begin = time.perf_counter()
    with whole_ring({"RINGBUCH_INSTANCE": str(folder / "empty")}):
        return time.perf_counter() - begin


def _print(results: dict[str, float]) -> None:
    print(f"{date.today().isoformat()}, {_machine()}\n")  # noqa: DTZ011 - the local day of the run
    print("| # | operation | measured | goal | stretch | |")
    print("|---|---|---|---|---|---|")
    for goal in (one for one in GOALS if one.row in results):
        value = results[goal.row]
        sign = ">=" if goal.at_least else "<="
        verdict = "met" if goal.is_met(value) else "MISSED"
        print(
            f"| {goal.row} | {goal.operation} | {value:.2f} {goal.unit} | {sign} {goal.limit:g} "
            f"| {goal.stretch:g} | {verdict} |"
        )
    if "4" in results:
        print(f"\nSlowest response of the races: {results['4 slowest response, ms']:.0f} ms")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="10^5 instead of 10^6 reservations in the growth rows")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="some of the rows; writes no file")
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / ".work" / "results.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
