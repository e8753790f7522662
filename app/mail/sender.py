"""Sending what waits in the outbox. No transaction is open while the network is used.

A mail is leased by moving its next attempt into the future (committed first), sent, and marked after sending. A crash
in between sends it a second time once the lease has expired; nothing else can (pending_marks.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.mail import circuit_breaker, pending_marks
from app.mail.attached_files import attached_file
from app.mail.failures import (
    DeliverySuspended,
    MailNotComposed,
    PermanentFailure,
    RefusedInARow,
    SenderRefused,
    ServerUnreachable,
    TemporaryFailure,
    is_about_recipient,
)
from app.mail.leasing import Readers, lease_due, outgoing
from app.mail.message import build_message
from app.mail.models import Mail
from app.mail.outgoing import OutgoingMail, Sender
from app.mail.transport import MailConnection, MailTransport
from booking.kernel.transaction import in_write_transaction

BATCH_SECONDS = 120.0  # a slow server gets the rest of a batch later, long before the lease expires
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
GIVE_UP_AFTER = timedelta(days=3)
WAIT_MAX = timedelta(days=14)  # through a fault of our side
ALONE_AFTER = 4  # attempts: refused again while others go out, it is the mail
REFUSALS_COUNT_FOR = timedelta(days=1)
IN_A_ROW_UNCLEAR, IN_A_ROW = 3, 5  # recipients refused in a row, from which the fault may be ours
REASON_LENGTH_MAX = 500


def send_batch(
    session: Session,
    transport: MailTransport,
    sender: Sender,
    clock: Callable[[], datetime],
    readers: Readers | None = None,
) -> int:
    """Send the mails that are due, one batch at most; return how many were sent or given up.

    While mails are suspended none is sent, and after the pause one. Raises DeliverySuspended; the mails then wait.
    readers: see lease_due().
    """
    found = circuit_breaker.suspension(session)
    if circuit_breaker.is_open(found, clock()):
        session.rollback()
        return 0
    batch = Batch(
        session, sender, clock, is_trial=found is not None, by_refusals=found is not None and found.by_refusals
    )
    spares_leased = pending_marks.marks_of(session).are_others_first()
    how = {"is_trial": batch.is_trial, "spares_leased": spares_leased}
    lease = partial(lease_due, session, now=clock(), readers=readers, **how)
    batch.mails = in_write_transaction(session, lease)
    if not batch.mails:
        return 0
    try:
        with transport.connect() as connection:
            return batch.send(connection)
    except DeliverySuspended as cause:
        in_write_transaction(session, partial(batch.suspend, cause))
        raise


class Batch:
    """Leased mails and what became of them. is_trial: mails are suspended, and one shows whether they still are."""

    def __init__(
        self,
        session: Session,
        sender: Sender,
        clock: Callable[[], datetime],
        *,
        is_trial: bool,
        by_refusals: bool,
    ) -> None:
        self.mails: list[OutgoingMail] = []  # those that were not tried; the first is being tried
        self.is_trial, self.by_refusals = is_trial, by_refusals
        self._session, self._sender, self._clock = session, sender, clock
        self._marks = pending_marks.marks_of(session)
        self._refused: list[tuple[OutgoingMail, PermanentFailure]] | None = None  # in a row; None: not read yet

    def send(self, connection: MailConnection) -> int:
        """Send the mails until the time of a batch is over; return how many. Raises DeliverySuspended."""
        deadline = time.monotonic() + BATCH_SECONDS
        count = 0
        while self.mails and time.monotonic() < deadline:
            values = self._attempt(connection, self.mails[0])
            self._marks.add(self.mails[0], values)
            self._marks.store(self._session)
            self.mails.pop(0)
            count += 1
        if self.mails:
            in_write_transaction(self._session, partial(self._release, self._clock()))
        return count

    def suspend(self, cause: DeliverySuspended) -> None:
        """Let all mails wait. Only the one that the server refused, or had when it went away, counts its attempt."""
        now, is_in_a_row = self._clock(), isinstance(cause, RefusedInARow)
        again_at = circuit_breaker.trip(self._session, cause, now=now, by_refusals=is_in_a_row or self.by_refusals)
        for mail, _reply in (self._refused or ()) if is_in_a_row else ():
            values = {"given_up_at": None, **_later(mail, str(cause), now, WAIT_MAX)}
            pending_marks.write(self._session, mail.id, mail.key, values, is_waiting=False)
        if isinstance(cause, (SenderRefused, ServerUnreachable)) and cause.is_about_mail:
            mail = self.mails.pop(0)
            pending_marks.write(self._session, mail.id, mail.key, _later(mail, str(cause), now, WAIT_MAX))
        self._release(again_at, str(cause))

    def _attempt(self, connection: MailConnection, mail: OutgoingMail) -> dict[str, object]:
        """Send one mail and return the new column values of its row. Raises DeliverySuspended."""
        try:
            connection.send(build_message(mail, self._sender, attached_file(self._session, mail)))
        except PermanentFailure as failure:
            return self._refusal(mail, failure)
        except SenderRefused as refusal:
            return self._sender_refused(mail, refusal)
        except TemporaryFailure as failure:
            return self._deferred(mail, failure)
        except MailNotComposed as failure:
            return _later(mail, str(failure), self._clock(), WAIT_MAX) | {"is_our_fault": True}
        # The text of a sent mail is deleted: it may contain a link that gives access.
        sent = {"sent_at": self._clock(), "last_error": "", "is_our_fault": False, "body": "", "calendar": None}
        self._marks.add(mail, sent)  # before anything else asks the database
        self._accepted()
        return sent

    def _deferred(self, mail: OutgoingMail, failure: TemporaryFailure) -> dict[str, object]:
        """Try a mail again later: for longer where the server says that it is our side, which greylisting says once."""
        wait_max = WAIT_MAX if failure.is_about_sender else GIVE_UP_AFTER
        is_our_fault = failure.is_about_sender and mail.attempts >= ALONE_AFTER
        return _later(mail, str(failure), self._clock(), wait_max) | {"is_our_fault": is_our_fault}

    def _accepted(self) -> None:
        self._refused = []
        if self.is_trial:
            self._accept_again()

    def _refusal(self, mail: OutgoingMail, failure: PermanentFailure) -> dict[str, object]:
        """Give a mail up alone, unless the refusal may concern all mails. Raises SenderRefused, RefusedInARow."""
        if self.is_trial and (self.by_refusals or not failure.is_clear):
            return self._sender_refused(mail, SenderRefused(str(failure), is_about_mail=True))
        if _counts(mail.attempts, failure):
            if self._refused is None:
                self._refused = _refused_since_success(self._session, now=self._clock())
            self._refused.append((mail, failure))
            if self._is_in_a_row():
                raise RefusedInARow(f"several mails in a row were refused: {failure}")
        return _given_up(str(failure), self._clock())

    def _sender_refused(self, mail: OutgoingMail, refusal: SenderRefused) -> dict[str, object]:
        """Return what becomes of a mail that was refused as if for our account or policy. Raises the refusal.

        Without another mail that waits, nothing shows whether all would be refused: mails are not suspended then.
        """
        if not refusal.is_about_mail or circuit_breaker.others_wait(self._session, mail.id):
            if self.is_trial or not refusal.is_about_mail or mail.attempts < ALONE_AFTER:
                raise refusal
            return _given_up(str(refusal), self._clock())  # other mails went out since it was refused first
        if self.is_trial:
            self._accept_again()
        tried_before = self._clock() - BACK_OFF[min(mail.attempts - 1, len(BACK_OFF)) - 1]
        if mail.attempts >= ALONE_AFTER and circuit_breaker.has_sent_since(self._session, tried_before):
            return _given_up(str(refusal), self._clock())
        return _later(mail, str(refusal), self._clock(), WAIT_MAX)

    def _accept_again(self) -> None:
        in_write_transaction(self._session, partial(circuit_breaker.reset, self._session))
        self.is_trial = False

    def _is_in_a_row(self) -> bool:
        refused = {mail.to_address: reply for mail, reply in self._refused or ()}
        unclear = sum(not reply.is_clear for reply in refused.values())
        return unclear >= IN_A_ROW_UNCLEAR or len(refused) >= IN_A_ROW

    def _release(self, again_at: datetime, reason: str = "") -> None:
        """Return mails that were not tried to the outbox, or give up those that waited too long."""
        now = self._clock()
        for mail in self.mails:
            values: dict[str, object] = {"next_attempt_at": again_at, "attempts": mail.attempts - 1}
            values |= {"last_error": reason[:REASON_LENGTH_MAX]} if reason else {}
            is_too_old = reason and now - mail.queued_at > WAIT_MAX
            values = _given_up(reason, now) if is_too_old else values
            pending_marks.write(self._session, mail.id, mail.key, values)


def _refused_since_success(session: Session, *, now: datetime) -> list[tuple[OutgoingMail, PermanentFailure]]:
    """Return the mails of the last day that the server refused since it took one."""
    last_sent = select(func.max(Mail.sent_at)).scalar_subquery()
    refused = session.scalars(
        select(Mail)
        .where(
            Mail.given_up_at > now - REFUSALS_COUNT_FOR,
            or_(last_sent.is_(None), Mail.given_up_at > last_sent),
        )
        .order_by(Mail.given_up_at.desc(), Mail.id.desc())
        .limit(IN_A_ROW)
    )
    found = [
        (outgoing(mail, ""), PermanentFailure(mail.last_error, is_clear=is_about_recipient(mail.last_error)))
        for mail in refused
    ]
    session.rollback()  # no transaction stays open while the network is used
    return [(mail, failure) for mail, failure in found if _counts(mail.attempts, failure)]


def _counts(attempts: int, failure: PermanentFailure) -> bool:
    """Return whether a refusal by the server may concern all mails: not that of a mail refused again meanwhile."""
    return str(failure)[:3].isdecimal() and attempts < (2 if failure.is_clear else ALONE_AFTER)


def _later(
    mail: OutgoingMail, reason: str, now: datetime, give_up_after: timedelta = GIVE_UP_AFTER
) -> dict[str, object]:
    if now - mail.queued_at > give_up_after:
        return _given_up(reason, now)
    pause = BACK_OFF[min(mail.attempts, len(BACK_OFF)) - 1]
    return {"last_error": reason[:REASON_LENGTH_MAX], "next_attempt_at": now + pause}


def _given_up(reason: str, now: datetime) -> dict[str, object]:
    return {"given_up_at": now, "last_error": reason[:REASON_LENGTH_MAX]}
