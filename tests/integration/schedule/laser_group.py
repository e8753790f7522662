"""A group of three lasers: twins, and a larger one that needs an induction. Its fixtures are there for every test."""

from __future__ import annotations

import pytest

from booking.kernel.transaction import write_transaction
from booking.records import groups
from booking.records.groups import GroupInput, RankedMachine
from tests.builders import SOMEBODY, machine
from tests.conftest import MONDAY


@pytest.fixture
def lasers(session, sample_ring):
    """A and B, twins, and the larger C, which needs the induction that Anna has."""
    kind = sample_ring.laser_induction
    ids = [machine(session, sample_ring.hall, f"laser-{letter}", setup_min=0) for letter in "ab"]
    ids.append(machine(session, sample_ring.hall, "laser-c", induction_kind_id=kind))
    return ids


@pytest.fixture
def group(session, sample_ring, lasers):
    ranked = tuple(RankedMachine(machine_id, rank) for machine_id, rank in zip(lasers, (1, 1, 2), strict=True))
    with write_transaction(session):
        return groups.make(session, sample_ring.hall, GroupInput("Lasers", ranked), by=SOMEBODY, now=MONDAY)
