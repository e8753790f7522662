"""A day, a weekday or a time of the clock is made of an instant with a zone: the instants of the program are UTC."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PACKAGES, ROOT, modules

PARTS = {"date", "time", "timetz", "weekday", "isoweekday", "isocalendar", "strftime"}
OF_DAYS = {"weekday", "isoweekday", "isocalendar", "strftime"}  # a date has these too
SQL_DAYS = re.compile(r"^(func\.(date|strftime|date_trunc|date_part|to_char|datetime|extract)|extract)$")

# The functions that make days, with the reason.
ALLOWED = {
    ("booking/times/wall_clock.py", "local_day"): "the helper itself",
    ("app/wording/local_time.py", "url_instant"): "UTC, and marked Z",
    ("app/clock.py", "utc_minute"): "UTC, as everything for the operator",
    ("app/auth/security_log.py", "note"): "UTC, and marked Z",
    ("app/auth/security_log.py", "rotate_file"): "UTC, as the lines of the file",
    ("app/commands/terminal.py", "convert"): "a day that somebody typed",
    ("app/imports/cells.py", "_from_wall_time"): "the next time that the clock shows, after a missing hour",
    (
        "app/imports/workbook_reader.py",
        "_moment",
    ): "a day and a clock time that somebody typed; spreadsheets know no zone",
    ("calendars/feeds.py", "window_start"): "from where a feed is cut off, to the month",
    ("booking/times/recurrence.py", "_until_text"): "UTC, and marked Z",
    ("app/pages/plan/labels.py", "short_clock_of"): "what the clock shows, of whoever asks",
    ("app/pages/plan/selection.py", "read_selection"): "a clock time that somebody typed",
    ("billing/ledger/audit.py", "_month_of"): "the month of a posting date, which is no instant",
}


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions with their names, and the module itself."""
    yield "", tree
    yield from ((node.name, node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def inside(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    todo = list(ast.iter_child_nodes(function))
    while todo:
        node = todo.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            todo += ast.iter_child_nodes(node)


def last_name(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def is_wall(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) == "to_wall"


def local_names(function: ast.AST) -> set[str]:
    """The names that a function binds to times of the clock: of to_wall(), or dates by their annotation."""
    names = set()
    for node in inside(function):
        if isinstance(node, ast.Assign):
            targets, values = node.targets[0], node.value
            pairs = (
                zip(targets.elts, values.elts, strict=False)
                if isinstance(targets, ast.Tuple) and isinstance(values, ast.Tuple)
                else [(targets, values)]
            )
            names |= {ast.unparse(target) for target, value in pairs if is_wall(value)}
            if isinstance(values, ast.GeneratorExp) and is_wall(values.elt) and isinstance(targets, ast.Tuple):
                names |= {ast.unparse(target) for target in targets.elts}
        elif isinstance(node, ast.arg) and node.annotation and ast.unparse(node.annotation) == "date":
            names.add(node.arg)
    return names


def is_local(receiver: ast.expr, part: str, known: set[str]) -> bool:
    is_one_of_days = isinstance(receiver, ast.Subscript) and ast.unparse(receiver.value) == "days"
    if is_wall(receiver) or is_one_of_days or ast.unparse(receiver) in known or last_name(receiver) == "wall":
        return True
    return part in OF_DAYS and last_name(receiver) in ("day", "date", "monday", "free_at")


def is_utc_day(node: ast.AST, known: set[str]) -> bool:
    if isinstance(node, ast.Call) and SQL_DAYS.match(ast.unparse(node.func)):
        return not last_name(node.args[-1]).endswith(("_on", "_date"))  # such a column holds days
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PARTS:
        part = node.func.attr
        return (not node.args or part == "strftime") and not is_local(node.func.value, part, known)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "replace":
        return any(word.arg == "hour" for word in node.keywords) and not is_local(node.func.value, "replace", known)
    if isinstance(node, ast.FormattedValue) and node.format_spec and "%" in ast.unparse(node.format_spec):
        return not is_local(node.value, "strftime", known)
    return isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith(".isoformat()")


def utc_days(tree: ast.Module) -> list[str]:
    """The expressions of a module that make a day of a time whose zone is not known."""
    found = []
    for name, function in functions(tree):
        known = local_names(function)
        found += [f"{name}: {ast.unparse(node)}" for node in inside(function) if is_utc_day(node, known)]
    return found


def test_no_day_is_made_of_an_instant_without_a_zone():
    found = [
        (path, text)
        for path, tree in modules(*PACKAGES)
        for text in utc_days(tree)
        if (path, text.partition(":")[0]) not in ALLOWED
    ]

    assert found == []


def test_templates_write_instants_through_the_filters():
    found = [
        (file.name, match)
        for file in sorted((ROOT / "app" / "templates").rglob("*.*"))
        for match in re.findall(r"[\w.]+\.(?:date|time|weekday|strftime)\(", file.read_text(encoding="utf-8"))
    ]

    assert found == [("_choice.html", "selection.free_at.strftime(")]


@pytest.mark.parametrize(
    "line",
    [
        "today = now.date()",
        "today = now().date()",
        "at = view.posted_at.time()",
        "week = row.starts_at.isocalendar()",
        "is_sunday = row.starts_at.weekday() == 6",
        "text = f'{row.created_at:%d.%m.%Y}'",
        "text = row.created_at.strftime('%H:%M')",
        "text = row.created_at.isoformat()[:10]",
        "midnight = now.replace(hour=0, minute=0)",
        "query = select(func.date(Mail.sent_at))",
        "query = select(extract('year', Mail.sent_at))",  # but not of a column of days
        "day = row.starts_at.astimezone(zone).date()",
    ],
)
def test_the_check_of_days_finds(line):
    assert utc_days(ast.parse(f"def verb(row, now):\n    {line}\n"))


@pytest.mark.parametrize(
    "lines",
    [
        "day = local_day(now, zone)",
        "start = to_wall(now, zone)\n    day = start.date()",
        "start, end = to_wall(a, zone), to_wall(b, zone)\n    days = start.date(), end.date()",
        "week = day.isocalendar()",
        "query = select(extract('year', Cost.service_date))",
    ],
)
def test_the_check_of_days_accepts(lines):
    assert not utc_days(ast.parse(f"def verb(row, now):\n    {lines}\n"))
