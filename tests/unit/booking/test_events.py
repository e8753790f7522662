"""Events of the schedule: built by name from the record that they are about, naming whose schedule changed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime

import pytest

from booking.events import closure_events, reservation_events
from booking.events.closure_events import ClosureEvent
from booking.events.reservation_events import ReservationEvent, ScheduleEvent, UsageEvent
from booking.reservations import variant_changes

START, END = datetime(2026, 11, 23, 7, tzinfo=UTC), datetime(2026, 11, 23, 9, tzinfo=UTC)
SPAN = {"starts_at": int(START.timestamp()), "ends_at": int(END.timestamp())}
DETAILS = {
    "ReservationMoved": {"old_starts_at": 1, "old_ends_at": 2, "needs_decision": True, "old_machine_id": None},
    "SecondPersonChanged": {"second_person": "Jan"},
    "ToleranceChanged": {"may_move_min": 60},
    "VariantsChanged": {"variants": "With operator"},
    "ReservationRequested": {"exchange_id": None, "second_person": "Jan"},
    "ReservationConfirmed": {
        "was_request": True,
        "old_starts_at": 1,
        "old_ends_at": 2,
        "exchange_id": None,
        "second_person": "Jan",
    },
    "ReservationImported": {"second_person": "Jan"},
    "ReservationRejected": {"is_restored": True, "old_starts_at": 1, "old_ends_at": 2},
    "ReservationExpired": {"is_restored": True, "old_starts_at": 1, "old_ends_at": 2},
    "ReservationCancelled": {"is_late": True, "promised_starts_at": 1, "promised_ends_at": 2, "promised_places": 1},
    "SlipAnswered": {"was_corrected": True},
    "ClosureChanged": {"old_ends_at": 2},
    "DecisionTakenBack": {"was_approved": True},
}
KINDS = [
    kind
    for kind in (vars(reservation_events) | vars(closure_events) | vars(variant_changes)).values()
    if isinstance(kind, type) and issubclass(kind, ScheduleEvent) and "type" in vars(kind) and hasattr(kind, "of")
]


@dataclass
class Record:
    """A reservation, slip or closure, as far as its events are concerned."""

    id: int = 41
    machine_id: int = 7
    member_id: int = 3
    reservation_id: int = 40
    revision: int = 2
    starts_at: datetime = START
    ends_at: datetime = END


def build(kind):
    return kind.of(Record(), **DETAILS.get(kind.__name__, {}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_equals_its_record(kind):
    event = build(kind)

    common = {"machine_id": 7} if issubclass(kind, ClosureEvent) else {"machine_id": 7, "member_id": 3}
    if issubclass(kind, ReservationEvent):
        wanted = {"reservation_id": 41, "revision": 2, **SPAN, **common}
    elif issubclass(kind, UsageEvent):
        wanted = {"usage_id": 41, "reservation_id": 40, **common}
    else:
        wanted = {"blocking_id": 41, **SPAN, **common}
    facts = {field.name: getattr(event, field.name) for field in fields(event)}
    assert wanted.items() <= facts.items()
    assert facts.keys() - wanted.keys() <= {"blocking_id", "series_id", *DETAILS.get(kind.__name__, {})}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_names_the_schedules_that_changed(kind):
    event = build(kind)

    assert event.machine_ids == (7,)
    assert event.member_ids == (() if issubclass(kind, ClosureEvent) else (3,))


@pytest.mark.parametrize("kind", [*KINDS, reservation_events.RecordChanged], ids=lambda kind: kind.__name__)
def test_no_event_takes_its_facts_by_position(kind):
    with pytest.raises(TypeError, match="positional"):
        kind(*range(len(fields(kind))))
