"""The audits in the small hours: when a promise is broken, a mail goes to the administrators."""

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
from booking.kernel.transaction import in_write_transaction

log = logging.getLogger(__name__)


def check_and_report(session: Session) -> str:
    """Run all audits and write to the administrators when a promise is broken. Returns the outcome in words."""
    broken = [f"{name}: {each.what}" for name in audits.AUDITS for each in audits.look(session, name) if each.is_broken]
    if not broken:
        return "ok"
    log.error("the nightly check found: %s", "; ".join(broken))  # a damaged file may take no mail
    in_write_transaction(session, lambda: _alarm(session, broken))
    return "; ".join(broken)


def _alarm(session: Session, broken: list[str]) -> None:
    moment = now()
    for admin in recipients.administrators(session):
        with force_locale(admin.language):
            body = _(
                "Hello %(name)s,\n\nthe nightly check found what must not be:\n\n%(findings)s\n\n"
                "Please show this to whoever looks after the program (`ring check`).\n\n%(address)s\n",
                name=admin.name,
                findings="\n".join(f"- {finding}" for finding in broken[: audits.FINDINGS_MAX]),
                address=absolute("/admin"),
            )
            subject = _("The nightly check found something")
        queue_mail(
            session,
            key=f"nightly_check:{moment.date()}:{admin.key}",
            to_address=admin.address,
            to_name=admin.name,
            subject=subject,
            body=body,
            now=moment,
        )
