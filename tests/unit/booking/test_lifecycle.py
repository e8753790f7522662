"""The lifecycle of a reservation: its table is that of the README, and no other module sets a status.

Where each step leads, and when it is possible: test_steps_of_a_reservation.py.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from booking.models import Status
from booking.reservations import lifecycle
from booking.reservations.lifecycle import TRANSITIONS, Step

BOOKING = Path(lifecycle.__file__).parents[1]
ROW = re.compile(r"^\| ([a-z -]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z ]+) \|$", re.MULTILINE)


def test_the_table_of_the_readme_is_that_of_the_code():
    section = (BOOKING / "README.md").read_text(encoding="utf-8").partition("## The lifecycle of a reservation")[2]
    drawn = {(step, before, after, when) for step, before, after, when in ROW.findall(section.partition("\n## ")[0])}
    drawn.discard(("step", "from", "to", "when"))

    coded = {
        (str(step), str(before or "new"), str(after), str(transition.when))
        for step, transition in TRANSITIONS.items()
        for before, after in transition.statuses.items()
    }
    assert drawn == coded


def test_every_step_has_its_transition_and_every_status_can_be_reached():
    assert set(TRANSITIONS) == set(Step)
    assert {after for each in TRANSITIONS.values() for after in each.statuses.values()} == set(Status)


def status_changes(tree):
    """The lines in which a module sets a status: by an assignment, setattr() or the values of a statement.

    A dictionary of columns may take the status of a new row from lifecycle.first_status().
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and key.value == "status"
                    and "first_status(" not in ast.unparse(value)
                ):
                    yield key.lineno
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        flat = [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
        if any(isinstance(target, ast.Attribute) and target.attr == "status" for target in flat):
            yield node.lineno
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            names_it = any(isinstance(each, ast.Constant) and each.value == "status" for each in node.args)
            passes_it = any(keyword.arg == "status" for keyword in node.keywords)
            if (name == "setattr" and names_it) or (name == "values" and passes_it):
                yield node.lineno


def test_a_status_is_set_in_the_lifecycle_alone():
    found = {
        path.relative_to(BOOKING).as_posix()
        for path in BOOKING.rglob("*.py")
        for _line in status_changes(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert found == {"reservations/lifecycle.py"}


@pytest.mark.parametrize(
    "source",
    [
        "reservation.status = 'confirmed'",
        "reservation.reason, reservation.status = '', 'confirmed'",
        "reservation.status += 'x'",
        "setattr(reservation, 'status', 'confirmed')",
        "update(Reservation).values(status='confirmed')",
        "session.execute(insert(Reservation), {'id': 1, 'status': 'confirmed'})",
    ],
)
def test_every_way_to_set_a_status_is_seen(source):
    assert list(status_changes(ast.parse(source))) == [1]
