"""Parsing of one row of a table of reservations: an imported reservation, or all errors of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.imports import cells
from app.imports.cells import CellError, parse_instant
from app.imports.columns import RESERVATIONS
from app.imports.contact_cells import email_of
from app.imports.lost_zeros import similar_number
from app.imports.member_index import MemberIndex
from app.imports.messages import fault_sentences, sentence
from app.imports.tables import Row
from app.imports.words import status_code
from app.wording.folding import fold
from app.wording.formats import as_zone
from app.wording.statuses import status_label
from billing.tariffs.asked_amounts import LackingVariants
from booking import queries
from booking.errors.schedule_errors import Violation
from booking.members.member_import import known_members
from booking.queries import MachineCard
from booking.reservation_import import ImportedReservation
from booking.reservations.wishes import Wish
from booking.rules.lacking_variants import Lacking
from booking.rules.lending_rules import LENGTH_MINUTES_MAX
from booking.rules.persons import PERSON_LENGTH_MAX, Person, folded
from booking.timespan import TimeSpan

PURPOSE_LENGTH_MAX = 500
CONFIRMED = ("confirmed", "in_use")
LENGTHS = {"duration": "", "duration_hours": "hours", "duration_min": "min"}  # field -> unit of a bare number

T = TypeVar("T")


class RowRefused(Exception):
    """The row is not a valid reservation. reasons: all its errors, as sentences."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons)
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The machines and members of the ring, by the names that a file may use.

    logins: by member and folded name. lacking: which of some variants the tariff of a machine lacks.
    """

    by_slug: dict[str, MachineCard]
    by_name: dict[str, list[MachineCard]]
    members: MemberIndex
    zones: dict[int, ZoneInfo]
    machine_names: dict[int, str]
    member_names: dict[int, str]
    logins: dict[tuple[int, str], int]
    lacking: Lacking

    def zone_of(self, machine_id: int) -> ZoneInfo:
        """Return the time zone of a machine."""
        return self.zones[machine_id]

    def machine(self, text: str) -> MachineCard:
        """Return a machine by its short name, or by its name where that is unique. Raises CellError.

        "Hall - Combine" is the machine "Combine": other programs write the place in front of it.
        """
        column = _header_of_filled(text, "machine")
        named = self._named(text) or self._named(text.rpartition(" - ")[2])
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

    def _named(self, text: str) -> list[MachineCard]:
        slug = text.casefold()
        if slug in self.by_slug:
            return [self.by_slug[slug]]
        similar = similar_number(text, self.by_slug) if text.isdecimal() else ""
        return [self.by_slug[similar]] if similar else self.by_name.get(fold(text), [])

    def member_id(self, texts: Mapping[str, str]) -> int:
        """Return the id of a member by number, else by e-mail address or name where it is unique. Raises CellError."""
        number, email = texts.get("member", ""), email_of(texts.get("member_email", ""))
        parts = f"{texts.get('member_first_name', '')} {texts.get('member_last_name', '')}".strip()
        name = texts.get("member_name", "") or parts
        text = _filled(number or email or name, "member")
        found = self._by_number(number) or self.members.numbers_of(email or text, name or text)
        if len(found) == 1:
            return self.members.members[found[0]].id
        column = RESERVATIONS.header("member")
        if not found:
            raise CellError(
                _("%(column)s: there is no member “%(text)s”. Import the members first.", column=column, text=text[:40])
            )
        raise CellError(
            _(
                "%(column)s: several members are called “%(text)s”. Write the number: %(numbers)s.",
                column=column,
                text=text[:40],
                numbers=", ".join(found),
            )
        )

    def second_person(self, text: str, member_id: int) -> Person | None:
        """Return who is there as well; None where nobody is named, who is named at hand-out then. Raises CellError."""
        name = " ".join(text.split())
        if len(name) > PERSON_LENGTH_MAX:
            raise CellError(_too_long("second_person", name, PERSON_LENGTH_MAX))
        return Person(name, self.logins.get((member_id, folded(name)))) if name else None

    def variants(self, text: str, machine: MachineCard | None, start: datetime | None) -> tuple[str, ...]:
        """Return the variants in a cell, divided by semicolons, else by commas. Raises CellError."""
        whole = text.strip()
        if not whole or machine is None or start is None:
            return ()
        is_one = not self.lacking(machine.id, start, [whole])
        parts = [whole] if is_one else whole.split(";" if ";" in whole else ",")
        found = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
        if lacks := self.lacking(machine.id, start, found):
            column, name = RESERVATIONS.header("variants"), lacks[0][:80]
            raise CellError(
                _("%(column)s: the tariff of that day has no variant “%(text)s”.", column=column, text=name)
            )
        return found

    def _by_number(self, text: str) -> tuple[str, ...]:
        """Return the number in a cell as it is stored: also 42 for 0042 where no other member has it."""
        number = cells.integer_text(text) or text
        for written in (text, number):
            if written in self.members.members:
                return (written,)
        similar = self.members.similar_number(number)
        return (similar,) if similar else ()


def read_name_index(session: Session) -> NameIndex:
    """Read the names of all machines and members."""
    by_name: dict[str, list[MachineCard]] = {}
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    members = known_members(session)
    for card in cards:
        by_name.setdefault(fold(card.name), []).append(card)
    return NameIndex(
        by_slug={card.slug.casefold(): card for card in cards},
        by_name=by_name,
        members=MemberIndex.of(members),
        zones={card.id: card.zone for card in cards},
        machine_names={card.id: card.name for card in cards},
        logins=_logins(session),
        lacking=LackingVariants(session),
        member_names={known.id: f"{number} {known.stored.name}" for number, known in members.items()},
    )


def _logins(session: Session) -> dict[tuple[int, str], int]:
    """Return the logins of members by member and name, as a typed name is compared."""
    found = session.execute(select(User.member_id, User.name, User.id).where(User.member_id.is_not(None)))
    return {(row.member_id, folded(row.name)): row.id for row in found.all()[::-1]}


def reservation_of(row: Row, names: NameIndex) -> ImportedReservation:
    """Return the reservation in a row. Raises RowRefused."""
    if row.faults:
        raise RowRefused(list(fault_sentences(row, RESERVATIONS)))
    reasons: list[str] = []

    def collect(parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except CellError as error:
            reasons.append(str(error))
            return None

    texts = row.texts
    machine = collect(lambda: names.machine(texts.get("machine", "")))
    member_id = collect(lambda: names.member_id(texts))
    zone = machine.zone if machine else as_zone(None)
    start = collect(lambda: _instant(texts, "start", ("date",), zone))
    end = collect(lambda: _end(texts, start, zone))
    places = collect(lambda: cells.parse_integer(texts.get("places", ""), RESERVATIONS.header("places"), 1))
    purpose = collect(lambda: _purpose(texts.get("purpose", "")))
    second = collect(lambda: names.second_person(texts.get("second_person", ""), member_id or 0))
    variants = collect(lambda: names.variants(texts.get("variants", ""), machine, start))
    collect(lambda: _require_confirmed(texts.get("status", "")))
    if start and end and end <= start:
        reasons.append(sentence(Violation("ends_before_start", "end", limit=start, actual=end), zone))
    if reasons or not (machine and member_id and start and end) or places is None or purpose is None:
        raise RowRefused(reasons)
    wish = Wish(machine.id, member_id, TimeSpan(start, end), places, purpose, second=second, choices=variants or ())
    return ImportedReservation.of(wish)


def _instant(texts: Mapping[str, str], column: str, day_columns: tuple[str, ...], zone: ZoneInfo) -> datetime:
    """Return an instant: the column holds it, or its time beside a day, or the first day column holds both."""
    day_column = next((each for each in day_columns if texts.get(each)), "")
    text = texts.get(column) or ("" if column in texts else texts.get(day_columns[0], ""))
    header = _header_of_filled(text, column)
    is_alone = column not in texts
    day = None if is_alone or not day_column else cells.parse_day(texts[day_column], RESERVATIONS.header(day_column))
    return parse_instant(text, header, day, zone)


def _end(texts: Mapping[str, str], start: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return the end: its own columns, else the start and a length, which is elapsed time."""
    length = next((each for each in LENGTHS if texts.get(each)), "")
    if not length or texts.get("end") or texts.get("end_date"):
        return _instant(texts, "end", ("end_date", "date"), zone)
    minutes = cells.parse_minutes(texts[length], RESERVATIONS.header(length), LENGTHS[length])
    if minutes > LENGTH_MINUTES_MAX:
        raise CellError(
            _(
                "%(column)s: at most %(limit)s days; this is longer.",
                column=RESERVATIONS.header(length),
                limit=LENGTH_MINUTES_MAX // (24 * 60),
            )
        )
    return None if start is None else start + timedelta(minutes=minutes)


def _purpose(text: str) -> str:
    if len(text) > PURPOSE_LENGTH_MAX:
        raise CellError(_too_long("purpose", text, PURPOSE_LENGTH_MAX))
    return text


def _too_long(field: str, text: str, limit: int) -> str:
    return _(
        "%(column)s: at most %(limit)s characters; there are %(actual)s.",
        column=RESERVATIONS.header(field),
        limit=limit,
        actual=len(text),
    )


def _require_confirmed(text: str) -> None:
    """Refuse a row whose status says that the reservation does not hold."""
    code = status_code(text) if text else "confirmed"
    if code not in CONFIRMED:
        raise CellError(
            _(
                "%(column)s: only confirmed reservations are imported, not “%(text)s”. Remove the line, or leave out "
                "the column.",
                column=RESERVATIONS.header("status"),
                text=status_label(code) if code else text[:40],
            )
        )


def _header_of_filled(text: str, column: str) -> str:
    """Return the header of a column. Raises CellError if the cell is empty."""
    header = RESERVATIONS.header(column)
    if not text:
        raise CellError(_("%(column)s: this must be filled in.", column=header))
    return header


def _filled(text: str, column: str) -> str:
    """Return the text of a cell. Raises CellError if it is empty."""
    _header_of_filled(text, column)
    return text
