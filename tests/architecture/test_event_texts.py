"""Types of events, facts and fields of records have their texts in app/wording/event_labels.py and events.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields

import pytest
from flask_babel import force_locale

from app.auth import events as login_events
from app.wording import event_labels, events
from app.wording.actors import JOB_LABELS
from app.wording.events import FactKind, FactText
from billing import events as money_events
from booking.events import (
    closure_events,
    course_events,
    exchange_events,
    maintenance_events,
    offer_events,
    series_events,
    zone_events,
)
from booking.events import reservation_events as schedule_events
from booking.kernel.events import Event
from booking.machines.machines import MachineInput
from booking.members.members import MemberInput
from booking.records.overruling import OVERRULABLE
from booking.records.ring import RingInput
from booking.reservations import variant_changes
from booking.use import slip_classes
from booking.waiting import events as waiting_events
from tests.architecture.sources import PACKAGES, modules

MODULES = (
    schedule_events,
    closure_events,
    series_events,
    offer_events,
    exchange_events,
    maintenance_events,
    zone_events,
    course_events,
    slip_classes,
    variant_changes,
    waiting_events,
    login_events,
    money_events,
)
EVENTS = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event and "type" in vars(kind)
    },
    key=lambda kind: kind.__name__,
)


def faults() -> Iterator[str]:
    """Yield what is missing or superfluous in the rows, one line each."""
    types = {kind.type for kind in EVENTS}
    for kind in EVENTS:
        if kind.type not in event_labels.EVENT_LABELS:
            yield f"event {kind.type}: no label"
        yield from (
            f"event {kind.type}: no row for the fact {field.name}"
            for field in fields(kind)
            if field.name not in events.FACTS
        )
    yield from (f"event {name}: no such event" for name in event_labels.EVENT_LABELS if name not in types)
    recorded = {field.name for kind in EVENTS for field in fields(kind)}
    for name, row in events.FACTS.items():
        if name not in recorded:
            yield f"fact {name}: no event records it"
        if (row.label is not None) != (row.kind in (FactKind.FLAG, FactKind.VALUE)):
            yield f"fact {name}: a {row.kind} with{'out' if row.label is None else ''} a label"


def test_every_event_and_every_fact_has_its_row():
    assert list(faults()) == []


def test_a_missing_row_is_named(monkeypatch):
    monkeypatch.delitem(event_labels.EVENT_LABELS, "reservation_moved")
    monkeypatch.delitem(events.FACTS, "codes_left")
    monkeypatch.setitem(events.FACTS, "is_late", FactText(FactKind.FLAG))
    monkeypatch.setitem(events.FACTS, "is_early", FactText(FactKind.HIDDEN))

    assert sorted(faults()) == [
        "event recovery_code_used: no row for the fact codes_left",
        "event reservation_moved: no label",
        "fact is_early: no event records it",
        "fact is_late: a flag without a label",
    ]


@pytest.mark.parametrize("facts", [MachineInput, MemberInput, RingInput], ids=lambda facts: facts.__name__)
def test_a_field_that_was_changed_has_a_label(facts):
    assert {field.name for field in fields(facts)} - event_labels.FIELD_LABELS.keys() == set()


def test_overruled_rules_are_named_with_the_reason_in_both_languages(app):
    facts = {"rules": ",".join(sorted(OVERRULABLE)), "reason": "Anna fetches the key"}
    with app.test_request_context():
        named = {language: texts_in(language, facts) for language in ("en", "de")}

    assert named["en"][-1] == "Reason: Anna fetches the key"
    assert named["de"][-1] == "Grund: Anna fetches the key"
    assert not OVERRULABLE & {*named["en"][0].split(", "), *named["de"][0].split(", ")}


def texts_in(language, facts):
    with force_locale(language):
        return events.detail_texts(facts)


def test_each_part_of_the_program_that_acts_has_its_words():
    """The event log names who did it: a word of the code would stand there."""
    unnamed = {job for path, tree in modules(*PACKAGES) for job in _jobs(tree)} - set(JOB_LABELS)

    assert unnamed == set()


def _jobs(tree: ast.Module) -> Iterator[str]:
    """Yield the names of parts of the program in `Actor(job="...")`, and in `JOB = "..."` of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Actor"), keywords=[ast.keyword("job", ast.Constant(str(job)))]):
                yield job
            case ast.Assign(targets=[ast.Name("JOB")], value=ast.Constant(str(job))):
                yield job
