"""Import of members: a row of a stored member changes that member, other rows enter new ones.

A member is found by number; a row without one by the e-mail address or the name, where that is unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.auth import accounts, contact_mails
from app.auth.models import User
from app.imports.cells import CellError
from app.imports.columns import MEMBERS
from app.imports.contact_cells import require_no_day
from app.imports.history import StoredRecord, keep, member_values
from app.imports.leavers import leavers
from app.imports.lost_zeros import ZeroRestorer
from app.imports.member_index import MemberIndex, following_number, name_key
from app.imports.member_rows import EMPTY, composed, member_input, number_of, without_kept
from app.imports.messages import fault_sentences, sentences
from app.imports.report import CHANGED, ENTERED, REFUSED, SAME, Report, RowOutcome
from app.imports.tables import Row, Table
from app.imports.values import CellChange, cell_changes, member_texts
from app.imports.words import PriceClassWords
from booking import queries
from booking.errors.schedule_errors import Violation
from booking.kernel.events import Actor
from booking.kernel.progress import tracked
from booking.kernel.transaction import in_write_transaction
from booking.members.member_import import KnownMember, known_members
from booking.members.members import MemberInput, check_member
from booking.rule_changes import condition_changes

Known = Mapping[str, KnownMember]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row of the file: the member in it, and its outcome."""

    member: MemberInput
    outcome: RowOutcome


def run_members(session: Session, table: Table, *, by: Actor, now: datetime, dry_run: bool) -> Report:
    """Validate a table of members. Store it unless dry_run is set or a row is refused.

    Only storing holds the write lock, once for all rows; a dry run does not.
    """
    if dry_run:
        rows = _MemberRows.of(session, table, known_members(session))
        return replace(rows.report, leavers=leavers(session, rows.last_days(), now=now))
    return in_write_transaction(session, partial(_store, session, table, by=by, now=now))


def _store(session: Session, table: Table, *, by: Actor, now: datetime) -> Report:
    known = known_members(session, for_change=True)
    rows = _MemberRows.of(session, table, known)
    if rows.report.is_clean():
        new = [row.member for row in rows.parsed if row.outcome.outcome == ENTERED]
        pairs = [(known[row.member.number], row.member) for row in rows.parsed if row.outcome.outcome == CHANGED]
        changed = {old.id: (old.stored, member) for old, member in pairs}
        condition_changes.store_members(session, new, changed, by=by, now=now)
        accounts.require_lasting_administrator(session, list(changed))
        addresses = {member_id: (old.email, member.email) for member_id, (old, member) in changed.items()}
        contact_mails.queue_changed(session, addresses, now=now)
        keep(session, "members", _stored(session, new, changed), by=by, now=now)
    return rows.report


def _stored(
    session: Session, new: Sequence[MemberInput], changed: Mapping[int, tuple[MemberInput, MemberInput]]
) -> list[StoredRecord]:
    ids = {number: known.id for number, known in known_members(session).items()} if new else {}
    entered = [StoredRecord(ids[member.number], None, member_values(member)) for member in new]
    pairs = sorted(changed.items())
    return entered + [
        StoredRecord(member_id, member_values(old), member_values(member)) for member_id, (old, member) in pairs
    ]


@dataclass(slots=True)
class _MemberRows:
    """Parses the rows of a table one after the other; later rows depend on the numbers of earlier ones."""

    index: MemberIndex
    price_classes: PriceClassWords
    zeros: ZeroRestorer
    generates_numbers: bool
    clears_empty: bool
    taken: set[str]
    parsed: list[ParsedRow] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    entered: dict[str, int] = field(default_factory=dict)  # e-mail address or name of new members -> line
    administrators: set[int | None] = field(default_factory=set)  # member ids of those whose membership does not end

    @classmethod
    def of(cls, session: Session, table: Table, known: Known) -> _MemberRows:
        """Return all rows of a table, parsed and validated."""
        words = PriceClassWords(queries.price_classes(session))
        taken = set(known) | {row.texts.get("number", "") for row in table.rows} - {""}
        zeros, generates = ZeroRestorer(MEMBERS, table.lost_zeros), "number" in table.generates
        rows = cls(MemberIndex.of(known), words, zeros, generates, table.clears_empty, taken)
        rows.administrators = set(session.scalars(accounts.lasting_administrators(User.member_id)))
        for row in tracked(table.rows, len(table.rows)):
            rows.parsed.append(rows._parse(row))
        return rows

    @property
    def report(self) -> Report:
        """The outcomes of all rows."""
        return Report(tuple(row.outcome for row in self.parsed), tuple(self.zeros.undecided))

    def last_days(self) -> dict[int, tuple[int, str, date]]:
        """Return the line, key and last day of the stored members who get another last day, by their ids."""
        found: dict[int, tuple[int, str, date]] = {}
        for row in self.parsed:
            known, last_day = self.index.members.get(row.member.number), row.member.left_on
            if known and last_day and row.outcome.outcome == CHANGED and last_day != known.stored.left_on:
                found[known.id] = (row.outcome.line, row.outcome.key, last_day)
        return found

    def _parse(self, row: Row) -> ParsedRow:
        texts = composed(row.texts)
        key = _key(texts.get("number") or texts.get("email", ""), texts.get("name", ""))
        if row.faults:
            return ParsedRow(EMPTY, RowOutcome(row.line, key, REFUSED, fault_sentences(row, MEMBERS)))
        try:
            require_no_day(row.texts.get("house_number", ""), MEMBERS.header("house_number"))
            number, remark = self._number(row.line, texts)
            known = self.index.members.get(number)
            stored = known.stored if known else None
            kept: tuple[str, ...] = ()
            if stored and not self.clears_empty:
                texts, kept = without_kept(texts, stored, self.price_classes)
            parsed = member_input(row.line, texts | {"number": number}, stored or EMPTY, self.price_classes, self.zeros)
        except CellError as error:
            return ParsedRow(EMPTY, RowOutcome(row.line, key, REFUSED, (str(error),)))
        checked = self._validated(row.line, parsed, stored, remark)
        headers = tuple(map(MEMBERS.header, kept))
        return replace(checked, outcome=replace(checked.outcome, kept=headers)) if kept else checked

    def _check_administrators(self, parsed: MemberInput) -> list[Violation]:
        """Return last_administrator where the last day of a member leaves the ring without one; rows count together."""
        known = self.index.members.get(parsed.number)
        if known is None or parsed.left_on is None or known.id not in self.administrators:
            return []
        if self.administrators == {known.id}:
            return [Violation("last_administrator", "left_on")]
        self.administrators.remove(known.id)
        return []

    def _validated(self, line: int, parsed: MemberInput, stored: MemberInput | None, remark: str) -> ParsedRow:
        violations = [Violation("twice_in_file", "", actual=parsed.number)] if parsed.number in self.seen else []
        self.seen.add(parsed.number)
        if parsed != stored:
            email = stored.email if stored else ""
            violations += check_member(parsed, self.price_classes.codes, email) + self._check_administrators(parsed)
        if violations:
            return ParsedRow(
                parsed, RowOutcome(line, _key(parsed.number, parsed.name), REFUSED, sentences(violations, MEMBERS))
            )
        outcome = ENTERED if stored is None else SAME if parsed == stored else CHANGED
        remarks = (remark,) if remark else ()
        return ParsedRow(
            parsed,
            RowOutcome(line, _key(parsed.number, parsed.name), outcome, remarks, self._changes(stored, parsed)),
        )

    def _changes(self, stored: MemberInput | None, parsed: MemberInput) -> tuple[CellChange, ...]:
        if parsed == stored:
            return ()
        old = member_texts(stored, self.price_classes) if stored else {}
        return cell_changes(MEMBERS, old, member_texts(parsed, self.price_classes))

    def _restored(self, line: int, number: str) -> str:
        return self.zeros.restored(line, "number", number, self.index.similar_number(number))

    def _number(self, line: int, texts: Mapping[str, str]) -> tuple[str, str]:
        """Return the number of the member in a row, and how it was found. Raises CellError."""
        if texts.get("number") in self.index.members:
            return texts["number"], ""
        if number := number_of(texts):
            return self._restored(line, number), ""
        found = self.index.numbers_of(texts.get("email", ""), texts.get("name", ""))
        if len(found) == 1:
            name = self.index.members[found[0]].stored.name
            return found[0], _("found: %(name)s (%(number)s)", name=name, number=found[0])
        if found:
            raise CellError(
                _(
                    "%(column)s: several members have this e-mail address or name: %(numbers)s. Write the number.",
                    column=MEMBERS.header("number"),
                    numbers=", ".join(found),
                )
            )
        if not self.generates_numbers:
            raise CellError(
                _(
                    "%(column)s: this must be filled in, because no member has this e-mail address or name. "
                    "Or choose that new members get the next free number.",
                    column=MEMBERS.header("number"),
                )
            )
        self._require_first(line, texts)
        number = following_number(self.taken)
        self.taken.add(number)
        return number, _("new number: %(number)s", number=number)

    def _require_first(self, line: int, texts: Mapping[str, str]) -> None:
        """Refuse a new member without number that is in the file already, such as a form that was sent twice."""
        key = texts.get("email", "").casefold() or name_key(texts.get("name", ""))
        if self.entered.setdefault(key, line) != line:
            raise CellError(
                _(
                    "%(column)s: line %(line)s has the same e-mail address or name. Remove one of them, or "
                    "write numbers.",
                    column=MEMBERS.header("number"),
                    line=self.entered[key],
                )
            )


def _key(number: str, name: str) -> str:
    """Return how a row is called in the report."""
    return ", ".join(filter(None, (number, name)))
