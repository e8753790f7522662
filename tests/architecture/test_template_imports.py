"""Files of macros are made once for a process, so that they know nothing of the page that imports them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import meta, nodes

TEMPLATES = Path(__file__).resolve().parents[2] / "app" / "templates"
IMPORT = re.compile(r'{%-? *(?:import|from) "([^"]+)"[^%]*%}')

pytestmark = pytest.mark.of_sqlite


def unknown_names(environment, source):
    """Return the names of a file that are neither its own nor in every template."""
    tree = environment.parse(source)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    return meta.find_undeclared_variables(tree) - own - set(environment.globals)


def runs_on_import(environment, source):
    """Return the kinds of what a file does beside declaring macros: a text would keep its first language."""
    kinds = {type(node).__name__ for node in environment.parse(source).body if not isinstance(node, nodes.Output)}
    texts = [node for node in environment.parse(source).body if isinstance(node, nodes.Output)]
    has_only_blanks = all(isinstance(one, nodes.TemplateData) for text in texts for one in text.nodes)
    return kinds - {"Macro", "Import"} | (set() if has_only_blanks else {"Output"})


def names_twice(environment, source):
    """Return the names that a file gives to two things, a macro and a file that it imports for example."""
    body = environment.parse(source).body
    names = [node.name for node in body if isinstance(node, nodes.Macro)]
    names += [node.target for node in body if isinstance(node, nodes.Import)]
    return {name for name in names if names.count(name) > 1}


def test_imported_files_use_only_what_every_template_has(app):
    found = [match for file in TEMPLATES.rglob("*.html") for match in IMPORT.finditer(file.read_text("utf-8"))]
    assert [match[0] for match in found if "with context" in match[0]] == []
    imported = {match[1]: (TEMPLATES / match[1]).read_text("utf-8") for match in found}
    unknown = {name: unknown_names(app.jinja_env, source) for name, source in imported.items()}
    assert len(imported) > 15
    assert {name: names for name, names in unknown.items() if names} == {}
    assert {name for name, source in imported.items() if runs_on_import(app.jinja_env, source)} == set()
    assert {name for name, source in imported.items() if names_twice(app.jinja_env, source)} == set()
    assert runs_on_import(app.jinja_env, '{% set title = _("Machines") %}{{ title }}') == {"Assign", "Output"}
    assert unknown_names(app.jinja_env, "{% macro name() %}{{ current_user.name }}{% endmacro %}") == {"current_user"}
