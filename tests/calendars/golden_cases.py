"""The golden calendar files: each is named after what it shows, and written by one entry.

`python -m tests.calendars.golden_cases` writes them anew; look at the difference before you commit it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from calendars.rendering import head
from calendars.vevents import Entry, Labels, busy_vevent, vevent

FOLDER = Path(__file__).parent / "golden"
LABELS = Labels(
    mine="My reservations",
    busy="busy",
    closed="closed",
    free_again="free again",
    places="Places: {count}",
    states={"requested": "requested", "cancelled": "cancelled", "rejected": "declined"},
)
PLAIN = Entry(
    uid="7d3c9c1e-0c6c-4a53-9d0e-3f1f6d5e9a11@ringbuch",
    revision=0,
    status="confirmed",
    starts_at=datetime(2026, 11, 24, 7, 0, tzinfo=UTC),
    ends_at=datetime(2026, 11, 24, 11, 30, tzinfo=UTC),
    changed_at=datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
    zone="Europe/Berlin",
    machine="Combine",
    location="Maschinenhalle, Dorfstraße 1, 82418 Murnau",
    purpose="Winter wheat, upper field",
    url="https://ring.example/reservations/1",
)


@dataclass(frozen=True)
class Case:
    """One golden file: its name says what it shows."""

    name: str
    entry: Entry | None
    is_busy: bool = False

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.ics"

    def written(self) -> bytes:
        """The file as the program writes it now."""
        zone = self.entry.zone if self.entry else "Europe/Berlin"
        write = busy_vevent if self.is_busy else vevent
        entry = write(self.entry, LABELS) if self.entry else ""
        return (head("My reservations · Ring Oberland", {zone}) + entry + "END:VCALENDAR\r\n").encode()


CASES = (
    Case("confirmed_reservation", PLAIN),
    Case("request_is_tentative", PLAIN._replace(status="requested")),
    Case("moved_keeps_uid_and_counts_sequence", PLAIN._replace(revision=1, starts_at=PLAIN.starts_at.replace(hour=8))),
    Case("cancelled_stays_and_says_so", PLAIN._replace(revision=2, status="cancelled")),
    Case("empty_feed_still_holds_a_component", None),
    Case("busy_tells_nothing_but_the_time", PLAIN, is_busy=True),
    Case("busy_that_was_cancelled_says_so", PLAIN._replace(revision=1, status="cancelled"), is_busy=True),
    Case("closure_tells_no_reason", PLAIN._replace(is_closure=True, purpose="Gearbox broken"), is_busy=True),
    Case(
        "night_of_the_spring_change",
        PLAIN._replace(
            starts_at=datetime(2027, 3, 27, 21, 0, tzinfo=UTC), ends_at=datetime(2027, 3, 28, 4, 0, tzinfo=UTC)
        ),
    ),
    Case(
        "night_of_the_autumn_change",
        PLAIN._replace(
            starts_at=datetime(2026, 10, 24, 20, 0, tzinfo=UTC), ends_at=datetime(2026, 10, 25, 5, 0, tzinfo=UTC)
        ),
    ),
    Case(
        "first_passage_of_the_doubled_hour_is_said_in_utc",
        PLAIN._replace(
            starts_at=datetime(2026, 10, 24, 20, 0, tzinfo=UTC), ends_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        ),
    ),
    Case(
        "second_passage_of_the_doubled_hour_is_said_in_utc",
        PLAIN._replace(
            starts_at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), ends_at=datetime(2026, 10, 25, 3, 0, tzinfo=UTC)
        ),
    ),
    Case(
        "ended_within_a_second_still_ends_after_its_start",
        PLAIN._replace(
            starts_at=datetime(2026, 11, 24, 7, 0, 0, 250_000, tzinfo=UTC),
            ends_at=datetime(2026, 11, 24, 7, 0, 0, 900_000, tzinfo=UTC),
        ),
    ),
    Case("zone_without_yearly_rules", PLAIN._replace(zone="Africa/Casablanca")),
    Case("zone_without_clock_changes", PLAIN._replace(zone="Asia/Kolkata")),
    Case("purpose_cannot_inject_properties", PLAIN._replace(purpose="hay\r\nEND:VEVENT\r\nATTACH:http://evil/;x,y\\z")),
    Case("control_characters_are_dropped", PLAIN._replace(purpose="a\x00b\x07c\u2028d\u2029e\x85f\tg")),
    Case("emoji_and_right_to_left_are_folded_between_letters", PLAIN._replace(purpose="🚜 حصاد القمح " * 12)),
    Case("several_places", PLAIN._replace(machine="Cold store", places=4)),
)

if __name__ == "__main__":
    for case in CASES:
        case.path.write_bytes(case.written())
