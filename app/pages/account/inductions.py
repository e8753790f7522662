"""My inductions on the account page: what the member may operate, and until when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.wording import formats
from app.wording.induction_levels import level_label, supervised_label
from booking import availability, queries
from booking.availability import EligibilityByKind
from booking.queries import InductionView, MachineToRun, supervised_uses
from booking.queries.supervised_uses import Progress
from booking.rules.eligibility import MemberEligibility
from booking.rules.persons import Level, Person, folded

EXPIRES_SOON = timedelta(days=60)
FORGOTTEN_AFTER = timedelta(days=365)  # what ended longer ago is not shown
INDUCTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class MyInduction:
    """An induction of mine. tone: good, wait (expires soon) or stop (over)."""

    kind: str
    tone: str
    words: str
    machines: tuple[MachineToRun, ...]


def my_inductions(session: Session, member_id: int | None, today: date) -> tuple[MyInduction, ...]:
    """Return the newest induction of each kind and person, those that end first at the top.

    In four SQL statements; four more where some are for use under supervision.
    """
    if member_id is None:
        return ()
    found = queries.inductions(session, member_id=member_id, limit=INDUCTIONS_MAX)
    newest = {(one.kind_id, folded(one.person_name)): one for one in sorted(found, key=_holds_longest)}
    shown = [one for one in newest.values() if one.valid_until >= today - FORGOTTEN_AFTER]
    machines = queries.machines_with_induction(session, kind_ids=[one.kind_id for one in shown]) if shown else ()
    eligible = availability.eligibility_by_kind(session, member_id)
    done = supervised_uses.progress(session, shown)
    return tuple(
        _with_missing(
            _mine(one, tuple(each for each in machines if each.kind_id == one.kind_id), done.get(one.id), today),
            _eligibility(eligible, one).lacking_on(today),
        )
        for one in sorted(shown, key=lambda each: each.valid_until)
    )


def _eligibility(eligible: EligibilityByKind, one: InductionView) -> MemberEligibility:
    """Return what is valid for whom an induction is: a person has to have all that it builds on too."""
    if not one.person_name:
        return eligible.of_kind(one.kind_id)
    return eligible.of_kind(one.kind_id, Person(one.person_name, one.person_user_id))


def _with_missing(mine: MyInduction, missing: str | None) -> MyInduction:
    """Return an induction that is valid as one that does not count yet, while one on which it builds is missing."""
    if not missing or mine.tone == "stop":
        return mine
    words = _("%(words)s, but “%(kind)s”, on which it builds, is not valid", words=mine.words, kind=missing)
    return replace(mine, tone="stop", words=words)


def _holds_longest(one: InductionView) -> tuple[bool, date]:
    return one.ended_at is None, one.valid_until


def _mine(one: InductionView, machines: tuple[MachineToRun, ...], done: Progress | None, today: date) -> MyInduction:
    day = formats.format_day(one.valid_until)
    kind = f"{one.kind} ({one.person_name})" if one.person_name else one.kind
    if one.ended_at is not None:
        return MyInduction(kind, "stop", _("ended %(time)s", time=formats.format_instant(one.ended_at)), machines)
    if one.valid_until < today:
        return MyInduction(kind, "stop", _("expired on %(day)s", day=day), machines)
    tone = "wait" if one.valid_until <= today + EXPIRES_SOON else "good"
    words = _("valid until %(day)s", day=day)
    if one.level != Level.ALONE:
        words = f"{words}, {supervised_label(done) if done else level_label(one.level)}"
    return MyInduction(kind, tone, words, machines)
