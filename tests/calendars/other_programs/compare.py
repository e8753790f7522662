"""Compare what icalendar, khal, ical.js and libical read of series with what is stored. Run by hand.

`python -m tests.calendars.other_programs.compare WORK KHAL ICAL_JS`, with a new folder, the command khal and the folder
of ical.js (node_modules/ical.js). Needs node, cc and the headers of libical (libical-dev). The table in
calendars/README.md is its output.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from tests.calendars.series_cases import Case, all_cases
from tests.calendars.test_series_cases import instants_of

HERE = Path(__file__).parent
Instants = list[tuple[int, int]]
KHAL_CONFIG = """[calendars]
[[series]]
path = {items}
[locale]
local_timezone = UTC
default_timezone = UTC
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {database}
"""


def main(work: Path, khal: str, ical_js: str) -> None:
    """Print how many series each program reads as stored, twice: the second time after changes of their dates."""
    for fetch in (1, 2):
        compare(work, {f"{number:04}.ics": one for number, one in enumerate(all_cases(fetch), 1)}, khal, ical_js)


def compare(work: Path, cases: Mapping[str, Case], khal: str, ical_js: str) -> None:
    """Print how many series each program reads as stored, and the first that it does not."""
    files = work / "files"
    files.mkdir(parents=True, exist_ok=True)
    for name, one in cases.items():
        (files / name).write_bytes(one.text)
    programs = {
        "icalendar, recurring-ical-events": lambda: read_by_icalendar(cases),
        "khal": lambda: read_by_khal(work, cases, khal),
        "ical.js": lambda: read_by_ical_js(files, ical_js),
        "libical": lambda: read_by_libical(work, files),
    }
    for program, read in programs.items():
        found = read()
        wrong = [name for name, one in cases.items() if sorted(found.get(name, [])) != expected(one)]
        sys.stdout.write(
            f"{program}: {len(cases) - len(wrong)} of {len(cases)} {[cases[name].name for name in wrong[:3]]}\n"
        )


def expected(one: Case) -> Instants:
    """Return the living instants as seconds."""
    return [(int(start.timestamp()), int(end.timestamp())) for start, end in one.instants]


def read_by_icalendar(cases: Mapping[str, Case]) -> Mapping[str, Instants]:
    """Return what icalendar with recurring-ical-events reads."""
    read = {name: instants_of(one.text) for name, one in cases.items()}
    return {name: [(int(a.timestamp()), int(b.timestamp())) for a, b in found] for name, found in read.items()}


def read_by_ical_js(files: Path, ical_js: str) -> Mapping[str, Instants]:
    """Return what ical.js reads."""
    module = str(Path(ical_js).resolve() / "dist" / "ical.es5.cjs")
    printed = run("node", str(HERE / "read_ical_js.js"), module, str(files))
    return {name: [(start, end) for start, end in found] for name, found in json.loads(printed).items()}


def read_by_libical(work: Path, files: Path) -> Mapping[str, Instants]:
    """Return what libical reads."""
    program = str(work / "read_libical")
    run("cc", "-o", program, str(HERE / "read_libical.c"), "-lical")
    found: dict[str, Instants] = {}
    name = ""
    for line in run(program, *map(str, sorted(files.iterdir()))).splitlines():
        if line.startswith("# "):
            found[name := line[2:]] = []
        else:
            start, end = line.split()
            found[name].append((int(start), int(end)))
    return found


def read_by_khal(work: Path, cases: Mapping[str, Case], khal: str) -> Mapping[str, Instants]:
    """Return what khal reads: one item for each UID, as vdirsyncer stores a subscription."""
    items, config = work / "items", work / "khal.conf"
    items.mkdir(exist_ok=True)
    for former in items.iterdir():
        former.unlink()
    owner: dict[str, str] = {}
    for name, one in cases.items():
        for uid, text in items_of(one.text.decode()):
            owner[uid] = name
            (items / f"{uid}.ics").write_text(text, newline="")
    config.write_text(KHAL_CONFIG.format(items=items, database=work / "khal.db"))
    asked = (
        "list",
        "--notstarted",
        "--format",
        "{uid}|{start}|{end}|{status}",
        "--day-format",
        "",
        "2025-12-01",
        "1500d",
    )
    found: dict[str, set[tuple[int, int]]] = {}
    for line in run(khal, "-c", str(config), *asked).splitlines():
        uid, start, end, status = line.split("|")
        if status.strip() != "CANCELLED":
            found.setdefault(owner[uid], set()).add((seconds_of(start), seconds_of(end)))
    return {name: sorted(instants) for name, instants in found.items()}


def items_of(text: str) -> Iterable[tuple[str, str]]:
    """Yield the entries of a file that share a UID as a file of their own, with the UID."""
    head = text[: text.index("BEGIN:VEVENT")]
    events: dict[str, str] = {}
    for event in re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", text, re.DOTALL):
        uid = re.search(r"UID:(.*)\r\n", event)[1]  # type: ignore[index]
        events[uid] = events.get(uid, "") + event
    for uid, each in events.items():
        yield uid, f"{head}{each}END:VCALENDAR\r\n"


def seconds_of(text: str) -> int:
    """Return an instant that khal printed in UTC."""
    return int(datetime.fromisoformat(f"{text.strip()}+00:00").timestamp())


def run(*command: str) -> str:
    """Run a program and return what it prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
