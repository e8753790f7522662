"""What the pages about costs show, as frozen values: names beside figures, each amount with its working."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from app.wording.billing import key_words
from booking import queries
from booking.queries import MachineCard

SLIPS_SHOWN = 12


class LineFigures(Protocol):
    """A line of a preview or of a posted allocation."""

    @property
    def member_id(self) -> int: ...
    @property
    def weight(self) -> int: ...
    @property
    def cents(self) -> int: ...
    @property
    def got_rounding_cent(self) -> bool: ...


class PotFigures(Protocol):
    """A pot of a preview or of a posted allocation."""

    @property
    def pot(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def shares_on(self) -> date | None: ...
    @property
    def charge_unit(self) -> str: ...
    @property
    def cents(self) -> int: ...
    @property
    def weight_sum(self) -> int: ...
    @property
    def lines(self) -> Sequence[LineFigures]: ...


class SlipFigures(Protocol):
    """A slip as it is counted."""

    @property
    def usage_id(self) -> int: ...
    @property
    def member_id(self) -> int: ...
    @property
    def service_date(self) -> date: ...
    @property
    def amount(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PotHead:
    """A pot over its column."""

    pot: int
    key: str
    key_words: str
    kinds: str
    shares_on: date | None
    charge_unit: str
    cents: int
    weight_sum: int


@dataclass(frozen=True, slots=True)
class Portion:
    """What a member bears of one pot, with the figures it came from."""

    head: PotHead
    weight: int
    cents: int
    got_rounding_cent: bool


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member's row: one cell a pot (None: no part in it), the sum, and the slips behind it."""

    member_id: int
    number: str
    name: str
    cells: tuple[Portion | None, ...]
    cents: int
    slips: tuple[SlipFigures, ...]
    more_slips: int

    @property
    def portions(self) -> tuple[Portion, ...]:
        """The cells that are filled."""
        return tuple(cell for cell in self.cells if cell is not None)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The table of an allocation: a column a pot, a row a member, sums below."""

    heads: tuple[PotHead, ...]
    rows: tuple[MemberRow, ...]
    total_cents: int


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A member's holdings of a pool: (from, shares), the newest first."""

    number: str
    name: str
    history: tuple[tuple[date, int], ...]

    @property
    def present(self) -> int:
        """What was entered last."""
        return self.history[0][1]


def breakdown(session: Session, pots: Sequence[PotFigures], slips: Iterable[SlipFigures]) -> Breakdown:
    """The table of a preview or of a posted allocation."""
    heads = tuple(_head(pot) for pot in pots)
    portions: dict[int, dict[int, Portion]] = {}
    for pot, head in zip(pots, heads, strict=True):
        for line in pot.lines:
            portion = Portion(head, line.weight, line.cents, line.got_rounding_cent)
            portions.setdefault(line.member_id, {})[pot.pot] = portion
    by_member: dict[int, list[SlipFigures]] = {}
    for slip in slips:
        by_member.setdefault(slip.member_id, []).append(slip)
    rows = tuple(
        _row(name, [portions[name.id].get(head.pot) for head in heads], by_member.get(name.id, []))
        for name in queries.member_names(session, portions)
    )
    return Breakdown(heads, rows, sum(row.cents for row in rows))


def share_rows(session: Session, held: Iterable[tuple[int, date, int]]) -> tuple[ShareRow, ...]:
    """Members with their dated holdings (member id, from, shares), by number."""
    history: dict[int, list[tuple[date, int]]] = {}
    for member_id, valid_from, shares in held:
        history.setdefault(member_id, []).append((valid_from, shares))
    return tuple(
        ShareRow(name.number, name.name, tuple(sorted(history[name.id], reverse=True)))
        for name in queries.member_names(session, history)
    )


def machine_names(session: Session) -> Mapping[int, str]:
    """Machine id -> name, retired ones included."""
    return {card.id: card.name for card in machine_cards(session)}


def machine_cards(session: Session) -> tuple[MachineCard, ...]:
    """All machines, retired ones included."""
    return queries.machine_cards(session, include_retired=True, limit=None).items


def _head(pot: PotFigures) -> PotHead:
    return PotHead(
        pot=pot.pot,
        key=pot.key,
        key_words=key_words(pot.key),
        kinds=", ".join(pot.kinds),
        shares_on=pot.shares_on,
        charge_unit=pot.charge_unit,
        cents=pot.cents,
        weight_sum=pot.weight_sum,
    )


def _row(name: queries.MemberName, cells: list[Portion | None], slips: list[SlipFigures]) -> MemberRow:
    return MemberRow(
        member_id=name.id,
        number=name.number,
        name=name.name,
        cells=tuple(cells),
        cents=sum(cell.cents for cell in cells if cell is not None),
        slips=tuple(slips[:SLIPS_SHOWN]),
        more_slips=max(len(slips) - SLIPS_SHOWN, 0),
    )
