"""Rules of the house that no tool checks: who commits, who reads the clock, how long a thing may be."""

from __future__ import annotations

import ast
import re
from collections import Counter

from tests.architecture.sources import DOMAIN, PACKAGES, ROOT, modules

LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_only_the_kernel_commits():
    """booking/kernel/engine.py ends the settings of a fresh connection, before anybody has it."""
    allowed = {"booking/kernel/transaction.py", "booking/kernel/engine.py"}
    committing = {
        path
        for path, tree in modules(*PACKAGES)
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    }

    assert committing <= allowed


def test_only_the_clock_reads_the_clock():
    readings = {
        (path, ast.unparse(call.func))
        for path, tree in modules(*PACKAGES)
        for call in calls(tree)
        if ast.unparse(call.func).endswith(("datetime.now", "datetime.utcnow", "datetime.today", "date.today"))
        or ast.unparse(call.func) in ("time.time", "time.time_ns", "time.localtime", "time.gmtime", "func.now")
    }

    assert readings == {("app/clock.py", "datetime.now")}


def test_one_function_makes_an_actor_of_the_present_login():
    making = {
        path
        for path, tree in modules("app")
        for call in calls(tree)
        if ast.unparse(call) in ("Actor(user_id=current_user.id)", "Actor(user_id=present_login().id)")
    }

    assert making == {"app/auth/current_login.py"}


def test_the_domain_knows_no_request_and_no_login():
    names = {
        (path, node.id)
        for path, tree in modules(*DOMAIN)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and node.id in ("current_user", "request", "current_app", "gettext", "lazy_gettext")
    }

    assert not names


def test_no_float_touches_money():
    """billing counts in integers and exact decimals; only a spreadsheet's own format knows nothing else."""
    floats = {
        (path, node.lineno)
        for path, tree in modules("billing")
        if path != "billing/exports/xlsx.py"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    }

    assert not floats


def test_files_and_functions_stay_short():
    too_long = [
        (path, len(ast.unparse(tree).splitlines()))
        for path, tree in modules(*PACKAGES)
        if (tree.body and (tree.body[-1].end_lineno or 0) > LONGEST_FILE)
    ]
    too_long += [
        (f"{path}:{node.name}", length)
        for path, tree in modules(*PACKAGES)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert not too_long


def test_required_fields_say_what_is_missing_in_their_own_words():
    """The validators of WTForms have one sentence for all fields; that of app.forms.required needs one of the field."""
    general = re.compile(r"\b(InputRequired|DataRequired|FileRequired)\b")
    files = {path.relative_to(ROOT).as_posix(): path for path in ROOT.glob("app/**/*.py")}
    found = [name for name, path in files.items() if general.search(path.read_text(encoding="utf-8"))]

    assert found == ["app/forms/required.py"]


def test_every_module_has_a_docstring():
    silent = [path for path, tree in modules(*PACKAGES) if tree.body and ast.get_docstring(tree) is None]

    assert not silent


def test_no_two_files_of_tests_have_one_name():
    """Each passes alone, but pytest reads only one of them when the whole suite runs."""
    files = [path for path in ROOT.glob("tests/**/test_*.py") if not (path.parent / "__init__.py").exists()]
    counted = Counter(path.name for path in files)

    assert [name for name, count in counted.items() if count > 1] == []
