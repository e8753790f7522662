"""What the processes of a ring find done when they begin."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from app.server import serve
from app.server.preload import PAGES, preload

ROOT = Path(__file__).resolve().parents[3]
# In a process of its own, because in that of the tests all is loaded already.
PROGRAM = """
import sys
from app import create_app
from app.server.preload import preload
app = create_app({"BASE_URL": "http://127.0.0.1:8000"}, instance_path=sys.argv[1])
with app.app_context():
    preload(with_worker=True)
loaded = set(sys.modules)
from app.worker.scheduler import Worker
Worker(app)._make_scheduler()
print(*sorted(set(sys.modules) - loaded))
import app.documents.making, app.documents.printing, app.documents.statement_page
print(*sorted({"typst", "drafthorse", "segno", "lxml"} & set(sys.modules)))
"""


def test_the_daily_pages_are_compiled(app):
    app.jinja_env.cache.clear()  # what earlier tests compiled

    preload(with_worker=True)

    assert {name for _loader, name in app.jinja_env.cache} >= set(PAGES)
    assert gc.isenabled()


def test_the_scheduler_is_loaded_and_no_database_is_asked(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    scheduled, of_documents = done.stdout.splitlines()
    assert [name for name in scheduled.split() if name.startswith(("app", "apscheduler"))] == []
    assert of_documents == "", "the libraries of PDF and XML, which only the child that makes the files loads"
    assert not (tmp_path / "ring.sqlite").exists()


def test_all_threads_share_two_heaps_unless_the_operator_decided(monkeypatch):
    asked = []
    library = type("Library", (), {"mallopt": staticmethod(lambda *words: asked.append(words))})
    monkeypatch.setattr(serve.ctypes, "CDLL", lambda _name: library)
    monkeypatch.setattr(serve.sys, "platform", "linux")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "8")
    serve.bound_arenas()
    assert asked == []

    monkeypatch.delenv("MALLOC_ARENA_MAX")
    serve.bound_arenas()
    assert asked == [(serve.M_ARENA_MAX, 2)]
