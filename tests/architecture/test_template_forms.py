"""Each form that sends something has its button in every state of its page, so that nothing needs a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

TEMPLATES = Path("app/templates")
FORM = re.compile(r"<form\b((?:\{\{.*?\}\}|[^>])*)>(.*?)</form>", re.DOTALL)
PART = re.compile(r'\{%-? include "([^"]+)"')
HIDDEN = re.compile(r'<(button|input)\b(?=[^>]*(?:type="?button\b|\bhidden\b|class="vh"))[^>]*>')
BUTTON = re.compile(r"<button\b|form_ui\.actions\(")
SENDS_TO = re.compile(r"""(?:<form\b[^>]*?|ui\.post\()url_for\(\s*["']([\w.]+)""")
PERMISSIONS = Path("docs/permissions.txt")
# A block that was dragged on the plan; without a script its page has the form to move.
FOR_SCRIPTS = {"plan/_table.html"}
# Their addresses come from a presenter and from a form whose tag is put together.
BESIDE_A_PAGE = {"reservations.withdraw_move", "demo.switch"}


def test_each_form_that_sends_something_has_its_button():
    without = {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        for attributes, inside in FORM.findall(path.read_text(encoding="utf-8"))
        if re.search(r'method="?post', attributes) and not BUTTON.search(HIDDEN.sub("", whole(inside)))
    }

    assert without == FOR_SCRIPTS


@pytest.mark.of_sqlite
def test_each_verb_of_members_and_managers_has_a_form(app: Flask):
    """Its page, by the same address, or a form of another page that sends to it."""
    lines = [line.split() for line in PERMISSIONS.read_text(encoding="utf-8").splitlines()]
    columns = [lines[0].index(role) for role in ("member", "manager")]
    wanted = {line[-1] for line in lines if line[0] == "POST" and any(line[column] != "-" for column in columns)}
    pages = {line[-1] for line in lines if line[0] == "GET"}
    programs = {address for address in wanted if address.startswith("/api/")}
    sent = {name for path in TEMPLATES.rglob("*.html") for name in SENDS_TO.findall(path.read_text(encoding="utf-8"))}
    missing = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and rule.rule in wanted - pages - programs and rule.endpoint not in sent
    }

    assert len(wanted - pages - programs) > 40
    assert missing == BESIDE_A_PAGE


def whole(inside: str) -> str:
    """The inside of a form with the parts that it includes."""
    return inside + "".join((TEMPLATES / part).read_text(encoding="utf-8") for part in PART.findall(inside))
