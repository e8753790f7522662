"""The mutation tool finds what a test does not notice, and sees what it does notice."""

from __future__ import annotations

import math

import pytest

from tests import mutation
from tests.mutants import Mutant, mutants_of
from tests.mutation import BaselineFailed, Target, try_mutants

MODULE = "def may_drive(age: int) -> bool:\n    return age >= 18\n"
HALF_A_TEST = "from licence import may_drive\n\ndef test_a_child_does_not_drive():\n    assert not may_drive(3)\n"
NEVER = math.inf  # the outcome must not depend on what else the machine does
TARGET = Target("licence.py", ("test_licence.py",), options=("--noconftest",))


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "licence.py").write_text(MODULE)
    (tmp_path / "test_licence.py").write_text(HALF_A_TEST)
    return tmp_path


def test_a_surviving_mutant_is_printed_with_its_line_and_change(tree):
    wanted = {"return age > 18": "survived", "return age < 18": "killed"}
    mutants = [mutant for mutant in mutants_of(MODULE) if mutant.source.splitlines()[1].strip() in wanted]

    result = try_mutants(tree, TARGET, mutants, seconds=60, until=NEVER)

    assert result.row() == "| licence.py | 5 | 2 | 1 | 1 | 0 |"
    assert result.survivors == ["licence.py:2 (comparison, survived)\n-    return age >= 18\n+    return age > 18"]
    assert (tree / "licence.py").read_text() == MODULE


def test_an_endless_loop_ends_by_processor_time(tree):
    endless = Mutant(2, "endless loop", "def may_drive(age: int) -> bool:\n    while True: pass\n")

    result = try_mutants(tree, TARGET, [endless], seconds=1, until=NEVER)

    assert result.outcomes == {"timed out": 1}


def test_tests_that_fail_without_a_mutation_are_an_error(tree):
    (tree / "test_licence.py").write_text(HALF_A_TEST.replace("not ", ""))

    with pytest.raises(BaselineFailed, match=r"licence\.py"):
        try_mutants(tree, TARGET, [], seconds=60, until=NEVER)


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("if a < b: go", {"if a <= b: go", "if a >= b: go", "if (not (a < b)): go", "if a < b: pass"}),
        (
            "x = a is not None or not b",
            {"x = a is None or not b", "x = a is not None and not b", "x = a is not None or b"},
        ),
        ("x = -1", {"x = 1", "x = -2", "x = -0"}),
        ("x = [y for y in z if y.ok]", {"x = [y for y in z if (not (y.ok))]"}),
        ("self.due, x.y = 5 - a, b", {"pass", *(f"self.due, x.y = {new}, b" for new in ("6 - a", "4 - a", "5 + a"))}),
        ("def f(x: int | None) -> int | None: return x", {"def f(x: int | None) -> int | None: return None"}),
        ("x = 'ä' * (n) % y", {"x = 'ä' + (n) % y", "x = 'ä' * (n) * y"}),
        ("raise Taken", {"pass"}),
        (
            "@dataclass(frozen=True)\nclass A:\n    is_open = True",
            {"@dataclass(frozen=True)\nclass A:\n    is_open = False"},
        ),
        ('"""A docstring, 1 < 2."""', set()),
        ("assert a < b", set()),
    ],
)
def test_each_kind_of_careless_edit_is_tried(line, changed):
    assert {mutant.source for mutant in mutants_of(line)} == changed


def test_every_module_and_test_that_is_named_is_there():
    named = [path for target in mutation.TARGETS for path in (target.module, *target.tests)]

    assert [path for path in named if not (mutation.ROOT / path).is_file()] == []
