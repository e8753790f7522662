"""The nightly audit: when a promise is broken, the administrators get a mail."""

from __future__ import annotations

import logging

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.mail.links import absolute
from app.mail.outbox import queue_mail
from app.notifications import recipients
from app.storage import audits
from app.wording.formats import as_zone
from booking.kernel.transaction import in_write_transaction
from booking.times.wall_clock import local_day

log = logging.getLogger(__name__)


def check_and_report(session: Session) -> str:
    """Run all audits, mail the administrators when a promise is broken, and return the outcome."""
    broken = [
        f"{name}: {each.text}" for name in audits.AUDITS for each in audits.run_audit(session, name) if each.is_broken
    ]
    if not broken:
        return "ok"
    log.error("the nightly audit found: %s", "; ".join(broken))  # a damaged file may accept no mail
    in_write_transaction(session, lambda: _queue_mails(session, broken))
    return "; ".join(broken)


def _queue_mails(session: Session, broken: list[str]) -> None:
    moment = now()
    for admin in recipients.administrators(session, now=moment):
        with force_locale(admin.language):
            body = _(
                "Hello %(name)s,\n\nthe nightly audit found errors in the data:\n\n%(findings)s\n\n"
                "Please forward this to the person who operates the program (`ring check`).\n\n%(address)s\n",
                name=admin.name,
                findings="\n".join(f"- {finding}" for finding in broken[: audits.FINDINGS_MAX]),
                address=absolute("/admin"),
            )
            subject = _("The nightly audit found errors")
        queue_mail(
            session,
            key=f"nightly_audit:{local_day(moment, as_zone(None))}:{admin.key}",
            to_address=admin.address,
            to_name=admin.name,
            subject=subject,
            body=body,
            now=moment,
            language=admin.language,
            tone="stop",
            whose=(admin.audience, admin.key),
        )
