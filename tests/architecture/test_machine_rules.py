"""A rule of a machine is one field: everything that shows or stores it follows from there."""

from __future__ import annotations

from dataclasses import fields

import pytest

from app.api.machines import machines as machines_api
from app.imports.columns import MACHINES
from app.pages.machines.forms import LENDING_ROWS, USE_ROWS, MachineForm
from app.wording.event_labels import FIELD_LABELS
from app.wording.rules.machine import MACHINE_RULES, require_texts
from booking.machines.machines import MachineInput
from booking.models import Machine
from booking.queries import BoardMachine, MachineCard
from booking.rules.lending_rules import RULE_FIELDS, RULE_NAMES, MachineRules, Policy

WHERE_A_RULE_IS = {
    "the table": Machine.__table__.c.keys(),
    "its constraints": {
        str(constraint.name).removeprefix("ck_booking_machine_") for constraint in Machine.__table__.constraints
    }
    | {rule.name for rule in RULE_FIELDS if rule.is_switch},
    "the policy": {field.name for field in fields(Policy)},
    "the input": {field.name for field in fields(MachineInput)},
    "the form": set(dir(MachineForm)),
    "the layout of the form": {name for row in (*USE_ROWS, *LENDING_ROWS) for name in row},
    "the API": machines_api.MachineRules.model_fields,
    "the columns of a table": MACHINES.headers,
    "the event log": FIELD_LABELS,
    "the texts": MACHINE_RULES,
}


@pytest.mark.parametrize("place", WHERE_A_RULE_IS)
def test_each_rule_is_in(place):
    assert [name for name in RULE_NAMES if name not in WHERE_A_RULE_IS[place]] == []


@pytest.mark.parametrize("view", [MachineCard, BoardMachine])
def test_a_view_of_a_machine_has_all_its_rules(view):
    assert view.__annotations__["rules"] == MachineRules.__name__


def test_no_texts_are_left_of_a_rule_that_is_gone():
    assert MACHINE_RULES.keys() == set(RULE_NAMES)


def test_a_rule_without_texts_is_named():
    rows = {name: texts for name, texts in MACHINE_RULES.items() if name != "step_min"}

    with pytest.raises(LookupError, match="for step_min"):
        require_texts(rows)


@pytest.mark.parametrize("rule", [rule for rule in RULE_FIELDS if rule.range], ids=lambda rule: rule.name)
def test_the_default_of_a_rule_is_in_its_range(rule):
    assert rule.range.least <= rule.default <= (rule.range.most or rule.default)
