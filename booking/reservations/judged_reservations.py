"""Reservations as the rules of use need them, read many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import Reservation
from booking.rules.persons import Person
from booking.timespan import TimeSpan


class JudgedReservation(NamedTuple):
    """What the rules of use need to know of a reservation. former_...: what is confirmed while a move waits."""

    id: int
    machine_id: int
    member_id: int
    starts_at: datetime
    ends_at: datetime
    places: int
    former_starts_at: datetime | None
    former_ends_at: datetime | None
    former_places: int | None
    second_person: str
    second_user_id: int | None

    @property
    def second(self) -> Person:
        """Who is there as well, if the machine needs two persons."""
        return Person(self.second_person, self.second_user_id)

    @property
    def times(self) -> Iterator[tuple[TimeSpan, int]]:
        """What it is for and, while a move waits, what is confirmed: the span and the number of places."""
        yield TimeSpan(self.starts_at, self.ends_at), self.places
        if self.former_starts_at is not None and self.former_ends_at is not None and self.former_places is not None:
            yield TimeSpan(self.former_starts_at, self.former_ends_at), self.former_places


_JUDGED = columns_of(JudgedReservation, Reservation)


def judged(session: Session, *wanted: ColumnElement[bool]) -> Sequence[JudgedReservation]:
    """Return reservations as the rules of use need them, in order of time."""
    statement = select(*_JUDGED).where(*wanted).order_by(Reservation.starts_at, Reservation.id)
    return [JudgedReservation(*row) for row in session.execute(statement)]
