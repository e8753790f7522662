"""What can be done with a reservation in which status and at which time, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from booking.errors.schedule_errors import WrongStatus
from booking.models import Status
from booking.reservations import lifecycle
from booking.reservations.lifecycle import Step

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
END = START + timedelta(hours=4)
DEADLINE = START - timedelta(hours=24)
MOMENT = timedelta(seconds=1)

LEADS_TO = {
    (Step.APPROVE, "requested"): "confirmed",
    (Step.REJECT, "requested"): "rejected",
    (Step.EXPIRE, "requested"): "expired",
    (Step.MOVE, "requested"): "requested",
    (Step.MOVE, "confirmed"): "confirmed",
    (Step.MOVE, "in_use"): "in_use",
    (Step.MOVE_FOR_APPROVAL, "requested"): "requested",
    (Step.MOVE_FOR_APPROVAL, "confirmed"): "requested",
    (Step.RESTORE, "requested"): "confirmed",
    (Step.UNDO_IMPORT, "confirmed"): "cancelled",
    (Step.IMPORT_AGAIN, "cancelled"): "confirmed",
    (Step.CANCEL, "requested"): "cancelled",
    (Step.CANCEL, "confirmed"): "cancelled",
    (Step.HAND_OVER, "confirmed"): "cancelled",
    (Step.ACCEPT_PROPOSAL, "requested"): "requested",
    (Step.ACCEPT_PROPOSAL, "confirmed"): "confirmed",
    (Step.HAND_OUT, "confirmed"): "in_use",
    (Step.HAND_BACK, "in_use"): "completed",
    (Step.REPORT_NO_SHOW, "confirmed"): "no_show",
    (Step.TAKE_BACK_NO_SHOW, "no_show"): "confirmed",
    (Step.TAKE_BACK_DECISION, "confirmed"): "requested",
    (Step.TAKE_BACK_DECISION, "rejected"): "requested",
}
NEW = {Step.REQUEST: "requested", Step.CONFIRM: "confirmed", Step.IMPORT: "confirmed"}
IN_TIME = {Step.APPROVE: DEADLINE - MOMENT, Step.EXPIRE: DEADLINE, Step.REPORT_NO_SHOW: START}


@dataclass
class Reservation:
    status: str
    decide_until: datetime | None = DEADLINE
    starts_at: datetime = START
    ends_at: datetime = END
    former_starts_at: datetime | None = START
    proposed_at: datetime | None = START
    decided_at: datetime | None = DEADLINE


@pytest.mark.parametrize("step", [step for step in Step if step not in NEW])
@pytest.mark.parametrize("status", Status)
def test_a_step_leads_from_its_statuses_to_the_next_and_is_refused_from_any_other(step, status):
    reservation, now = Reservation(status), IN_TIME.get(step, START - timedelta(hours=48))
    after = LEADS_TO.get((step, status))

    assert lifecycle.is_possible(reservation, step, now) is (after is not None)
    if after is None:
        with pytest.raises(WrongStatus) as refusal:
            lifecycle.advance(reservation, step, now)
        assert refusal.value.facts == {
            "status": status,
            "wanted": [before for one, before in LEADS_TO if one is step],
        }
    else:
        lifecycle.require(reservation, step, now)
        lifecycle.advance(reservation, step, now)
    assert reservation.status == (after or status)


@pytest.mark.parametrize(("step", "status"), NEW.items())
def test_a_new_reservation_begins_as_requested_or_as_confirmed(step, status):
    assert lifecycle.first_status(step) == status


@pytest.mark.parametrize(
    ("step", "status", "border", "is_possible_before", "refusal"),
    [
        (Step.MOVE, "confirmed", END, True, ("over", ["confirmed"])),
        (Step.MOVE, "in_use", END, True, ("over", ["in_use"])),
        (Step.MOVE_FOR_APPROVAL, "confirmed", END, True, ("over", ["confirmed"])),
        (Step.CANCEL, "requested", END, True, ("over", ["requested"])),
        (Step.HAND_OUT, "confirmed", END, True, ("over", ["confirmed"])),
        (Step.APPROVE, "requested", DEADLINE, True, ("expired", ["requested"])),
        (Step.EXPIRE, "requested", DEADLINE, False, ("requested", ["expired"])),
        (Step.TAKE_BACK_DECISION, "confirmed", START, True, ("not_decided", ["decided"])),
        (Step.REPORT_NO_SHOW, "confirmed", START, False, ("not_started", ["started"])),
    ],
)
def test_a_step_is_possible_up_to_its_time_or_from_its_time_on(step, status, border, is_possible_before, refusal):
    reservation = Reservation(status)

    assert lifecycle.is_possible(reservation, step, border - MOMENT) is is_possible_before
    assert lifecycle.is_possible(reservation, step, border) is not is_possible_before
    with pytest.raises(WrongStatus) as refused:
        lifecycle.require(reservation, step, border if is_possible_before else border - MOMENT)
    assert (refused.value.facts["status"], refused.value.facts["wanted"]) == refusal


def test_a_request_without_a_deadline_can_be_approved_at_any_time_and_never_expires():
    reservation = Reservation("requested", decide_until=None)

    assert lifecycle.is_possible(reservation, Step.APPROVE, END)
    assert not lifecycle.is_possible(reservation, Step.EXPIRE, END)


def test_only_a_move_that_waits_is_taken_back():
    reservation = Reservation("requested", former_starts_at=None)

    with pytest.raises(WrongStatus) as refused:
        lifecycle.require(reservation, Step.RESTORE, START)
    assert refused.value.facts == {"status": "not_moving", "wanted": ["moving"]}


def test_only_what_a_manager_decided_waits_again():
    with pytest.raises(WrongStatus) as refused:
        lifecycle.require(Reservation("confirmed", decided_at=None), Step.TAKE_BACK_DECISION, DEADLINE)
    assert refused.value.facts == {"status": "not_decided", "wanted": ["decided"]}


def test_decline_hand_back_and_taking_a_no_show_back_are_possible_long_after_the_end():
    later = END + timedelta(days=30)

    assert lifecycle.is_possible(Reservation("requested"), Step.REJECT, later)
    assert lifecycle.is_possible(Reservation("no_show"), Step.TAKE_BACK_NO_SHOW, later)
    assert lifecycle.is_possible(Reservation("in_use"), Step.HAND_BACK, later)
