"""Groups of machines: make, change, retire; which machines a group has.

Verbs get the session, the actor and the time, flush and never commit: call them inside write_transaction(). They lock
the group before the machines that come to it (docs/locking.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import GroupNotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.models import GroupMachine, Machine, MachineGroup
from booking.models.group import NAME_LENGTH_MAX, RANK_MAX
from booking.places import machine_places, occupancies
from booking.records import records

_group_machine = table_of(GroupMachine)


@dataclass(frozen=True, slots=True)
class RankedMachine:
    """A machine of a group. rank: 1 is taken first; equal ranks are twins."""

    machine_id: int
    rank: int = 1


@dataclass(frozen=True, slots=True)
class GroupInput:
    """What a manager enters of a group: its name, and its machines with their ranks."""

    name: str
    machines: tuple[RankedMachine, ...] = ()


def make(session: Session, workshop_id: int, data: GroupInput, *, by: Actor, now: datetime) -> int:
    """Make a group of machines of a workshop and return its id. Raises RecordRefused."""
    occupancies.lock_machines(session, (one.machine_id for one in data.machines))
    records.refuse(_check(session, workshop_id, data, None))
    group = MachineGroup(workshop_id=workshop_id, name=data.name.strip(), revision=0)
    session.add(group)
    session.flush()
    _write_machines(session, group.id, data.machines)
    records.note(session, "group", group.id, "entered", by, now)
    return group.id


def change(
    session: Session,
    group_id: int,
    *,
    name: str | None = None,
    machines: tuple[RankedMachine, ...] | None = None,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Rename a group, or replace its machines and their ranks; None keeps what is stored.

    What was reserved stays. A request for the group that runs meanwhile is decided by the machines before or after.
    Who waits for the group is offered the time of machines that come to it.
    Raises GroupNotFound (also when it was retired), StaleRevision, RecordRefused.
    """
    group = _locked(session, group_id, revision)
    before = tuple(RankedMachine(*one) for one in ranks_of(session, group_id).items())
    data = GroupInput(group.name if name is None else name, before if machines is None else machines)
    added = {one.machine_id for one in data.machines} - {one.machine_id for one in before}
    occupancies.lock_machines(session, added)
    records.refuse(_check(session, group.workshop_id, data, group_id))
    changed = records.write(group, {"name": data.name.strip()})
    if set(data.machines) != set(before):
        _write_machines(session, group_id, data.machines)
        machine_places.note_free(session, added, now)
        changed.append("machines")
    if changed:
        _changed(session, group, ",".join(changed), by, now)


def retire(session: Session, group_id: int, *, by: Actor, now: datetime, revision: int | None = None) -> None:
    """Retire a group: its machines are in no group any more, and nobody can reserve it. What was reserved stays.

    Raises GroupNotFound, StaleRevision.
    """
    group = _locked(session, group_id, revision)
    _delete_machines(session, group_id)
    group.retired_at = now
    _changed(session, group, "retired_at", by, now)


def lock_for_request(session: Session, group_id: int) -> None:
    """Keep a group as it is until the commit; requests do not wait for each other. Raises GroupNotFound.

    Lock it before its machines.
    """
    if not lock_if_there(session, group_id):
        raise GroupNotFound(id=group_id)


def lock_if_there(session: Session, group_id: int) -> bool:
    """Do the same for a group that may be retired; return whether it is there."""
    wanted = select(MachineGroup.id).where(MachineGroup.id == group_id, MachineGroup.retired_at.is_(None))
    return session.scalar(wanted.with_for_update(read=True)) is not None


def ranks_of(session: Session, group_id: int) -> dict[int, int]:
    """Return the machines of a group, retired ones included: id -> rank, in the order of ranks and ids."""
    rows = session.execute(
        select(GroupMachine.machine_id, GroupMachine.rank)
        .where(GroupMachine.group_id == group_id)
        .order_by(GroupMachine.rank, GroupMachine.machine_id)
    )
    return {row.machine_id: row.rank for row in rows}


def group_of(session: Session, machine_id: int) -> int | None:
    """Return the group that a machine is in."""
    return session.scalar(select(GroupMachine.group_id).where(GroupMachine.machine_id == machine_id))


def check_ranks(machines: Sequence[RankedMachine]) -> list[Violation]:
    """Return what is wrong with ranks: machine_twice (actual: its id), at_least, at_most (rank)."""
    ids = [one.machine_id for one in machines]
    violations = [
        Violation("machine_twice", "machines", actual=machine_id)
        for machine_id in dict.fromkeys(ids)
        if ids.count(machine_id) > 1
    ]
    for one in machines:
        if one.rank < 1:
            violations.append(Violation("at_least", "rank", limit=1, actual=one.rank))
        elif one.rank > RANK_MAX:
            violations.append(Violation("at_most", "rank", limit=RANK_MAX, actual=one.rank))
    return violations


def _check(session: Session, workshop_id: int, data: GroupInput, group_id: int | None) -> list[Violation]:
    """Return what is wrong with the input; group_id: of the group that it changes.

    missing, at_most (characters), already_used (name), machine_twice, other_workshop and other_group (limit: the name
    of the group; actual: that of the machine).
    """
    violations = records.check_filled(data, ("name",)) + records.check_lengths(data, {"name": NAME_LENGTH_MAX})
    violations += check_ranks(data.machines)
    same_name = select(MachineGroup.id).where(
        MachineGroup.workshop_id == workshop_id,
        MachineGroup.name == data.name.strip(),
        MachineGroup.retired_at.is_(None),
        MachineGroup.id != (group_id or 0),
    )
    if session.scalar(same_name.limit(1)) is not None:
        violations.append(Violation("already_used", "name", actual=data.name.strip()))
    return violations + _check_machines(session, workshop_id, [one.machine_id for one in data.machines], group_id)


def _check_machines(
    session: Session, workshop_id: int, machine_ids: Sequence[int], group_id: int | None
) -> list[Violation]:
    rows = session.execute(
        select(Machine.id, Machine.name, Machine.workshop_id, MachineGroup.id, MachineGroup.name)
        .outerjoin(GroupMachine, GroupMachine.machine_id == Machine.id)
        .outerjoin(MachineGroup, MachineGroup.id == GroupMachine.group_id)
        .where(Machine.id.in_(machine_ids))
    )
    found = {row[0]: row for row in rows}
    violations = []
    for machine_id in dict.fromkeys(machine_ids):
        _id, name, stands_in, other_id, other_name = found.get(machine_id, (machine_id, str(machine_id), 0, None, ""))
        if stands_in != workshop_id:
            violations.append(Violation("other_workshop", "machines", actual=name))
        elif other_id not in (None, group_id):
            violations.append(Violation("other_group", "machines", limit=other_name, actual=name))
    return violations


def _locked(session: Session, group_id: int, revision: int | None) -> MachineGroup:
    group = revisions.locked(session, MachineGroup, group_id, missing=GroupNotFound, revision=revision)
    if group.retired_at is not None:
        raise GroupNotFound(id=group_id)
    return group


def _write_machines(session: Session, group_id: int, machines: Sequence[RankedMachine]) -> None:
    """Store the difference only: guards look at the machines that a group gets, not at those that stay."""
    stored, ranks = ranks_of(session, group_id), {one.machine_id: one.rank for one in machines}
    machine, group = _group_machine.c.machine_id, _group_machine.c.group_id
    session.execute(delete(_group_machine).where(group == group_id, machine.not_in(ranks)))
    if added := [{"machine_id": one, "group_id": group_id, "rank": ranks[one]} for one in ranks if one not in stored]:
        session.execute(insert(_group_machine), added)
    moved = [{"moved_id": one, "new_rank": ranks[one]} for one in ranks if stored.get(one, ranks[one]) != ranks[one]]
    if moved:
        ranking = update(_group_machine).where(machine == bindparam("moved_id")).values(rank=bindparam("new_rank"))
        session.connection().execute(ranking, moved)


def _delete_machines(session: Session, group_id: int) -> None:
    session.execute(delete(_group_machine).where(_group_machine.c.group_id == group_id))


def _changed(session: Session, group: MachineGroup, what: str, by: Actor, now: datetime) -> None:
    group.revision += 1
    session.flush()
    records.note(session, "group", group.id, what, by, now)
