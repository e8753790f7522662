"""What a start of the web server loads and does not load. tests/setup measures its time."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.architecture.sources import ROOT

# Needed by commands, by migrations, or by rare pages when they are asked for.
NOT_AT_START = ("alembic", "mako", "openpyxl", "stripe", "xlsxwriter", "icalendar", "app.demo", "app.storage.audits")
LOADED = "import json, sys, wsgi, app.commands.serve; print(json.dumps(sorted(sys.modules)))"


def test_a_start_loads_nothing_that_only_other_commands_need(tmp_path):
    environment = {**os.environ, "RINGBUCH_INSTANCE": str(tmp_path)}
    printed = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, env=environment, check=True, capture_output=True)

    assert not set(json.loads(printed.stdout)).intersection(NOT_AT_START)
