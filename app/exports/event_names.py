"""The names of the objects in the event log: one statement per kind of object, whatever the number of events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.auth.models import User, WallScreen
from app.exports.event_log import EventRow
from app.wording import events
from billing.models import Cost, Material, Meter, Pool, PoolKey, RecurringCost, Share, Tariff
from booking.events.reservation_events import RecordChanged
from booking.models import Announcement, Induction, InductionKind, Machine, MachineGroup, Member, Quota, Workshop
from calendars.models import Feed

# The facts that refer to an object, in the order in which they are shown -> the kind of object.
NAMING_FACTS = {
    "machine_id": "machine",
    "old_machine_id": "machine",
    "member_id": "member",
    "workshop_id": "workshop",
    "user_id": "login",
    "pool_id": "pool",
}


@dataclass(frozen=True, slots=True)
class Named:
    """An object of an event. key: of its page, when it has one."""

    kind: str
    id: int
    name: str = ""
    key: str | int | None = None


# kind -> statement of id, key of its page, and the parts of its name.
SOURCES: Mapping[str, Callable[[], Select[*tuple[Any, ...]]]] = {
    "machine": lambda: select(Machine.id, Machine.slug, Machine.name),
    "member": lambda: select(Member.id, Member.id, Member.name),
    "workshop": lambda: select(Workshop.id, Workshop.slug, Workshop.name),
    "login": lambda: select(User.id, User.id, User.name),
    "pool": lambda: select(Pool.id, Pool.id, Pool.name),
    "induction_kind": lambda: select(InductionKind.id, InductionKind.id, InductionKind.name),
    "induction": lambda: (
        select(Induction.id, Induction.id, Member.name, InductionKind.name)
        .join(Member, Member.id == Induction.member_id)
        .join(InductionKind, InductionKind.id == Induction.kind_id)
    ),
    "tariff": lambda: select(Tariff.id, Tariff.machine_id, Machine.name).join(Machine, Machine.id == Tariff.machine_id),
    "cost": lambda: select(Cost.id, Cost.pool_id, Pool.name, Cost.supplier).join(Pool, Pool.id == Cost.pool_id),
    "recurring_cost": lambda: select(RecurringCost.id, RecurringCost.pool_id, Pool.name, RecurringCost.name).join(
        Pool, Pool.id == RecurringCost.pool_id
    ),
    "share": lambda: (
        select(Share.id, Share.pool_id, Pool.name, Member.name)
        .join(Pool, Pool.id == Share.pool_id)
        .join(Member, Member.id == Share.member_id)
    ),
    "pool_key": lambda: select(PoolKey.id, PoolKey.pool_id, Pool.name, PoolKey.name).join(
        Pool, Pool.id == PoolKey.pool_id
    ),
    "meter": lambda: (
        select(Meter.id, Meter.pool_id, Pool.name, Meter.name, Member.name)
        .join(Pool, Pool.id == Meter.pool_id)
        .join(Member, Member.id == Meter.member_id)
    ),
    "material": lambda: select(Material.id, Material.id, Material.name),
    "announcement": lambda: select(Announcement.id, Announcement.id, func.substr(Announcement.text, 1, 80)),
    "group": lambda: select(MachineGroup.id, MachineGroup.id, MachineGroup.name),
    "quota": lambda: (
        select(Quota.id, Quota.id, func.coalesce(Machine.name, Workshop.name, ""))
        .outerjoin(Machine, Machine.id == Quota.machine_id)
        .outerjoin(Workshop, Workshop.id == Quota.workshop_id)
    ),
    "feed": lambda: select(Feed.id, Feed.id, User.name).join(User, User.id == Feed.user_id),
    "wall_screen": lambda: select(WallScreen.id, WallScreen.id, WallScreen.label),
}


def named_in(facts: Mapping[str, Any]) -> list[Named]:
    """Return the objects in the facts of an event, without their names."""
    found = [Named(kind, facts[fact]) for fact, kind in NAMING_FACTS.items() if isinstance(facts.get(fact), int)]
    table, record_id = facts.get("table"), facts.get("record_id")
    if isinstance(table, str) and table in SOURCES and isinstance(record_id, int):
        found.insert(0, Named(table, record_id))
    return found


def with_names(session: Session, wanted: Iterable[Named]) -> dict[tuple[str, int], Named]:
    """Return (kind, id) -> the object with its name. What was deleted since is left out."""
    ids: dict[str, set[int]] = defaultdict(set)
    for one in wanted:
        ids[one.kind].add(one.id)
    return {(one.kind, one.id): one for kind in sorted(ids) for one in _look_up(session, kind, ids[kind])}


def _look_up(session: Session, kind: str, ids: Collection[int]) -> Iterable[Named]:
    statement = SOURCES[kind]()
    for record_id, key, *parts in session.execute(statement.where(statement.selected_columns[0].in_(ids))):
        yield Named(kind, record_id, ", ".join(parts), key)


def concerned(session: Session, rows: Sequence[EventRow]) -> list[list[Named]]:
    """Return the objects of each row with their names, in one statement per kind of object."""
    mentioned = [named_in(row.facts) for row in rows]
    names = with_names(session, (one for named in mentioned for one in named))
    return [[names.get((one.kind, one.id), one) for one in named] for named in mentioned]


def title_of(row: EventRow) -> str:
    """Return what happened, as the title of a line."""
    is_record = row.type == RecordChanged.type
    return events.record_title(row.facts) if is_record else events.event_label(row.type)


def name_of(one: Named) -> str:
    """Return the name of an object; its number if it was deleted since."""
    return one.name or _("%(record)s no. %(number)s", record=events.record_label(one.kind), number=one.id)
