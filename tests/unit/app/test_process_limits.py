"""The limits of processes that read what strangers sent: what a system refuses to limit keeps none from working."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from app.background.process_limits import limit_process

MEMORY, PROCESSOR, UNLIMITED = "memory", "processor", -1


@pytest.fixture
def system(monkeypatch):
    """A system whose limits are noted: `set`, by kind; with `hard` ones of the operator, and those it `refuses`."""
    noted = SimpleNamespace(set={}, hard={}, refuses={})

    def setrlimit(kind, limits):
        if kind in noted.refuses:
            raise noted.refuses[kind]
        noted.set[kind] = limits

    def getrlimit(kind):
        return UNLIMITED, noted.hard.get(kind, UNLIMITED)

    names = {"RLIMIT_AS": MEMORY, "RLIMIT_CPU": PROCESSOR, "RLIM_INFINITY": UNLIMITED}
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "resource", SimpleNamespace(setrlimit=setrlimit, getrlimit=getrlimit, **names))
    return noted


def test_both_limits_are_set_and_processor_time_only_where_it_is_named(system):
    limit_process(500)
    assert system.set == {MEMORY: (500, 500)}

    limit_process(400, 12)
    assert system.set == {MEMORY: (400, 400), PROCESSOR: (12, 12)}


def test_lower_limits_of_the_operator_stay(system):
    system.hard = {MEMORY: 300, PROCESSOR: 99}

    limit_process(400, 12)

    assert system.set == {MEMORY: (300, 300), PROCESSOR: (12, 12)}


@pytest.mark.parametrize("refusal", [ValueError("current limit exceeds maximum limit"), OSError()], ids=repr)
def test_a_limit_that_the_system_refuses_is_left_out_and_the_other_one_set(system, refusal):
    system.refuses = {MEMORY: refusal}

    limit_process(400, 12)

    assert system.set == {PROCESSOR: (12, 12)}


def test_a_system_without_limits_is_left_as_it_is(system, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")

    limit_process(400, 12)

    assert system.set == {}
