"""The lifecycle of a reservation: its table, the drawing of it in the README, and that nothing goes around it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking import lifecycle
from booking.errors import WrongStatus
from booking.lifecycle import TRANSITIONS, Step, When
from booking.models import Status

BOOKING = Path(lifecycle.__file__).parent
ROW = re.compile(r"^\| ([a-z -]+) \| ([a-z_]+) \| ([a-z_]+) \| ([a-z ]+) \|$", re.MULTILINE)

NOW = datetime.fromisoformat("2026-11-23T07:00Z")
MOMENT = timedelta(seconds=1)


@dataclass
class Reservation:
    status: str
    starts_at: datetime = NOW - timedelta(hours=1)
    ends_at: datetime = NOW + timedelta(hours=1)
    decide_until: datetime | None = None


def possible_at(step):
    """A reservation, but for its status, for which a step is possible now."""
    deadline = NOW - MOMENT if TRANSITIONS[step].when is When.FROM_DEADLINE else NOW + MOMENT
    return {"decide_until": deadline}


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


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", Step)
def test_a_step_leads_where_the_table_says_or_is_refused(step, status):
    statuses = TRANSITIONS[step].statuses
    reservation = Reservation(status.value, **possible_at(step))

    if status in statuses:
        lifecycle.advance(reservation, step, NOW)
        assert reservation.status == statuses[status]
    else:
        with pytest.raises(WrongStatus) as refusal:
            lifecycle.advance(reservation, step, NOW)
        assert refusal.value.facts == {
            "status": status.value,
            "wanted": [wanted.value for wanted in statuses if wanted is not None],
        }
        assert reservation.status == status


@pytest.mark.parametrize(
    ("step", "status", "times", "facts"),
    [
        (Step.MOVE, "confirmed", {"ends_at": NOW}, {"status": "over", "wanted": ["confirmed"]}),
        (Step.CANCEL, "requested", {"ends_at": NOW}, {"status": "over", "wanted": ["requested"]}),
        (Step.APPROVE, "requested", {"decide_until": NOW}, {"status": "expired", "wanted": ["requested"]}),
        (Step.EXPIRE, "requested", {"decide_until": NOW + MOMENT}, {"status": "requested", "wanted": ["expired"]}),
        (Step.EXPIRE, "requested", {"decide_until": None}, {"status": "requested", "wanted": ["expired"]}),
        (Step.REPORT_NO_SHOW, "confirmed", {"starts_at": NOW + MOMENT}, {"status": "confirmed", "wanted": ["started"]}),
    ],
)
def test_a_step_outside_its_time_is_refused(step, status, times, facts):
    reservation = Reservation(status, **times)

    with pytest.raises(WrongStatus) as refusal:
        lifecycle.require(reservation, step, NOW)

    assert refusal.value.facts == facts
    assert not lifecycle.is_possible(reservation, step, NOW)


@pytest.mark.parametrize(
    ("step", "status", "times"),
    [
        (Step.MOVE, "confirmed", {"ends_at": NOW + MOMENT}),
        (Step.CANCEL, "requested", {"ends_at": NOW + MOMENT}),
        (Step.APPROVE, "requested", {"decide_until": NOW + MOMENT}),
        (Step.EXPIRE, "requested", {"decide_until": NOW}),
        (Step.REPORT_NO_SHOW, "confirmed", {"starts_at": NOW}),
    ],
)
def test_a_step_is_possible_up_to_the_edge_of_its_time(step, status, times):
    assert lifecycle.is_possible(Reservation(status, **times), step, NOW)


@pytest.mark.parametrize(
    ("step", "status"),
    [(Step.REQUEST, Status.REQUESTED), (Step.CONFIRM, Status.CONFIRMED), (Step.IMPORT, Status.CONFIRMED)],
)
def test_a_new_reservation_has_the_status_of_its_step(step, status):
    assert lifecycle.first_status(step) is status


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

    assert found == {"lifecycle.py"}


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
