"""Machines, their places and their pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, MappedColumn, composite, mapped_column

from booking.kernel.orm import Base, UtcDateTime
from booking.machine_sorts import MACHINE, MACHINE_SORTS
from booking.rules.lending_rules import RULE_FIELDS, MachineRules, Range, RuleField


def _rule_column(rule: RuleField) -> MappedColumn[Any]:
    return mapped_column(rule.name, Boolean() if rule.is_switch else Integer(), default=rule.default, nullable=False)


def _range_check(name: str, limits: Range) -> CheckConstraint:
    is_in_range = f"{name} >= {limits.least}" + (f" AND {name} <= {limits.most}" if limits.most is not None else "")
    return CheckConstraint(is_in_range, name=name)


class Machine(Base):
    """Anything reservable, with the rules under which it is lent. Retired, never deleted.

    schedule_version counts every change of the machine's schedule, for feeds.
    """

    __tablename__ = "booking_machine"
    __table_args__ = (
        *(_range_check(rule.name, rule.range) for rule in RULE_FIELDS if rule.range),
        CheckConstraint("shortest_min <= longest_min", name="lengths"),
        CheckConstraint(f"sort IN {MACHINE_SORTS}", name="sort"),
        Index(None, "workshop_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workshop_id: Mapped[int] = mapped_column(ForeignKey("booking_workshop.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort: Mapped[str] = mapped_column(default=MACHINE)  # of booking/machine_sorts.py
    kind: Mapped[str] = mapped_column(default="")  # the ring's own word: "harvest", "wood", "laser"
    description: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    rules: Mapped[MachineRules] = composite(*map(_rule_column, RULE_FIELDS))
    induction_kind_id: Mapped[int | None] = mapped_column(ForeignKey("booking_induction_kind.id"))
    charge_unit: Mapped[str] = mapped_column(default="hour")  # a code of booking/charge_units.py
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("booking_photo.id"))
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    schedule_version: Mapped[int] = mapped_column(default=0)
    moved_away_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a reservation, to another machine: the last
    revision: Mapped[int] = mapped_column(default=0)


class MachineHours(Base):
    """One opening of a machine that has hours of its own, in place of those of its workshop; see OpeningHours."""

    __tablename__ = "booking_machine_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("0 <= opens_minute AND opens_minute < closes_minute AND closes_minute <= 1440", name="minutes"),
    )

    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id", ondelete="CASCADE"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)  # 0 is Monday
    opens_minute: Mapped[int] = mapped_column(primary_key=True)
    closes_minute: Mapped[int]


class Unit(Base):
    """A place: the smallest part of a machine that one reservation can hold alone."""

    __tablename__ = "booking_unit"
    __table_args__ = (Index(None, "machine_id", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("booking_machine.id"))
    number: Mapped[int]  # 1, 2, 3 ... as painted on the hook
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Photo(Base):
    """A picture, stored small and re-encoded; in the database, so that one backup file holds all."""

    __tablename__ = "booking_photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes]
    # Of a machine: a WebP of 112 pixels square, and one for a card; empty where none could be made.
    thumb: Mapped[bytes | None]
    card: Mapped[bytes | None]
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
