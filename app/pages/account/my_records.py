"""All that the ring holds about a login and its member, as plain values for a file. No personal data of others.

Of an event that concerns somebody else only its time and type are given; names, numbers and texts of others (who gave
an induction, who supervised a use, who decided, the subject of a manager's mail) are left out. Secrets are stored
hashed and are no data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import Session

from app.auth.logins import Login
from app.auth.models import ApiToken, LoginSession, ManagedWorkshop, SecondFactor, SecurityEntry, User
from app.mail.models import Mail
from app.notifications import choices
from app.notifications.choices import Owner
from app.notifications.kinds import KIND_OF_TEMPLATE, MANAGER
from app.pages.account.my_money import owed
from app.pages.account.record_rows import LEFT_OUT, Record, plain, records_of, rows_of
from billing.models import Party, VatRegime
from booking.events.reservation_events import RecordChanged
from booking.kernel.events import RecordedEvent
from booking.models import (
    Course,
    CourseSignup,
    DamageReport,
    Exchange,
    FormerPriceClass,
    Induction,
    InductionKind,
    InductionWish,
    LateMove,
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


def my_records(session: Session, login: Login) -> Iterator[tuple[str, Sequence[Record]]]:
    """Yield title and records of all that is held about a login and the member for which it acts."""
    yield "login", _login(session, login)
    yield from _access(session, login)
    if login.member_id is not None:
        yield from _of_member(session, login.member_id)
    yield "damage_reports", rows_of(session, DamageReport, DamageReport.reported_by == login.id, machine=Machine.name)
    yield "mails", list(_mails(session, login))
    yield "events", [_event(event, login) for event in _events(session, login)]
    yield "security_log", rows_of(session, SecurityEntry, SecurityEntry.user_id == login.id)


def _login(session: Session, login: Login) -> list[Record]:
    (record,) = rows_of(session, User, User.id == login.id)
    factor = select(SecondFactor.switched_on_at).where(SecondFactor.user_id == login.id)
    return [
        {
            **record,
            "second_factor_since": plain(session.scalar(factor)),
            "mail_choices": choices.choices_of(session, Owner(user_id=login.id)),
        }
    ]


def _access(session: Session, login: Login) -> Iterator[tuple[str, list[Record]]]:
    managed = ManagedWorkshop.user_id == login.id
    yield "managed_workshops", rows_of(session, ManagedWorkshop, managed, workshop=Workshop.name)
    yield "devices", rows_of(session, LoginSession, LoginSession.user_id == login.id)
    yield "tokens_of_programs", rows_of(session, ApiToken, ApiToken.user_id == login.id)
    yield "calendar_subscriptions", rows_of(session, Feed, Feed.user_id == login.id)


def _of_member(session: Session, member_id: int) -> Iterator[tuple[str, list[Record]]]:
    yield "member", rows_of(session, Member, Member.id == member_id)
    yield "billing_details", rows_of(session, Party, Party.member_id == member_id)
    yield "vat_regimes", rows_of(session, VatRegime, VatRegime.party_id == member_id)
    yield "former_price_classes", rows_of(session, FormerPriceClass, FormerPriceClass.member_id == member_id)
    yield "inductions", rows_of(session, Induction, Induction.member_id == member_id, kind=InductionKind.name)
    of_wish = InductionWish.member_id == member_id
    yield "asked_inductions", rows_of(session, InductionWish, of_wish, kind=InductionKind.name)
    of_signup = CourseSignup.member_id == member_id
    yield "course_signups", rows_of(session, CourseSignup, of_signup, starts_at=Course.starts_at, place=Course.place)
    yield "reservations", rows_of(session, Reservation, Reservation.member_id == member_id, machine=Machine.name)
    of_reservation = select(Reservation.id).where(Reservation.member_id == member_id)
    moved = LateMove.reservation_id.in_(of_reservation)
    yield "late_moves", rows_of(session, LateMove, moved, machine=Machine.name)
    yield "series", rows_of(session, Series, Series.member_id == member_id, machine=Machine.name)
    waiting = WaitingEntry.member_id == member_id
    yield "waiting_list", rows_of(session, WaitingEntry, waiting, machine=Machine.name, group=MachineGroup.name)
    yield "offers", rows_of(session, Offer, Offer.member_id == member_id, machine=Machine.name)
    yield "exchanges_with_members", _exchanges(session, member_id)
    yield "quotas_for_me_alone", rows_of(session, Quota, Quota.member_id == member_id)
    yield "usage_slips", rows_of(session, UsageRecord, UsageRecord.member_id == member_id, machine=Machine.name)
    of_slip = select(UsageRecord.id).where(UsageRecord.member_id == member_id)
    yield "usage_amounts", rows_of(session, UsageAmount, UsageAmount.usage_id.in_(of_slip))
    yield "usage_choices", rows_of(session, UsageChoice, UsageChoice.usage_id.in_(of_slip))
    yield from owed(session, member_id)


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
    return records_of(session, statement.order_by(Exchange.id))


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
            **dict(zip(("queued_at", "sent_at", "given_up_at"), map(plain, instants), strict=True)),
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
    known = {"at": plain(event.at), "type": event.type, "by_me": event.actor_user_id == login.id}
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
