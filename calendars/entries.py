"""Rows of the schedule as VEVENTs, as far as a subscription may show them."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC
from functools import lru_cache
from uuid import UUID, uuid5

from booking.queries import FeedClosure, FeedEntry
from booking.queries.feed_courses import FeedCourse
from calendars.tokens import BUSY
from calendars.vevents import Entry, Labels, busy_vevent, look_of, vevent

MOVE = "move-"  # before the UID of a reservation: the entry of a move that waits for approval
_CLOSURES = UUID("d7da2d9d-5316-4af9-813d-ab99edf12d70")  # the namespace of their UIDs; never changes
_COURSES = UUID("5b1f3f0e-6f0c-4a53-9b43-1d6a0c2f7c11")


class EntryRenderer:
    """Renders the entries of one subscription, in its language and at its privacy level."""

    def __init__(self, privacy: str, labels: Labels, base_url: str, *, shows_wishes: bool = True) -> None:
        """Keep what all entries share. shows_wishes: whether the time that a waiting move asks for is an entry too.

        Not in files of mails: a subscription drops the entry once the move is decided, a file would have to cancel it.
        """
        self.labels = labels
        self._is_busy = privacy == BUSY
        self._base_url = base_url
        self._shows_wishes = shows_wishes

    def reservation(self, row: FeedEntry) -> bytes:
        """Return a reservation, whole for its own member, else as busy.

        While a move waits for approval, what is confirmed stays; the time asked for is a tentative entry beside it.
        """
        if row.former_starts_at is None:
            return self.write(self._entry(row))
        return self.write(self.entry_of(row)) + self.wish(row)

    def wish(self, row: FeedEntry) -> bytes:
        """Return the entry of the time that a waiting move asks for; nothing where none waits."""
        if row.former_starts_at is None or not self._shows_wishes:
            return b""
        entry = self._entry(row)
        return self.write(entry._replace(uid=f"{MOVE}{entry.uid}"))

    def entry_of(self, row: FeedEntry) -> Entry:
        """Return a reservation as it is held: while a move waits, at its former time."""
        entry = self._entry(row)
        if row.former_starts_at is None or row.former_ends_at is None:
            return entry
        return entry._replace(
            status="confirmed",
            starts_at=row.former_starts_at,
            ends_at=row.former_ends_at,
            places=row.former_places or row.places,
        )

    def write(self, entry: Entry) -> bytes:
        """Return an entry as far as the subscription may show it."""
        write = busy_vevent if self._is_busy else vevent
        return write(entry, self.labels).encode()

    def look_of(self, entry: Entry) -> Hashable:
        """Return what an entry shows besides its times, its identity and its address."""
        return look_of(entry, self.labels, is_busy=self._is_busy)

    def url_of_series(self, series_id: int) -> str:
        """Return the address of the page of a series."""
        return f"{self._base_url}/series/{series_id}"

    def _entry(self, row: FeedEntry) -> Entry:
        return Entry(  # by position, in the order of its fields: names take three times as long
            row.uid,
            row.revision,
            row.status,
            row.starts_at,
            row.ends_at,
            row.changed_at,
            row.timezone,
            row.machine_name,
            _place(row.workshop_name, row.location, row.workshop_address),
            row.places,
            row.purpose,
            f"{self._base_url}/reservations/{row.id}",
        )

    def closure(self, row: FeedClosure) -> bytes:
        """Return a closure: when, not why. Lifting one is its last change."""
        entry = Entry(
            uid=_uid_of_closure(row),
            revision=row.revision,
            status="confirmed" if row.lifted_at is None else "cancelled",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            changed_at=row.changed_at,
            zone=row.timezone,
            is_closure=True,
        )
        return busy_vevent(entry, self.labels).encode()

    def course(self, row: FeedCourse, member_id: int | None) -> bytes:
        """Return an induction course, for its trainer or for who has a seat."""
        label = self.labels.own_course if row.trainer_member_id == member_id else self.labels.course
        entry = Entry(
            uid=_uid_of_course(row),
            revision=row.revision,
            status="confirmed" if row.cancelled_at is None else "cancelled",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            changed_at=row.changed_at,
            zone=row.timezone,
            machine=label.format(kind=row.kind),
            location=_place(row.workshop_name, row.place, row.workshop_address),
            url=f"{self._base_url}/inductions/courses/{row.id}",
        )
        return self.write(entry)


def _uid_of_course(row: FeedCourse) -> str:
    return f"{uuid5(_COURSES, f'{row.id} {row.created_at.astimezone(UTC).isoformat()}')}@ringbuch"


def _uid_of_closure(row: FeedClosure) -> str:
    # Every ring counts from 1, and RFC 5545 wants a UID that no other ring has.
    return f"{uuid5(_CLOSURES, f'{row.id} {row.created_at.astimezone(UTC).isoformat()}')}@ringbuch"


@lru_cache(maxsize=256)
def _place(workshop: str, location: str, address: str) -> str:
    parts = (workshop, location, *address.splitlines())
    return ", ".join(part.strip() for part in parts if part.strip())
