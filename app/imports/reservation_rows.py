"""Parsing of one row of a table of reservations: an imported reservation, or all errors of the row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.imports import cells
from app.imports.cells import CellError, parse_instant
from app.imports.columns import RESERVATIONS
from app.imports.messages import sentence
from app.imports.tables import Row
from app.wording.formats import as_zone
from booking import queries
from booking.errors import Violation
from booking.queries import MachineCard
from booking.reservation_import import ImportedReservation
from booking.timespan import TimeSpan
from booking.wishes import Wish

PURPOSE_LENGTH_MAX = 500

T = TypeVar("T")


class RowRefused(Exception):
    """The row is not a valid reservation. reasons: all its errors, as sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons)
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The machines and members of the ring, by the names that a file may use."""

    by_slug: dict[str, MachineCard]
    by_name: dict[str, list[MachineCard]]
    member_ids: dict[str, int]
    zones: dict[int, ZoneInfo]

    def zone_of(self, machine_id: int) -> ZoneInfo:
        """Return the time zone of a machine."""
        return self.zones[machine_id]

    def machine(self, text: str) -> MachineCard:
        """Return a machine by its short name, or by its name where that is unique. Raises CellError."""
        column = _header_of_filled(text, "machine")
        slug = text.casefold()
        named = [self.by_slug[slug]] if slug in self.by_slug else self.by_name.get(slug, [])
        if not named:
            raise CellError(
                _(
                    "%(column)s: there is no machine “%(text)s”. Enter it first, or write its short name.",
                    column=column,
                    text=text[:80],
                )
            )
        if len(named) > 1:
            slugs = ", ".join(card.slug for card in named)
            raise CellError(
                _(
                    "%(column)s: several machines are called “%(text)s”. Write the short name: %(names)s.",
                    column=column,
                    text=text[:80],
                    names=slugs,
                )
            )
        if named[0].is_retired:
            raise CellError(
                _(
                    "%(column)s: “%(text)s” is retired. Lend it again first, or remove the line.",
                    column=column,
                    text=text[:80],
                )
            )
        return named[0]

    def member_id(self, text: str) -> int:
        """Return the id of a member by number. Raises CellError."""
        column = _header_of_filled(text, "member")
        if text not in self.member_ids:
            raise CellError(
                _("%(column)s: there is no member “%(text)s”. Import the members first.", column=column, text=text[:40])
            )
        return self.member_ids[text]


def read_name_index(session: Session) -> NameIndex:
    """Read the names of all machines and members."""
    by_name: dict[str, list[MachineCard]] = {}
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    for card in cards:
        by_name.setdefault(card.name.casefold(), []).append(card)
    return NameIndex(
        by_slug={card.slug.casefold(): card for card in cards},
        by_name=by_name,
        member_ids={member.number: member.id for member in queries.member_names(session)},
        zones={card.id: card.zone for card in cards},
    )


def reservation_of(row: Row, names: NameIndex) -> ImportedReservation:
    """Return the reservation in a row. Raises RowRefused."""
    reasons: list[str] = []

    def collect(parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except CellError as error:
            reasons.append(str(error))
            return None

    texts = row.texts
    machine = collect(lambda: names.machine(texts["machine"]))
    member_id = collect(lambda: names.member_id(texts["member"]))
    zone = machine.zone if machine else as_zone(None)
    start = collect(lambda: _instant(row, "start", zone))
    end = collect(lambda: _instant(row, "end", zone))
    places = collect(lambda: cells.parse_integer(texts.get("places", ""), RESERVATIONS.header("places"), 1))
    purpose = collect(lambda: _purpose(texts.get("purpose", "")))
    if start and end and end <= start:
        reasons.append(sentence(Violation("ends_before_start", "end", limit=start, actual=end), zone))
    if reasons or not (machine and member_id and start and end) or places is None or purpose is None:
        raise RowRefused(reasons)
    return ImportedReservation.of(Wish(machine.id, member_id, TimeSpan(start, end), places, purpose))


def _instant(row: Row, column: str, zone: ZoneInfo) -> datetime:
    header = _header_of_filled(row.texts[column], column)
    default_day = cells.parse_day(row.texts.get("date", ""), RESERVATIONS.header("date"))
    return parse_instant(row.texts[column], header, default_day, zone)


def _purpose(text: str) -> str:
    if len(text) > PURPOSE_LENGTH_MAX:
        raise CellError(
            _(
                "%(column)s: at most %(limit)s characters; there are %(actual)s.",
                column=RESERVATIONS.header("purpose"),
                limit=PURPOSE_LENGTH_MAX,
                actual=len(text),
            )
        )
    return text


def _header_of_filled(text: str, column: str) -> str:
    """Return the header of a column. Raises CellError if the cell is empty."""
    header = RESERVATIONS.header(column)
    if not text:
        raise CellError(_("%(column)s: this must be filled in.", column=header))
    return header
