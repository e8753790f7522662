"""The event log is read by people: every event, every fact and every changed field has its words."""

from __future__ import annotations

from dataclasses import fields

import pytest

from app.auth import events as login_events
from app.wording import events
from billing import events as money_events
from booking import events as schedule_events
from booking.kernel.events import Event
from booking.machines import MachineInput
from booking.members import MemberInput
from booking.ring import RingInput

MODULES = (schedule_events, login_events, money_events)
EVENTS = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event and "type" in vars(kind)
    },
    key=lambda kind: kind.__name__,
)
SAID = events.SILENT_FACTS | events.SAID_ELSEWHERE | events.FLAG_NAMES.keys() | events.FACT_NAMES.keys()


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_and_its_facts_have_words(kind):
    assert kind.type in events.EVENT_NAMES
    assert {field.name for field in fields(kind)} - SAID == set()


@pytest.mark.parametrize("facts", [MachineInput, MemberInput, RingInput], ids=lambda facts: facts.__name__)
def test_a_field_that_was_changed_has_words(facts):
    assert {field.name for field in fields(facts)} - events.FIELD_NAMES.keys() == set()
