"""All that the ring holds about a login and its member, as plain values for a file. No personal data of others.

Of an event that concerns somebody else only its time and type are given; names, numbers and texts of others (who gave
an induction, who supervised a use, who decided, the subject of a manager's mail) are left out. Secrets are stored
hashed and are no data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth.logins import Login
from app.auth.models import ApiToken, LoginSession, ManagedWorkshop, SecondFactor, SecurityEntry, User
from app.mail.models import Mail
from app.notifications import choices
from app.notifications.choices import Owner
from app.notifications.kinds import KIND_OF_TEMPLATE, MANAGER
from billing.models import (
    Allocation,
    AllocationLine,
    Charge,
    Document,
    DocumentLine,
    DocumentSending,
    Entry,
    Fee,
    Missed,
    Party,
    Pool,
    Posting,
    Share,
    StatementSending,
    VatRegime,
)
from booking.events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.kernel.orm import Base
from booking.models import (
    Course,
    CourseSignup,
    DamageReport,
    Exchange,
    FormerPriceClass,
    Induction,
    InductionKind,
    InductionWish,
    Machine,
    MachineGroup,
    Member,
    Offer,
    Quota,
    Reservation,
    Series,
    UsageAmount,
    UsageChoice,
    UsageRecord,
    WaitingEntry,
    Workshop,
)
from calendars.models import Feed

Record = dict[str, Any]

# What a table has about other people, or only for the program itself.
LEFT_OUT = frozenset(
    {
        "password_hash",
        "token_hash",
        "user_id",
        "member_id",
        "hold_kind",
        "created_by",
        "made_by",
        "form_key",
        "joined_by",
        "asked_by",
        "reminded_until",
        "decided_by",
        "handed_out_by",
        "handed_back_by",
        "answered_by",
        "reported_by",
        "done_by",
        "named_by",
        "given_by",
        "supervisor_name",
        "person_user_id",
        "operator_user_id",
        "second_user_id",
        "schedule_version",
        "seller",  # names whoever answers for the ring
        "issued_by",
        "queued_by",
    }
)


def my_records(session: Session, login: Login) -> Iterator[tuple[str, Sequence[Record]]]:
    """Yield title and records of all that is held about a login and the member for which it acts."""
    yield "login", _login(session, login)
    yield from _access(session, login)
    if login.member_id is not None:
        yield from _of_member(session, login.member_id)
    yield "damage_reports", _rows(session, DamageReport, DamageReport.reported_by == login.id, machine=Machine.name)
    yield "mails", list(_mails(session, login))
    yield "events", [_event(event, login) for event in _events(session, login)]
    yield "security_log", _rows(session, SecurityEntry, SecurityEntry.user_id == login.id)


def _login(session: Session, login: Login) -> list[Record]:
    (record,) = _rows(session, User, User.id == login.id)
    factor = select(SecondFactor.switched_on_at).where(SecondFactor.user_id == login.id)
    return [
        {
            **record,
            "second_factor_since": _plain(session.scalar(factor)),
            "mail_choices": choices.choices_of(session, Owner(user_id=login.id)),
        }
    ]


def _access(session: Session, login: Login) -> Iterator[tuple[str, list[Record]]]:
    managed = ManagedWorkshop.user_id == login.id
    yield "managed_workshops", _rows(session, ManagedWorkshop, managed, workshop=Workshop.name)
    yield "devices", _rows(session, LoginSession, LoginSession.user_id == login.id)
    yield "tokens_of_programs", _rows(session, ApiToken, ApiToken.user_id == login.id)
    yield "calendar_subscriptions", _rows(session, Feed, Feed.user_id == login.id)


def _of_member(session: Session, member_id: int) -> Iterator[tuple[str, list[Record]]]:
    yield "member", _rows(session, Member, Member.id == member_id)
    yield "billing_details", _rows(session, Party, Party.member_id == member_id)
    yield "vat_regimes", _rows(session, VatRegime, VatRegime.party_id == member_id)
    yield "former_price_classes", _rows(session, FormerPriceClass, FormerPriceClass.member_id == member_id)
    yield "inductions", _rows(session, Induction, Induction.member_id == member_id, kind=InductionKind.name)
    of_wish = InductionWish.member_id == member_id
    yield "asked_inductions", _rows(session, InductionWish, of_wish, kind=InductionKind.name)
    of_signup = CourseSignup.member_id == member_id
    yield "course_signups", _rows(session, CourseSignup, of_signup, starts_at=Course.starts_at, place=Course.place)
    yield "reservations", _rows(session, Reservation, Reservation.member_id == member_id, machine=Machine.name)
    yield "series", _rows(session, Series, Series.member_id == member_id, machine=Machine.name)
    waiting = WaitingEntry.member_id == member_id
    yield "waiting_list", _rows(session, WaitingEntry, waiting, machine=Machine.name, group=MachineGroup.name)
    yield "offers", _rows(session, Offer, Offer.member_id == member_id, machine=Machine.name)
    yield "exchanges_with_members", _exchanges(session, member_id)
    yield "quotas_for_me_alone", _rows(session, Quota, Quota.member_id == member_id)
    yield "usage_slips", _rows(session, UsageRecord, UsageRecord.member_id == member_id, machine=Machine.name)
    of_slip = select(UsageRecord.id).where(UsageRecord.member_id == member_id)
    yield "usage_amounts", _rows(session, UsageAmount, UsageAmount.usage_id.in_(of_slip))
    yield "usage_choices", _rows(session, UsageChoice, UsageChoice.usage_id.in_(of_slip))
    yield from _owed(session, member_id)


def _owed(session: Session, member_id: int) -> Iterator[tuple[str, list[Record]]]:
    yield "usage_charges", _rows(session, Charge, Charge.member_id == member_id, machine=Machine.name)
    yield "fees", _rows(session, Fee, Fee.member_id == member_id, machine=Machine.name)
    yield "missed_reservations", _rows(session, Missed, Missed.member_id == member_id, machine=Machine.name)
    yield "shares", _rows(session, Share, Share.member_id == member_id, pool=Pool.name)
    yield "allocations", _allocations(session, member_id)
    yield "ledger_lines", _ledger_lines(session, member_id)
    of_document = select(Document.id).where(Document.member_id == member_id)
    yield "invoices", _rows(session, Document, Document.member_id == member_id)
    yield "invoice_lines", _rows(session, DocumentLine, DocumentLine.document_id.in_(of_document))
    yield "sent_invoices", _rows(session, DocumentSending, DocumentSending.document_id.in_(of_document))
    yield "sent_statements", _rows(session, StatementSending, StatementSending.member_id == member_id)


def _rows(
    session: Session, model: type[Base], mine: ColumnElement[bool], **names: InstrumentedAttribute[Any]
) -> list[Record]:
    """Return the rows of a table with all columns but those left out, and names of what they refer to."""
    columns = [column for column in model.__table__.columns if column.key not in LEFT_OUT]
    statement = select(*columns, *(name.label(label) for label, name in names.items())).select_from(model).where(mine)
    for joined in dict.fromkeys(name.class_ for name in names.values()):
        statement = statement.outerjoin(joined)
    return _records(session, statement.order_by(*model.__table__.primary_key))


def _exchanges(session: Session, member_id: int) -> list[Record]:
    """Return what the member offered, and what was offered to it: without the other member and its text."""
    offered = Exchange.proposer_id == member_id
    statement = (
        select(
            Exchange.id,
            offered.label("by_me"),
            Machine.name.label("machine"),
            Reservation.starts_at,
            Reservation.ends_at,
            case((offered, Exchange.note)).label("note"),
            Exchange.state,
            Exchange.proposed_at,
            Exchange.lapses_at,
            Exchange.closed_at,
        )
        .join(Reservation, Reservation.id == Exchange.given_id)
        .join(Machine, Machine.id == Reservation.machine_id)
        .where(or_(offered, Exchange.receiver_id == member_id))
    )
    return _records(session, statement.order_by(Exchange.id))


def _allocations(session: Session, member_id: int) -> list[Record]:
    statement = (
        select(
            Allocation.id,
            Pool.name.label("pool"),
            Allocation.period_from,
            Allocation.period_until,
            Allocation.posted_at,
            Allocation.reverses_id,
            AllocationLine.group_number,
            AllocationLine.weight,
            AllocationLine.cents,
            AllocationLine.got_rounding_cent,
        )
        .join(AllocationLine, AllocationLine.allocation_id == Allocation.id)
        .join(Pool, Pool.id == Allocation.pool_id)
        .where(AllocationLine.member_id == member_id)
    )
    return _records(session, statement.order_by(Allocation.id, AllocationLine.group_number))


def _ledger_lines(session: Session, member_id: int) -> list[Record]:
    statement = (
        select(Entry.id.label("entry"), Entry.posting_date, Entry.service_from, Entry.service_until)
        .add_columns(Posting.topic, Posting.cents, Machine.name.label("machine"), Pool.name.label("pool"))
        .join(Posting, Posting.entry_id == Entry.id)
        .outerjoin(Machine, Machine.id == Posting.machine_id)
        .outerjoin(Pool, Pool.id == Posting.pool_id)
        .where(Posting.member_id == member_id)
    )
    return _records(session, statement.order_by(Entry.id, Posting.number))


def _mails(session: Session, login: Login) -> Iterator[Record]:
    """Yield the mails to a login. The subject of one for a manager names members, so it is left out."""
    keys = [f":user{login.id}"] + ([] if login.member_id is None else [f":member{login.member_id}"])
    to_me = or_(Mail.to_address == login.email, *(Mail.key.endswith(key, autoescape=True) for key in keys))
    statement = select(Mail.key, Mail.to_address, Mail.subject, Mail.queued_at, Mail.sent_at, Mail.given_up_at)
    for key, to_address, subject, *instants in session.execute(statement.where(to_me).order_by(Mail.id)):
        template = key.split(":")[1] if ":" in key else ""
        kind = KIND_OF_TEMPLATE.get(template)
        is_about_others = kind is not None and kind.audience == MANAGER
        yield {
            "to_address": to_address,
            "subject": None if is_about_others else subject,
            **dict(zip(("queued_at", "sent_at", "given_up_at"), map(_plain, instants), strict=True)),
        }


def _events(session: Session, login: Login) -> Iterable[RecordedEvent]:
    facts = RecordedEvent.facts
    about_me = [facts["user_id"].as_integer() == login.id]
    if login.member_id is not None:
        about_me.append(facts["member_id"].as_integer() == login.member_id)
        is_record = and_(RecordedEvent.type == RecordChanged.type, facts["table"].as_string() == "member")
        about_me.append(and_(is_record, facts["record_id"].as_integer() == login.member_id))
    found = select(RecordedEvent).where(or_(RecordedEvent.actor_user_id == login.id, *about_me))
    return session.scalars(found.order_by(RecordedEvent.id).execution_options(yield_per=500))


def _event(event: RecordedEvent, login: Login) -> Record:
    known = {"at": _plain(event.at), "type": event.type, "by_me": event.actor_user_id == login.id}
    return {**known, "facts": _facts_of_mine(event.facts)} if _is_about(event.facts, login) else known


def _is_about(facts: Mapping[str, Any], login: Login) -> bool:
    """Return whether an event concerns the login or its member, and nobody else."""
    if facts.get("table") == "member":
        return bool(facts.get("record_id") == login.member_id)
    whom = [
        (facts[name], mine) for name, mine in (("user_id", login.id), ("member_id", login.member_id)) if facts.get(name)
    ]
    return bool(whom) and all(found == mine for found, mine in whom)


def _facts_of_mine(facts: Mapping[str, Any]) -> Record:
    return {name: value for name, value in facts.items() if name not in LEFT_OUT}


def _records(session: Session, statement: Select[*tuple[Any, ...]]) -> list[Record]:
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in session.execute(statement)]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; an instant in UTC, an exact number as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
