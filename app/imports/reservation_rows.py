"""Reads one row of a table of reservations: an imported reservation, or everything that is wrong with the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import cells
from app.imports.cells import CellError
from app.imports.columns import RESERVATIONS
from app.imports.messages import sentence
from app.imports.moments import moment
from app.imports.tables import Row
from app.wording.formats import as_zone
from booking import queries
from booking.errors import Violation
from booking.queries import MachineCard
from booking.reservation_import import ImportedReservation
from booking.timespan import TimeSpan
from booking.wishes import Wish

PURPOSE_LETTERS = 500

T = TypeVar("T")


class RowRefused(Exception):
    """The row is no reservation; reasons: everything that is wrong with it, as sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons)
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class RingBook:
    """The machines and members of the ring, by what a file may call them."""

    by_slug: dict[str, MachineCard]
    by_name: dict[str, list[MachineCard]]
    member_ids: dict[str, int]
    zones: dict[int, ZoneInfo]

    def zone_of(self, machine_id: int) -> ZoneInfo:
        """By which clock a machine is lent."""
        return self.zones[machine_id]

    def machine(self, text: str) -> MachineCard:
        """A machine by its short name, or by its name where only one has it. Raises CellError."""
        column = _filled(text, "machine")
        slug = text.casefold()
        named = [self.by_slug[slug]] if slug in self.by_slug else self.by_name.get(slug, [])
        if not named:
            raise CellError(
                _(
                    "%(column)s: “%(text)s” is not known here. Enter the machine first, or write its short name.",
                    column=column,
                    text=text[:80],
                )
            )
        if len(named) > 1:
            slugs = ", ".join(card.slug for card in named)
            raise CellError(
                _(
                    "%(column)s: several are called “%(text)s”. Write the short name: %(names)s.",
                    column=column,
                    text=text[:80],
                    names=slugs,
                )
            )
        if named[0].is_retired:
            raise CellError(
                _(
                    "%(column)s: “%(text)s” is no longer lent. Bring it back first, or leave the line out.",
                    column=column,
                    text=text[:80],
                )
            )
        return named[0]

    def member_id(self, text: str) -> int:
        """A member by number. Raises CellError."""
        column = _filled(text, "member")
        if text not in self.member_ids:
            raise CellError(
                _("%(column)s: “%(text)s” is not known here. Import the members first.", column=column, text=text[:40])
            )
        return self.member_ids[text]


def ring_book(session: Session) -> RingBook:
    """Read how the machines and members are called."""
    by_name: dict[str, list[MachineCard]] = {}
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    for card in cards:
        by_name.setdefault(card.name.casefold(), []).append(card)
    return RingBook(
        by_slug={card.slug.casefold(): card for card in cards},
        by_name=by_name,
        member_ids={member.number: member.id for member in queries.member_names(session)},
        zones={card.id: card.zone for card in cards},
    )


def reservation_of(row: Row, book: RingBook) -> ImportedReservation:
    """Return the reservation in a row. Raises RowRefused."""
    reasons: list[str] = []

    def take(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except CellError as error:
            reasons.append(str(error))
            return None

    texts = row.texts
    machine = take(lambda: book.machine(texts["machine"]))
    member_id = take(lambda: book.member_id(texts["member"]))
    zone = machine.zone if machine else as_zone(None)
    start = take(lambda: _instant(row, "start", zone))
    end = take(lambda: _instant(row, "end", zone))
    places = take(lambda: cells.whole(texts.get("places", ""), RESERVATIONS.head("places"), 1))
    purpose = take(lambda: _purpose(texts.get("purpose", "")))
    if start and end and end <= start:
        reasons.append(sentence(Violation("ends_before_start", "end", limit=start, actual=end), zone))
    if reasons or not (machine and member_id and start and end) or places is None or purpose is None:
        raise RowRefused(reasons)
    return ImportedReservation.of(Wish(machine.id, member_id, TimeSpan(start, end), places, purpose))


def _instant(row: Row, column: str, zone: ZoneInfo) -> datetime:
    head = _filled(row.texts[column], column)
    day = cells.day(row.texts.get("date", ""), RESERVATIONS.head("date"))
    return moment(row.texts[column], head, day, zone)


def _purpose(text: str) -> str:
    if len(text) > PURPOSE_LETTERS:
        raise CellError(
            _(
                "%(column)s: at most %(limit)s characters; there are %(actual)s.",
                column=RESERVATIONS.head("purpose"),
                limit=PURPOSE_LETTERS,
                actual=len(text),
            )
        )
    return text


def _filled(text: str, column: str) -> str:
    """The head of a column, once there is something in it."""
    head = RESERVATIONS.head(column)
    if not text:
        raise CellError(_("%(column)s: this must be filled in.", column=head))
    return head
