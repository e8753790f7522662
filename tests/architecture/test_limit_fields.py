"""Each field that a limit of money names is one of a request, so that a program finds what it has to change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import app.api
import billing
from app.api.field_names import field_of
from app.api.fields import RequestModel

CHECKS = {"require_between", "require_text", "require_price", "require_day", "check_decimals"}
REFUSALS = {"WrongAmount", "WrongPeriod", "WrongText"}
OF_PAGES = {"opened_on"}  # the ledger is opened on a page alone


def test_each_field_outside_its_limits_is_one_of_a_request():
    for module in walk_packages(app.api.__path__, "app.api."):
        import_module(module.name)
    known = {name for model in _models(RequestModel) for name in model.model_fields}
    named = {name for path in Path(billing.__path__[0]).rglob("*.py") for name in _named(path)} - OF_PAGES

    assert len(named) > 40
    assert [name for name in sorted(named) if not known.issuperset(field_of(name).rstrip(".").split("."))] == []


def _models(base: type[RequestModel]) -> Iterator[type[RequestModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _named(path: Path) -> Iterator[str]:
    """Yield the names of fields that a module gives to checks and refusals: as they stand, and those of a loop."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CHECKS and node.args:
            yield from _texts(node.args[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS:
            yield from (text for one in node.keywords if one.arg == "field" for text in _texts(one.value))
        elif isinstance(node, ast.For) and any(getattr(one, "id", "") in CHECKS for one in ast.walk(node)):
            yield from (text for one in getattr(node.iter, "elts", ()) for text in _texts(one))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):  # prices by class: the classes are those of the ring
        node = node.values[0]
    if isinstance(node, ast.Constant):
        yield str(node.value)
