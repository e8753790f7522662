"""View models of the costs pages: names with amounts, each with the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from app.wording.billing import key_label
from app.wording.keys import part_sentences
from billing import queries as billing_queries
from billing.allocations.preview_models import CostGroup, CountedSlip, Preview, Working
from billing.pools.shares import Holding
from billing.queries import AllocationView, ShareView
from billing.queries.counted import counted_cents
from booking import queries
from booking.errors.schedule_errors import MemberNotFound
from booking.queries import MachineCard

SLIPS_SHOWN = 12
ROWS_OF_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class GroupHead:
    """The header of a cost group's column."""

    number: int
    key: str
    key_label: str
    kinds: str
    shares_on: date | None
    charge_unit: str
    cents: int
    weight_sum: int
    working: Working | None = None


@dataclass(frozen=True, slots=True)
class MemberPart:
    """A member's part of one cost group, with the numbers behind it."""

    head: GroupHead
    weight: int
    cents: int
    got_rounding_cent: bool
    amounts: tuple[int, ...] = ()

    @property
    def details(self) -> list[str]:
        """What each part of an own key measured of the member; nothing for the other keys."""
        return part_sentences(self.head.working, self.amounts) if self.head.working else []


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member's row: one cell per cost group (None: no part in it), the sum, and the counted slips.

    counted_cents: what counts against the sum; the rest is due.
    """

    member_id: int
    number: str
    name: str
    cells: tuple[MemberPart | None, ...]
    cents: int
    slips: tuple[CountedSlip, ...]
    more_slips: int
    counted_cents: int = 0

    @property
    def due_cents(self) -> int:
        """Return what is due: the sum less what counts against it."""
        return self.cents - self.counted_cents

    @property
    def parts(self) -> tuple[MemberPart, ...]:
        """Return the cells that are not empty."""
        return tuple(cell for cell in self.cells if cell is not None)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The table of an allocation: a column per cost group, a row per member of a page, sums of all below."""

    heads: tuple[GroupHead, ...]
    rows: tuple[MemberRow, ...]
    total_cents: int
    has_next: bool = False
    counted_cents: int | None = None  # of all members; None: nothing is counted


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A member's shares of a pool: what was entered, newest first, and how many count today.

    ended_on: the last day of the membership, if the shares ended with it.
    """

    number: str
    name: str
    history: tuple[ShareView, ...]
    present: int
    ended_on: date | None


def preview_breakdown(session: Session, preview: Preview, page: int) -> Breakdown:
    """Return a page of the table of a preview."""
    bearer_ids = sorted({line.member_id for group in preview.groups for line in group.lines})
    first = (page - 1) * ROWS_OF_A_PAGE
    shown = frozenset(bearer_ids[first : first + ROWS_OF_A_PAGE])
    groups = [
        replace(group, lines=tuple(one for one in group.lines if one.member_id in shown)) for group in preview.groups
    ]
    table = breakdown(session, groups, [slip for slip in preview.slips if slip.member_id in shown])
    table = replace(table, total_cents=preview.total_cents, has_next=len(bearer_ids) > first + ROWS_OF_A_PAGE)
    return with_counted(table, preview.counted_cents, sum(preview.counted_cents.values()))


def posted_breakdown(session: Session, allocation_id: int, page: int) -> tuple[AllocationView, Breakdown]:
    """Return a posted allocation and a page of its table. Raises AllocationNotFound."""
    first = (page - 1) * ROWS_OF_A_PAGE
    bearer_ids, has_next = billing_queries.bearers_of(session, allocation_id, limit=ROWS_OF_A_PAGE, offset=first)
    view, groups = billing_queries.allocation_of_members(session, allocation_id, bearer_ids)
    slips, counts = billing_queries.slips_of_bearers(session, allocation_id, bearer_ids, limit=SLIPS_SHOWN)
    table = breakdown(session, groups, slips, counts)
    table = replace(table, total_cents=view.total_cents, has_next=has_next)
    counted = counted_cents(session, allocation_id)
    return view, with_counted(table, counted, sum(counted.values()))


def with_counted(table: Breakdown, counted: Mapping[int, int], total_cents: int) -> Breakdown:
    """Return a table with what counts against the sums; counted: member id -> cents."""
    if not counted:
        return table
    rows = tuple(replace(row, counted_cents=counted.get(row.member_id, 0)) for row in table.rows)
    return replace(table, rows=rows, counted_cents=total_cents)


def known_member(session: Session, member_id: int) -> queries.MemberName:
    """Return a member. Raises MemberNotFound."""
    for name in queries.member_names(session, [member_id]):
        return name
    raise MemberNotFound(id=member_id)


def breakdown(
    session: Session,
    groups: Sequence[CostGroup],
    slips: Iterable[CountedSlip],
    counts: Mapping[int, int] | None = None,
) -> Breakdown:
    """Return the table of some cost groups. counts: how many slips each member has, where not all are given."""
    heads = tuple(_head(group) for group in groups)
    parts: dict[int, dict[int, MemberPart]] = {}
    for group, head in zip(groups, heads, strict=True):
        for line in group.lines:
            part = MemberPart(head, line.weight, line.cents, line.got_rounding_cent, line.amounts)
            parts.setdefault(line.member_id, {})[group.number] = part
    by_member: dict[int, list[CountedSlip]] = {}
    for slip in slips:
        by_member.setdefault(slip.member_id, []).append(slip)
    rows = tuple(
        _row(name, [parts[name.id].get(head.number) for head in heads], by_member.get(name.id, []), counts)
        for name in queries.member_names(session, parts)
    )
    return Breakdown(heads, rows, sum(row.cents for row in rows))


def share_rows(session: Session, held: Iterable[ShareView], today: date) -> tuple[ShareRow, ...]:
    """Return the dated shares per member, by member number."""
    history: dict[int, list[ShareView]] = {}
    for row in sorted(held, key=lambda row: row.valid_from, reverse=True):
        history.setdefault(row.member_id, []).append(row)
    return tuple(_share_row(name, tuple(history[name.id]), today) for name in queries.member_names(session, history))


def _share_row(name: queries.MemberName, history: tuple[ShareView, ...], today: date) -> ShareRow:
    valid = next((row for row in history if row.valid_from <= today), None)
    if valid is None or not valid.shares:
        return ShareRow(name.number, name.name, history, 0, None)
    holding = Holding(name.id, valid.shares, name.left_on, valid.outlasts_membership)
    has_ended = not holding.counts_on(today)
    return ShareRow(
        name.number, name.name, history, 0 if has_ended else valid.shares, name.left_on if has_ended else None
    )


def machine_names(session: Session) -> Mapping[int, str]:
    """Return machine id -> name, retired machines included."""
    return queries.machine_names(session)


def machine_cards(session: Session) -> tuple[MachineCard, ...]:
    """Return all machines, retired ones included."""
    return queries.machine_cards(session, include_retired=True, limit=None).items


def _head(group: CostGroup) -> GroupHead:
    return GroupHead(
        number=group.number,
        key=group.key,
        key_label=key_label(group.key) if group.working is None else group.working.name,
        kinds=", ".join(group.kinds),
        shares_on=group.shares_on,
        charge_unit=group.charge_unit,
        cents=group.cents,
        weight_sum=group.weight_sum,
        working=group.working,
    )


def _row(
    name: queries.MemberName,
    cells: list[MemberPart | None],
    slips: list[CountedSlip],
    counts: Mapping[int, int] | None,
) -> MemberRow:
    count = len(slips) if counts is None else counts.get(name.id, 0)
    return MemberRow(
        member_id=name.id,
        number=name.number,
        name=name.name,
        cells=tuple(cells),
        cents=sum(cell.cents for cell in cells if cell is not None),
        slips=tuple(slips[:SLIPS_SHOWN]),
        more_slips=max(count - SLIPS_SHOWN, 0),
    )
