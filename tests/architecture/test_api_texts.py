"""No sentence of the API stays English in an answer to a German login."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

import pytest
from flask_babel import force_locale
from pydantic import BaseModel, ValidationError

from app.api import problems
from app.api.endpoints import ENDPOINTS
from tests.architecture.sources import modules

IN_ENGLISH = {
    "app/api/document.py": "the OpenAPI document is English",
    "app/api/reference.py": "the page that shows it",
}
NOT_SHOWN = {"Value error, ", 'Bearer realm="Ringbuch"'}
GETTEXT = frozenset({"_", "_l", "gettext", "ngettext"})
WITH_A_MESSAGE = {"field_error": 1, "ValueError": 0}  # which argument is read by people
SEVERAL_WORDS = re.compile(r"[A-Za-z]{2,}[,:;]? [A-Za-z]")


def literal_sentences(tree: ast.Module) -> Iterator[str]:
    """Yield each text of several words, and each text given to an error of a field, that does not pass gettext."""
    passed = {id(one) for one in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in GETTEXT:
            passed |= {id(one) for one in node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            if SEVERAL_WORDS.search(node.value) and node.value not in NOT_SHOWN:
                yield node.value
        elif isinstance(node, ast.Call) and _name(node.func) in WITH_A_MESSAGE:
            message = node.args[WITH_A_MESSAGE[_name(node.func)] :][:1]
            yield from (ast.unparse(one) for one in message if isinstance(one, ast.Constant | ast.JoinedStr))


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield from (one.value for one in node.body if isinstance(one, ast.Expr))
        elif isinstance(node, ast.Call):
            yield from (one.value for one in node.keywords if one.arg == "__doc__")


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def test_every_sentence_of_the_api_passes_through_gettext():
    found = {
        (path, text) for path, tree in modules("app/api") if path not in IN_ENGLISH for text in literal_sentences(tree)
    }

    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        'problem(422, code, title, "only for managers")',
        'invalid(field_error("name", "required"))',
        'raise ValueError(f"{name} twice")',
        'f"no line {name}"',
    ],
)
def test_a_literal_sentence_is_found(source):
    assert [*literal_sentences(ast.parse(source))]


BAD_VALUES = (
    None, "", "a\x00b", "x" * 20_000, "12:99", "2026-13-45", -(10**30), 10**30, -1, 1.5, True, [], {},
    [None] * 2_000, [{}], {"x": None},
)  # fmt: skip


def _messages(model: type[BaseModel], name: str, value: object, language: str) -> list[str]:
    with force_locale(language):
        try:
            model.model_validate_json(json.dumps({name: value}))
        except ValidationError as error:
            return [one["message"] for one in json.loads(problems.of_invalid(error).body)["violations"]]
    return []


def test_what_is_wrong_with_a_field_is_in_german(app):
    """Every field of every request, with values of every kind: also what the schema library says by itself."""
    models = {model for one in ENDPOINTS for model in (one.body, one.query) if model}
    fields = {repr(field): (model, name) for model in models for name, field in model.model_fields.items()}
    english = set()
    with app.test_request_context():
        for model, name in fields.values():
            for value in BAD_VALUES:
                here, there = (_messages(model, name, value, language) for language in ("en", "de"))
                english |= set(here) & set(there)

    assert english == set()
