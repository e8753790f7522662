"""What a start of the web server loads and does not load. tests/setup measures its time."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

# Needed by commands, by migrations, or by rare pages when they are asked for.
NOT_AT_START = ("alembic", "mako", "openpyxl", "stripe", "xlsxwriter", "icalendar", "app.demo", "app.storage.audits")
LOADED = """
import dataclasses, json, sys, wsgi, app.commands.serve
packages = ("app", "booking", "billing", "calendars")
ours = [module for name, module in sys.modules.items() if name.split(".")[0] in packages]
classes = {each for module in ours for each in vars(module).values() if isinstance(each, type)}
made = [each for each in classes if dataclasses.is_dataclass(each) and "__init__" in vars(each)]
compiled = [each.__qualname__ for each in made if each.__init__.__code__.co_name != "late"]
print(json.dumps([sorted(sys.modules), len(made), sorted(compiled)]))
"""
# Dataclasses of which a start makes instances, and those of the few modules that come before the others.
COMPILED_MAX = 120


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The modules of a start, its dataclasses, and those of which a method was compiled."""
    environment = {**os.environ, "RINGBUCH_INSTANCE": str(tmp_path_factory.mktemp("start"))}
    command = [sys.executable, "-c", LOADED]
    printed = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return json.loads(printed.stdout)


def test_a_start_loads_nothing_that_only_other_commands_need(loaded):
    modules, _classes, _compiled = loaded

    assert not set(modules).intersection(NOT_AT_START)


@pytest.mark.skipif(not hasattr(dataclasses, "_create_fn"), reason="Python 3.13 compiles them at once")
def test_a_start_compiles_no_methods_of_what_it_does_not_use(loaded):
    _modules, classes, compiled = loaded

    assert classes > 600
    assert len(compiled) < COMPILED_MAX, compiled
