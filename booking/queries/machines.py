"""The catalogue as members read it: machine cards and kinds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypedDict, TypeVar, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import MachineNotFound
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.search_patterns import is_text_in
from booking.kernel.views import columns_of, converted, fields_of
from booking.models import Induction, InductionKind, Machine, Prerequisite, Unit, Workshop
from booking.queries.addresses import address_line
from booking.records.lent_machines import LentMachinesReader
from booking.rules.lending_rules import MachineRules

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list, and how many there are on all pages."""

    items: tuple[T, ...]
    total: int


@dataclass(frozen=True, slots=True)
class MachineCard:
    """A machine as the catalogue and its own page show it."""

    id: int
    slug: str
    name: str
    sort: str
    kind: str
    description: str
    location: str
    charge_unit: str
    places: int
    photo_id: int | None
    induction_kind_id: int | None
    induction_kind: str | None
    is_retired: bool
    revision: int
    schedule_version: int
    workshop_id: int
    workshop_slug: str
    workshop_name: str
    workshop_address: str
    workshop_phone: str
    zone: ZoneInfo
    rules: MachineRules


@dataclass(frozen=True, slots=True)
class KindCount:
    """A kind of machine, in the ring's own word, and how many are lent."""

    kind: str
    machines: int


# How many places of a machine are lent, as a column of a statement on machines.
PLACES = (
    select(func.count())
    .where(Unit.machine_id == Machine.id, Unit.retired_at.is_(None))
    .correlate(Machine)
    .scalar_subquery()
)
_CARD = columns_of(
    MachineCard,
    Machine,
    places=PLACES,
    induction_kind=InductionKind.name,
    is_retired=Machine.retired_at.is_not(None),
    workshop_slug=Workshop.slug,
    workshop_name=Workshop.name,
    workshop_address=address_line(table_of(Workshop)),
    workshop_phone=Workshop.phone,
    zone=converted(Workshop.timezone, ZoneInfo),
    rules=None,
)
RULE_COLUMNS = tuple(table_of(Machine).c[name] for name in fields_of(MachineRules))


class MachineFilter(TypedDict, total=False):
    """Which machines the catalogue or the plan board shows; None, or what is left out, filters nothing.

    workshop_ids: of these workshops; an empty collection matches nothing.

    inducted_member_id: only machines that need no induction or one that the member has (on a day: inducted_on).
    """

    workshop_slug: str | None
    workshop_ids: Collection[int] | None
    kind: str | None
    sort: str | None
    inducted_member_id: int | None
    inducted_on: date | None


def machine_cards(
    session: Session,
    *,
    text: str = "",
    include_retired: bool = False,
    limit: int | None = 60,
    offset: int = 0,
    machine_ids: Collection[int] | None = None,
    **wanted_machines: Unpack[MachineFilter],
) -> Listing[MachineCard]:
    """Return the machines of the catalogue, by workshop and name.

    text: every word of it must occur in name, kind, location, description or workshop, however it is spelled
    (search_patterns.py). machine_ids: only these.
    """
    is_some = any(wish is not None for wish in wanted_machines.values())
    if limit is not None and machine_ids is None and not text.split():
        found_ids = machine_ids_in_order(session, include_retired=include_retired, **wanted_machines)
        shown = _cards().where(Machine.id.in_(found_ids[offset : offset + limit]))
        return Listing(tuple(_card(row) for row in session.execute(shown)), len(found_ids))
    versions: Mapping[int, int] = {}
    if include_retired or is_some:
        wanted = conditions(wanted_machines, include_retired=include_retired)
        wanted += [] if machine_ids is None else [Machine.id.in_(machine_ids)]
        cards: Sequence[MachineCard] = [_card(row) for row in session.execute(_cards().where(*wanted))]
    else:
        lent = _LENT_CARDS.of(session)
        cards, versions = lent.rows, lent.versions
        cards = cards if machine_ids is None else [card for card in cards if card.id in machine_ids]
    words = text.split()  # in Python: a ring has some dozens of machines
    found = [card for card in cards if _mentions(card, words)] if words else cards
    end = None if limit is None else offset + limit
    return Listing(tuple(_in_version(card, versions) for card in found[offset:end]), len(found))


def machine_ids_in_order(
    session: Session, *, include_retired: bool = False, **wanted_machines: Unpack[MachineFilter]
) -> tuple[int, ...]:
    """Return the ids of machines by workshop and name: a tenth of the cost of their cards, for lists that page."""
    wanted = conditions(wanted_machines, include_retired=include_retired)
    statement = select(Machine.id).join(Workshop, Workshop.id == Machine.workshop_id).where(*wanted)
    in_order = statement.order_by(Workshop.name, Workshop.id, Machine.name, Machine.id)
    return tuple(session.scalars(in_order))


def machine_card(session: Session, slug_or_id: str | int) -> MachineCard:
    """Return one machine, also a retired one. Raises MachineNotFound."""
    is_wanted = Machine.id == slug_or_id if isinstance(slug_or_id, int) else Machine.slug == slug_or_id
    row = session.execute(_cards().where(is_wanted)).one_or_none()
    if row is None:
        raise MachineNotFound(id=slug_or_id)
    return _card(row)


def kinds(session: Session) -> tuple[KindCount, ...]:
    """Return the kinds of the machines that are lent, in order of their names."""
    return tuple(KindCount(kind, count) for kind, count in _LENT_KINDS.of(session).rows)


def machine_sorts(session: Session) -> tuple[str, ...]:
    """Return the sorts of what is lent, those with most machines first."""
    return tuple(sort for (sort,) in _LENT_SORTS.of(session).rows)


def conditions(wanted_machines: MachineFilter, *, include_retired: bool = False) -> list[ColumnElement[bool]]:
    """Return a filter as conditions on Machine joined with Workshop."""
    wanted: list[ColumnElement[bool]] = []
    if not include_retired:
        wanted.append(Machine.retired_at.is_(None))
    if (workshop_slug := wanted_machines.get("workshop_slug")) is not None:
        wanted.append(Workshop.slug == workshop_slug)
    if (workshop_ids := wanted_machines.get("workshop_ids")) is not None:
        wanted.append(Machine.workshop_id.in_(workshop_ids))
    if (kind := wanted_machines.get("kind")) is not None:
        wanted.append(Machine.kind == kind)
    if (sort := wanted_machines.get("sort")) is not None:
        wanted.append(Machine.sort == sort)
    if (member_id := wanted_machines.get("inducted_member_id")) is not None:
        lacking = _lacking(member_id, wanted_machines.get("inducted_on"))
        wanted.append(or_(Machine.induction_kind_id.is_(None), Machine.induction_kind_id.not_in(lacking)))
    return wanted


def _lacking(member_id: int, day: date | None) -> Select[int]:
    """Return the kinds that a member lacks, or of which it lacks one that they require; on a day, None: ever."""
    has_it = exists().where(
        Induction.member_id == member_id, Induction.kind_id == InductionKind.id, Induction.ended_at.is_(None)
    )
    if day is not None:
        has_it = has_it.where(Induction.given_on <= day, Induction.valid_until >= day)
    lacking = select(InductionKind.id.label("kind_id")).where(~has_it).cte("lacking", recursive=True)
    lacking = lacking.union(
        select(Prerequisite.kind_id).join(lacking, lacking.c.kind_id == Prerequisite.required_kind_id)
    )
    return select(lacking.c.kind_id)


def _cards() -> Select[*tuple[Any, ...]]:
    return (
        select(*_CARD, *RULE_COLUMNS)
        .join(Workshop, Workshop.id == Machine.workshop_id)
        .outerjoin(InductionKind, InductionKind.id == Machine.induction_kind_id)
        .order_by(Workshop.name, Workshop.id, Machine.name, Machine.id)
    )


def _card(row: Row[*tuple[Any, ...]]) -> MachineCard:
    values = (*row[: len(_CARD)], rules_of(*row[len(_CARD) :]))
    return MachineCard(*values)


@lru_cache(maxsize=1_024)
def rules_of(*values: Any) -> MachineRules:
    """Return the rules of the columns RULE_COLUMNS.

    Machines with equal rules share them: the composite of the ORM made a board of 50 machines 0.3 ms slower.
    """
    return MachineRules(*values)


def _in_version(card: MachineCard, versions: Mapping[int, int]) -> MachineCard:
    """Return a remembered card with the present version of its schedule."""
    version = versions.get(card.id, card.schedule_version)
    return card if version == card.schedule_version else replace(card, schedule_version=version)


def _mentions(card: MachineCard, words: list[str]) -> bool:
    texts = (card.name, card.kind, card.location, card.description, card.workshop_name)
    return all(is_text_in(word, *texts) for word in words)


def machine_names(session: Session) -> dict[int, str]:
    """Return machine id -> name, retired machines included."""
    return {row.id: row.name for row in session.execute(select(Machine.id, Machine.name))}


def machine_slugs(session: Session) -> dict[int, str]:
    """Return machine id -> short name for addresses and pictures, retired machines included."""
    return {row.id: row.slug for row in session.execute(select(Machine.id, Machine.slug))}


def last_moved_away(
    reader: Session | Connection, *, machine_id: int | None = None, workshop_id: int | None = None
) -> datetime | None:
    """Return when a reservation last left the schedule of a machine, or of one of a workshop, for another machine.

    None for a member, whose reservations stay in the feed.
    """
    if machine_id is None and workshop_id is None:
        return None
    is_of = Machine.id == machine_id if machine_id is not None else Machine.workshop_id == workshop_id
    return reader.scalar(select(func.max(Machine.moved_away_at)).where(is_of))


# What the catalogue asks for each time.
_LENT = PreparedStatement(_cards().where(Machine.retired_at.is_(None)))
_LENT_CARDS = LentMachinesReader(lambda session: [_card(row) for row in _LENT.of(session)])
_KINDS = PreparedStatement(
    select(Machine.kind, func.count())
    .where(Machine.kind != "", Machine.retired_at.is_(None))
    .group_by(Machine.kind)
    .order_by(Machine.kind)
)
_SORTS = PreparedStatement(
    select(Machine.sort)
    .where(Machine.retired_at.is_(None))
    .group_by(Machine.sort)
    .order_by(func.count().desc(), Machine.sort)
)
_LENT_KINDS, _LENT_SORTS = LentMachinesReader(_KINDS.of), LentMachinesReader(_SORTS.of)
