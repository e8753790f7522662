"""The audits of `ring check`: each checks one promise from the stored data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice

from sqlalchemy import case, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import subscriptions
from app.auth import stored_secrets
from app.clock import now, utc_minute
from app.mail import circuit_breaker
from app.mail.delivery import ring_sender
from app.mail.message import sender_faults
from app.mail.models import Mail
from app.storage import guards, migrate, nul_texts
from app.storage.finding_texts import FINDING_TEXTS
from billing import audits as money
from billing.closing.audit import broken_periods
from billing.documents.audit import broken_documents
from billing.fees.audit import broken_fees
from billing.ledger.audit import broken_ledger, broken_numbers
from billing.pools.recurring_audit import broken_periods_of_costs
from billing.posting_exports.audit import broken_exports
from booking import audits as schedule
from booking.kernel import cursors, deliveries, sealing
from booking.kernel.audit import AuditFinding
from booking.kernel.cursors import Cursor
from booking.kernel.deadlines import COMMAND, extended
from booking.kernel.deliveries import Failure
from booking.kernel.events import RecordedEvent, Subscription
from booking.kernel.orm import Base
from booking.kernel.sealing import Seal, SealedEvent

EVENTS_OVERDUE = timedelta(minutes=15)  # events reach their subscribers within seconds, under load within a minute
OVERDUE = timedelta(hours=1)  # a worker that has done nothing for so long is not running
FINDINGS_MAX = 20


@dataclass(frozen=True, slots=True)
class AuditMessage:
    """A line of an audit for the operator, in English. is_broken: a promise does not hold."""

    text: str
    is_broken: bool = False


def check_overlaps(session: Session) -> list[AuditMessage]:
    """Check that no place is held twice at once and every hold agrees with its reservation or closure."""
    return _described((*schedule.overlapping_pairs(session), *schedule.contradictions(session)))


def check_out(session: Session) -> list[AuditMessage]:
    """Check that of no machine more places are handed out than it has."""
    return _described(schedule.too_many_out(session))


def check_quotas(session: Session) -> list[AuditMessage]:
    """Check that what is counted of quotas is what the reservations themselves count."""
    return _described(schedule.quota_use(session))


def check_events(session: Session) -> list[AuditMessage]:
    """Check that the event log is as it was sealed."""
    broken = [
        _broken(f"seal {seal_id} does not fit its events")
        for seal_id in islice(sealing.broken_seals(session), FINDINGS_MAX)
    ]
    return broken or [AuditMessage(f"unchanged; the chain ends in {sealing.newest_digest(session)[:16]}")]


def check_undelivered(session: Session) -> list[AuditMessage]:
    """Check that every event was or soon will be delivered to each subscriber."""
    findings = [
        _broken(f"event {row.event_id} dead-lettered by {row.subscriber} after {row.tries} tries: {row.error}")
        for row in session.scalars(select(Failure).where(Failure.next_try_at.is_(None)).limit(FINDINGS_MAX))
    ]
    for subscription in subscriptions.SUBSCRIPTIONS:
        findings += _waiting_for(session, subscription)
    return findings


def check_mail(session: Session) -> list[AuditMessage]:
    """Check that mails are sent; name those that were given up."""
    waiting = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))
    overdue = session.scalar(
        select(func.count()).select_from(Mail).where(*waiting, Mail.next_attempt_at < now() - OVERDUE)
    )
    suspended = _suspended(session)
    findings = [suspended] if suspended else [_broken(f"{overdue} mails wait for a worker")] if overdue else []
    findings += [_broken(fault) for fault in sender_faults(ring_sender(session))]
    failed = select(Mail).where(*waiting, Mail.last_error != "").limit(FINDINGS_MAX)
    findings += [
        AuditMessage(f"mail {each.id} waits: {each.last_error}", each.is_our_fault) for each in session.scalars(failed)
    ]
    given_up = select(Mail).where(Mail.given_up_at.is_not(None)).order_by(Mail.id.desc()).limit(FINDINGS_MAX)
    findings += [
        AuditMessage(f"mail {each.id} to {each.to_address} was given up: {each.last_error}")
        for each in session.scalars(given_up)
    ]
    return findings


def check_migrations(session: Session) -> list[AuditMessage]:
    """Check that the database has the schema of this program, to the column, and every guard of it."""
    connection = session.connection()
    current, head = migrate.current_revision(connection), migrate.head_revision()
    if current != head:
        return [_broken(f"the database is at schema {current}, the program at {head}: run `ring prepare`")]
    # Imported here, because the worker, which loads this module at its start, needs it once a night: 50 ms.
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True})
    differences = [f"the schema differs: {difference}" for difference in compare_metadata(context, Base.metadata)]
    gone = "the guard {} is gone or switched off: restore a backup that has it"
    missing = [gone.format(name) for name in guards.missing(connection)]
    return [_broken(each) for each in (*missing, *differences)[:FINDINGS_MAX]]


def check_integrity(session: Session) -> list[AuditMessage]:
    """Check that the database file is undamaged (SQLite; PostgreSQL checks its own pages)."""
    if session.get_bind().dialect.name != "sqlite":
        return [AuditMessage("left to PostgreSQL")]
    rows = session.scalars(text("PRAGMA quick_check")).all()
    orphans = session.execute(text("PRAGMA foreign_key_check")).all()
    damage = [_broken(f"the file is damaged: {row}") for row in rows if row != "ok"]
    return damage + [_broken(f"{orphan[0]} {orphan[1]} points to nothing") for orphan in orphans[:FINDINGS_MAX]]


def check_allocations(session: Session) -> list[AuditMessage]:
    """Check posted allocations, recurring costs, readings, and that no two pools count the charges of a machine."""
    return _described(islice(chain(money.broken_allocations(session), broken_periods_of_costs(session)), FINDINGS_MAX))


def check_charges(session: Session) -> list[AuditMessage]:
    """Check that every charge and fee follows from its own calculation and each slip has at most one that counts."""
    return _described(islice(chain(money.broken_charges(session), broken_fees(session)), FINDINGS_MAX))


def check_ledger(session: Session) -> list[AuditMessage]:
    """Check that entries balance, balances are sums of lines, and entries and exports are as the event log has them."""
    return _described(islice(chain(broken_ledger(session), broken_exports(session)), FINDINGS_MAX))


def check_periods(session: Session) -> list[AuditMessage]:
    """Check that closed periods hold the lines with which they were closed."""
    return _described(islice(broken_periods(session), FINDINGS_MAX))


def check_numbers(session: Session) -> list[AuditMessage]:
    """Check that entries and documents are numbered without a gap, and documents are as they were issued."""
    return _described(islice(chain(broken_numbers(session), broken_documents(session)), FINDINGS_MAX))


def check_texts(session: Session) -> list[AuditMessage]:
    """Check that no text holds a NUL character (SQLite; PostgreSQL refuses it by itself)."""
    if session.get_bind().dialect.name != "sqlite":
        return [AuditMessage("left to PostgreSQL")]
    return [
        _broken(f"{each.table}.{each.column} of {each.rows} rows holds NUL; type: ring check texts --repair")
        for each in nul_texts.find(session.connection())
    ]


def check_secrets(session: Session) -> list[AuditMessage]:
    """Check that secrets are encrypted with the present SECRET_KEY: of second factors, and of links in mails."""
    found = list(stored_secrets.outdated(session))
    clear = sum(each.is_clear for each in found)
    unreadable = sum(each.plain is None for each in found)
    earlier = len(found) - clear - unreadable
    findings = []
    if unreadable:
        findings.append(
            _broken(
                f"{unreadable} second factors or mails were encrypted with another SECRET_KEY: name it in "
                "RINGBUCH_SECRET_KEY_FALLBACKS and start again; else these logins use recovery codes, or type: "
                "ring user reset-second-factor EMAIL"
            )
        )
    if clear:
        findings.append(_broken(f"{clear} second factors or mails are stored in clear; type: ring prepare"))
    if earlier:
        findings.append(
            AuditMessage(f"{earlier} second factors or mails are encrypted with a former key; type: ring prepare")
        )
    return findings


AUDITS: dict[str, Callable[[Session], list[AuditMessage]]] = {
    "integrity": check_integrity,
    "migrations": check_migrations,
    "overlaps": check_overlaps,
    "out": check_out,
    "quotas": check_quotas,
    "allocations": check_allocations,
    "charges": check_charges,
    "ledger": check_ledger,
    "periods": check_periods,
    "numbers": check_numbers,
    "events": check_events,
    "undelivered": check_undelivered,
    "mail": check_mail,
    "texts": check_texts,
    "secrets": check_secrets,
}


def run_audit(session: Session, name: str) -> list[AuditMessage]:
    """Run one audit. A failure to read the database, for example a damaged file, is a finding too."""
    session.rollback()  # the longer deadline counts from the next transaction on
    try:
        with extended(COMMAND):
            return AUDITS[name](session)
    except SQLAlchemyError as error:
        return [_broken(f"cannot be checked: {getattr(error, 'orig', None) or error}")]
    finally:
        session.rollback()


def _suspended(session: Session) -> AuditMessage | None:
    """Return why no mail is sent; None when mails are sent, or when no worker has tried for long."""
    found = circuit_breaker.suspension(session)
    if found is None or found.open_until < now() - OVERDUE:
        return None
    waiting = session.scalar(select(func.count()).where(Mail.sent_at.is_(None), Mail.given_up_at.is_(None)))
    is_broken = found.is_our_fault or found.since < now() - OVERDUE  # a server may be down for a moment
    return AuditMessage(f"no mail is sent since {utc_minute(found.since)}, {waiting} wait: {found.reason}", is_broken)


def _waiting_for(session: Session, subscription: Subscription) -> list[AuditMessage]:
    name = subscription.subscriber
    fresh = deliveries.new_events(subscription, cursors.position_of(session, name))
    # What is entered with a past instant, as a demo is, waits since it was sealed, seconds after it was written.
    since = case((Seal.sealed_at > RecordedEvent.at, Seal.sealed_at), else_=RecordedEvent.at).label("since")
    sealed = fresh.outerjoin(SealedEvent, SealedEvent.event_id == RecordedEvent.id).outerjoin(Seal)
    waiting = sealed.order_by(None).with_only_columns(since).subquery()
    count, oldest = session.execute(select(func.count(), func.min(waiting.c.since))).one()
    if not count:
        return []
    # An idle worker records nothing, and one that does not keep up serves all the time: the age of the event tells.
    is_overdue = oldest < now() - EVENTS_OVERDUE
    served_at = session.scalar(select(Cursor.checked_at).where(Cursor.consumer == name))
    served = "no worker has served yet" if served_at is None else f"was last served at {utc_minute(served_at)}"
    first = f", the first since {utc_minute(oldest)}" if is_overdue else ""
    return [AuditMessage(f"{count} events wait for {name}, which {served}{first}", is_overdue)]


def _described(found: Iterable[AuditFinding]) -> list[AuditMessage]:
    return [_broken(FINDING_TEXTS[each.code].format(**each.facts)) for each in found]


def _broken(text: str) -> AuditMessage:
    return AuditMessage(text, is_broken=True)
