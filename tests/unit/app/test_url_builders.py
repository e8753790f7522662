"""Builders of URLs, which are compiled when they are first called."""

from __future__ import annotations

from werkzeug.routing import Map, Rule

from app.web import url_converters
from app.web.url_converters import LazyRule


def test_one_thread_at_a_time_compiles_because_older_pythons_fail_when_two_parse_at_once(monkeypatch):
    compiling, locked = Rule._compile_builder, []

    def noting(rule, append_unknown=True):
        locked.append(url_converters._one_parses.locked())
        return compiling(rule, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noting)
    machine = Map([LazyRule("/threads/<slug>", endpoint="machine")]).bind("ring.example")

    assert machine.build("machine", {"slug": "saw"}) == "/threads/saw"  # a rule that no other test has had compiled
    assert locked
    assert all(locked)
