"""What a calendar feed is about, as parts of the statement that finds its subscription: version, name and zone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, SQLColumnExpression, String, cast, func, select

from booking.models import Machine, Member, Ring, Workshop

Id = SQLColumnExpression[Any]


def version_of_member(member_id: Id) -> ScalarSelect[str]:
    """Return the version of a member's schedule as part of another statement; member_id: a column of that."""
    return select(cast(Member.schedule_version, String)).where(Member.id == member_id).scalar_subquery()


def version_of_machine(machine_id: Id) -> ScalarSelect[str]:
    """Return the version of a machine's schedule as part of another statement."""
    return select(cast(Machine.schedule_version, String)).where(Machine.id == machine_id).scalar_subquery()


def version_of_workshop(workshop_id: Id) -> ScalarSelect[str]:
    """Return the version of all schedules of a workshop: they only grow, so sum and count show any change."""
    both = cast(func.count(), String) + "." + cast(func.coalesce(func.sum(Machine.schedule_version), 0), String)
    return select(both).where(Machine.workshop_id == workshop_id).scalar_subquery()


def name_of_machine(machine_id: Id) -> ScalarSelect[str]:
    """Return a machine's name as part of another statement."""
    return select(Machine.name).where(Machine.id == machine_id).scalar_subquery()


def name_of_workshop(workshop_id: Id) -> ScalarSelect[str]:
    """Return a workshop's name as part of another statement."""
    return select(Workshop.name).where(Workshop.id == workshop_id).scalar_subquery()


def name_of_ring() -> ScalarSelect[str]:
    """Return the ring's name as part of another statement."""
    return select(Ring.name).where(Ring.id == 1).scalar_subquery()


def zone_of_ring() -> ScalarSelect[str]:
    """Return the name of the ring's time zone as part of another statement."""
    return select(Ring.timezone).where(Ring.id == 1).scalar_subquery()
