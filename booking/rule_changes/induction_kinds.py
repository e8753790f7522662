"""Change a kind of induction: its name, how long it is valid, which other kinds it requires.

What a new prerequisite does to reservations is shown before it is stored, as with the rules of a machine
(rule_changes.py). Verbs flush and never commit: call them inside write_transaction().
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from booking.errors.schedule_errors import NotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.members import inductions, prerequisites
from booking.models import Course, InductionKind, Machine
from booking.models.member import SUPERVISED_USES_MAX
from booking.places import occupancies
from booking.records import records, schedule_versions
from booking.rule_changes import outside, rule_changes


@dataclass(frozen=True, slots=True)
class KindInput:
    """What is entered of a kind of induction. requires: the ids of the kinds that have to be valid as well.

    supervised_uses, promotes, renews_by_use: as in models.InductionKind.
    """

    name: str
    valid_months: int = 12
    requires: frozenset[int] = frozenset()
    supervised_uses: int = 0
    promotes: bool = False
    renews_by_use: bool = False


def enter_kind(session: Session, data: KindInput, *, by: Actor, now: datetime) -> int:
    """Add a kind of induction. Raises RecordRefused (missing, already_used, at_least, at_most)."""
    records.refuse(_check_supervised_uses(data.supervised_uses))
    kind_id = inductions.enter_kind(
        session, data.name, valid_months=data.valid_months, requires=sorted(data.requires), by=by, now=now
    )
    kind = session.get_one(InductionKind, kind_id)
    kind.supervised_uses, kind.promotes, kind.renews_by_use = data.supervised_uses, data.promotes, data.renews_by_use
    session.flush()
    return kind_id


def change_kind(
    session: Session,
    kind_id: int,
    data: KindInput,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    confirmed: str = "",
    tells_members: bool = False,
) -> int:
    """Change a kind of induction; inductions given before keep their days, reservations already made stay.

    confirmed, tells_members: as in rule_changes.change_workshop(). All kinds are locked, then the machines that need
    this one, directly or through others, so that no request is judged by what is required no longer.

    Returns how many reservations lie outside the rules now and did not before.

    Raises NotFound, StaleRevision, RecordRefused (missing, already_used, at_least, at_most, prerequisite_circle),
    ReservationsOutside.
    """
    names = prerequisites.lock_kinds(session)
    kind = session.get(InductionKind, kind_id, populate_existing=True)
    if kind is None:
        raise NotFound(id=kind_id)
    revisions.require_revision(revision, kind.revision)
    wrong = inductions.check_kind(session, data.name.strip(), data.valid_months, kind_id)
    wrong += _check_supervised_uses(data.supervised_uses)
    records.refuse(wrong + prerequisites.check(session, kind_id, data.requires, names))
    required_before = prerequisites.renamed(prerequisites.requirements(session), kind_id, data.name.strip())
    changed = _store(session, kind, data)
    if changed:
        records.note(session, "induction_kind", kind_id, ",".join(changed), by, now)
    marked = 0
    if "requires" in changed:
        marked = _mark(session, kind_id, required_before, confirmed, tells_members, by=by, now=now)
    if "name" in changed:
        schedule_versions.bump_for_renamed_courses(session, Course.kind_id == kind_id)
    return marked


def _check_supervised_uses(count: int) -> list[Violation]:
    if count < 0:
        return [Violation("at_least", "supervised_uses", limit=0, actual=count)]
    if count > SUPERVISED_USES_MAX:
        return [Violation("at_most", "supervised_uses", limit=SUPERVISED_USES_MAX, actual=count)]
    return []


def _store(session: Session, kind: InductionKind, data: KindInput) -> list[str]:
    """Store what was entered; return what of it is another than before."""
    entered = {name: getattr(data, name) for name in ("valid_months", "supervised_uses", "promotes", "renews_by_use")}
    changed = records.write(kind, {"name": data.name.strip(), **entered})
    if prerequisites.store(session, kind.id, data.requires):
        changed.append("requires")
    kind.revision += bool(changed)
    session.flush()
    return changed


def _mark(
    session: Session,
    kind_id: int,
    required_before: prerequisites.Requirements,
    confirmed: str,
    tells_members: bool,
    *,
    by: Actor,
    now: datetime,
) -> int:
    needs_it = Machine.induction_kind_id.in_(prerequisites.requiring(required_before, kind_id))
    policies = outside.policies_of(session, needs_it)
    occupancies.lock_machines(session, policies)
    return rule_changes.mark_changed(
        session, policies, policies, confirmed, tells_members, by=by, now=now, required_before=required_before
    )
