"""Mails about deputies, all of one shape: what happened, what its reader can do, and the page for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.auth.mails import long_day, owner_and_ring, write
from app.auth.models import ManagedWorkshop, User
from app.mail.links import absolute
from booking.models import Workshop


@dataclass(frozen=True, slots=True)
class DeputyMail:
    """A kind of mail about the days of a deputy. to_manager: to who named it, else to the deputy.

    The texts have the placeholders deputy, manager, workshop, ring, first and last. is_once: a second one about the
    same days is not queued.
    """

    code: str
    subject: Any
    happened: Any
    way: Any
    path: str
    to_manager: bool = False
    is_once: bool = False


_NO_LONGER = _l("You are no longer deputy for %(workshop)s")
_NO_LONGER_YOURS = _l("%(deputy)s is no longer your deputy for %(workshop)s")
_SEE_RIGHTS = _l("What you may do, you see in your account:")
_NAME_ANOTHER = _l("You can name another deputy in your account:")

NAMED = DeputyMail(
    "deputy-named",
    _l("You are deputy for %(workshop)s"),
    _l(
        "%(manager)s has named you deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. On these days "
        "you decide there as its managers do."
    ),
    _l("If you cannot do it, end it in your account:"),
    "/account",
)
ENDED = DeputyMail(
    "deputy-ended",
    _NO_LONGER,
    _l(
        "%(manager)s had named you deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. That is ended "
        "from now on."
    ),
    _SEE_RIGHTS,
    "/account",
)
MANAGER_LEFT = DeputyMail(
    "deputy-ended",
    _NO_LONGER,
    _l(
        "%(manager)s had named you deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. That is ended, "
        "because %(manager)s is no longer a member of the ring."
    ),
    _SEE_RIGHTS,
    "/account",
)
OWN_ENDED = DeputyMail(
    "own-deputy-ended",
    _NO_LONGER_YOURS,
    _l(
        "you had named %(deputy)s deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. Somebody else has "
        "ended that."
    ),
    _NAME_ANOTHER,
    "/account/deputies",
    to_manager=True,
)
OWN_LEFT = DeputyMail(
    "own-deputy-ended",
    _NO_LONGER_YOURS,
    _l(
        "you had named %(deputy)s deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. That is ended, "
        "because %(deputy)s is no longer a member of the ring."
    ),
    _NAME_ANOTHER,
    "/account/deputies",
    to_manager=True,
)
OWN_ENDED_WITH_YOURS = DeputyMail(
    "own-deputy-ended",
    _NO_LONGER_YOURS,
    _l(
        "you had named %(deputy)s deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. That is ended, "
        "because your membership has ended."
    ),
    _l("What you may still see, you find in your account:"),
    "/account",
    to_manager=True,
)
OWN_OVER = DeputyMail(
    "own-deputy-over",
    _l("%(deputy)s was deputy for %(workshop)s until %(last)s"),
    _l(
        "you had named %(deputy)s deputy for %(workshop)s of %(ring)s, from %(first)s to %(last)s. These days are "
        "over: %(deputy)s no longer decides there."
    ),
    _l("You can name a deputy for other days in your account:"),
    "/account/deputies",
    to_manager=True,
    is_once=True,
)


def queue(session: Session, what: DeputyMail, span: ManagedWorkshop, *, now: datetime) -> None:
    """Queue a mail about the days of a deputy. Call inside write_transaction()."""
    assert span.named_by is not None  # the database refuses a deputy without
    assert span.valid_from is not None
    assert span.valid_until is not None
    user, ring = owner_and_ring(session, span.named_by if what.to_manager else span.user_id)
    facts = {
        "deputy": session.get_one(User, span.user_id).name,
        "manager": session.get_one(User, span.named_by).name,
        "workshop": session.get_one(Workshop, span.workshop_id).name,
        "ring": ring,
    }
    with force_locale(user.language):
        facts |= {"first": long_day(span.valid_from), "last": long_day(span.valid_until)}
        body = _(
            "Hello %(name)s,\n\n%(happened)s\n\n%(way)s\n\n%(address)s\n",
            name=user.name,
            happened=str(what.happened) % facts,
            way=str(what.way),
            address=absolute(what.path),
        )
        subject = str(what.subject) % facts
    occasion = span.valid_until.isoformat() if what.is_once else str(int(now.timestamp()))
    write(session, f"{what.code}:{span.id}:{occasion}", user, subject, body, now)
