"""Members of the ring: enter and change them; what the rules need to know of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from booking.addresses import NO_ADDRESS, Address, check_address
from booking.email_addresses import EMAIL_LENGTH_MAX, check_changed_email
from booking.errors.schedule_errors import MemberNotFound, Violation
from booking.kernel import revisions
from booking.kernel.events import Actor
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.members import prerequisites
from booking.members.prerequisites import Requirements
from booking.models import Induction, Member, PriceClass
from booking.records import price_classes, records
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Inducted, Person, of_person

_member, _induction = table_of(Member), table_of(Induction)
_LEFT_ON = PreparedStatement(select(_member.c.left_on).where(_member.c.id == bindparam("member_id")))
# The columns of an Inducted.
INDUCTED = (
    _induction.c.given_on,
    _induction.c.valid_until,
    _induction.c.person_name,
    _induction.c.person_user_id,
    _induction.c.level,
)
_INDUCTED = PreparedStatement(
    select(_induction.c.kind_id, *INDUCTED).where(
        _induction.c.member_id == bindparam("member_id"), _induction.c.ended_at.is_(None)
    )
)

STANDARD_PRICE_CLASS = "member"  # of new members
LENGTHS_MAX = {"number": 40, "name": 200, "trade": 100, "email": EMAIL_LENGTH_MAX, "phone": 60}


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a member: the part of the record that the member may change."""

    email: str = ""
    phone: str = ""
    address: Address = NO_ADDRESS


@dataclass(frozen=True, slots=True)
class MemberInput:
    """What is entered of a member."""

    number: str
    name: str
    trade: str = ""
    email: str = ""
    phone: str = ""
    address: Address = NO_ADDRESS
    price_class: str = STANDARD_PRICE_CLASS
    joined_on: date | None = None
    left_on: date | None = None

    @classmethod
    def of(cls, member: Member) -> MemberInput:
        """Return the record of a member as it is."""
        return cls(**{name: getattr(member, name) for name in cls.__slots__})


def enter_member(session: Session, data: MemberInput, *, by: Actor, now: datetime) -> int:
    """Add a member and return its id. Call inside write_transaction(). Raises RecordRefused."""
    wrong = check_member(data, price_class_codes(session))
    records.refuse(wrong + records.check_unused(session, Member.number, data.number))
    (new_id,) = records.new_ids(session, _member)
    member = Member(id=new_id, **records.values_of(data))
    session.add(member)
    session.flush()
    records.note(session, "member", member.id, "entered", by, now)
    return member.id


def change_member(
    session: Session,
    member_id: int,
    data: MemberInput,
    *,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    class_from: date | None = None,
) -> None:
    """Change a member's record. A member leaves by the last day entered: reservations after it are refused.

    revision: the one that the caller read; None changes any. class_from: the day of service from which the price
    class holds; None means today, if the class is another one. Slips that exist keep their class.
    Call inside write_transaction(). Raises MemberNotFound, StaleRevision, RecordRefused.
    """
    member = revisions.locked(session, Member, member_id, missing=MemberNotFound, revision=revision)
    entered = records.values_of(data)
    changed = records.changed_fields(member, entered)
    if not changed and class_from is None:
        return
    wrong = check_member(data, price_class_codes(session), member.email) + price_classes.check_day(class_from)
    records.refuse(wrong + records.check_unused(session, Member.number, data.number, member_id))
    if class_from is not None or data.price_class != member.price_class:
        since = class_from or price_classes.ring_today(session, now)
        price_classes.date_changes(session, {member_id: (member.price_class, data.price_class)}, since)
        changed = [*changed, "class_from"] if class_from is not None else changed
    records.write(member, entered)
    member.revision += 1
    session.flush()
    records.note(session, "member", member_id, ",".join(changed), by, now)


def change_contact(session: Session, member_id: int, contact: Contact, *, by: Actor, now: datetime) -> None:
    """Change the contact that a member keeps itself. Raises MemberNotFound, RecordRefused."""
    member = session.get(Member, member_id, populate_existing=True)
    if member is None:
        raise MemberNotFound(id=member_id)
    change_member(session, member_id, replace(MemberInput.of(member), **records.values_of(contact)), by=by, now=now)


def check_member(data: MemberInput, price_classes: Collection[str], stored_email: str = "") -> list[Violation]:
    """Return what is wrong. stored_email: of the member that is changed, which stays allowed.

    missing, at_most (characters), email_form, last_day_before_first (left before joined), day_too_early, day_too_late,
    the address.
    """
    violations = records.check_filled(data, ("number", "name")) + records.check_lengths(data, LENGTHS_MAX)
    violations += check_changed_email(data.email, stored_email) + check_address(data.address)
    violations += records.check_day("joined_on", data.joined_on) + records.check_day("left_on", data.left_on)
    if data.price_class not in price_classes:
        violations.append(Violation("missing", "price_class"))
    if data.joined_on and data.left_on and data.left_on < data.joined_on:
        violations.append(Violation("last_day_before_first", "left_on", limit=data.joined_on, actual=data.left_on))
    return violations


def price_class_codes(session: Session) -> frozenset[str]:
    """Return the codes of all price classes."""
    return frozenset(session.scalars(select(PriceClass.code)))


@dataclass(frozen=True, slots=True)
class Eligibilities:
    """The eligibility of several members for machines of every kind of induction."""

    left_on: Mapping[int, date | None]
    inducted: Mapping[int, Mapping[int, Sequence[Inducted]]]  # by member, by kind
    requirements: Requirements

    def of(
        self, member_id: int, induction_kind_id: int | None, person: Person | None = None, second: Person | None = None
    ) -> MemberEligibility:
        """Return the eligibility of a member for a machine that needs this induction, or none.

        person: only what holds for this person; None: for anybody of the member. second: who is there as well; None:
        not asked.
        """
        inducted = self.inducted.get(member_id, {})
        if person is not None:
            inducted = of_person(inducted, person)
        left_on = self.left_on.get(member_id)
        return prerequisites.eligibility(induction_kind_id, inducted, self.requirements, left_on, second)


def eligibilities(session: Session, member_ids: Collection[int]) -> Eligibilities:
    """Return the inductions and last days of several members, in three statements."""
    inducted: dict[int, dict[int, list[Inducted]]] = defaultdict(lambda: defaultdict(list))
    statement = select(_induction.c.member_id, _induction.c.kind_id, *INDUCTED)
    for member_id, kind_id, *one in session.execute(
        statement.where(_induction.c.member_id.in_(member_ids), _induction.c.ended_at.is_(None))
    ):
        inducted[member_id][kind_id].append(Inducted(*one))
    left = session.execute(select(Member.id, Member.left_on).where(Member.id.in_(member_ids)))
    return Eligibilities({row.id: row.left_on for row in left}, inducted, prerequisites.requirements(session))


def inducted_of(session: Session, member_id: int) -> dict[int, list[Inducted]]:
    """Return the inductions of a member by kind."""
    inducted: dict[int, list[Inducted]] = defaultdict(list)
    for kind_id, *one in _INDUCTED.all(session.connection(), {"member_id": member_id}):
        inducted[kind_id].append(Inducted(*one))
    return inducted


def eligibility_of(
    session: Session, member_id: int, induction_kind_id: int | None, second: Person | None = None
) -> MemberEligibility:
    """Return the member's inductions of one kind, those that it requires, and the day of leaving.

    second: who is there as well; None: not asked. Raises MemberNotFound.
    """
    connection = session.connection()
    row = _LEFT_ON.one_or_none(connection, {"member_id": member_id})
    if row is None:
        raise MemberNotFound(id=member_id)
    if induction_kind_id is None:
        return prerequisites.eligibility(None, {}, {}, row.left_on, second)
    inducted = inducted_of(session, member_id)
    required = prerequisites.requirements(session)
    return prerequisites.eligibility(induction_kind_id, inducted, required, row.left_on, second)
