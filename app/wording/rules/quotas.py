"""Quotas as text: the rule on a machine's page and in lists, and its figures in a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.wording.billing import price_class_label
from app.wording.formats import Zone, as_zone, format_day, format_minutes
from app.wording.opening_hours import minute_text
from app.wording.rules.text import RuleText
from app.wording.statuses import weekday_names
from booking.errors.schedule_errors import Violation
from booking.queries import OwnQuota, QuotaView
from booking.rules.quota_rules import Measure, Period, Quota
from booking.times.wall_clock import local_day

LONGEST_WEEK = timedelta(days=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaText(RuleText):
    """A quota in a refusal: what is used of it, what the wish adds and what is left."""

    in_month: LazyString

    def sentence_for(self, violation: Violation, zone: Zone) -> str:
        """Return the sentence about one week or month that would be passed."""
        span = violation.span
        sentence = self.in_month if span is not None and span.length > LONGEST_WEEK else self.sentence
        used = max(violation.actual - violation.added, 0)
        left = max(violation.limit - used, 0)
        return str(sentence) % {
            "day": "" if span is None else format_day(local_day(span.start, as_zone(None))),
            "used": format_minutes(used),
            "limit": format_minutes(violation.limit),
            "added": format_minutes(violation.added),
            "left": _("%(length)s would still fit.", length=format_minutes(left)) if left else _("Nothing is left."),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuotaText(RuleText):
    """A quota of open reservations in a refusal."""

    def sentence_for(self, violation: Violation, zone: Zone) -> str:
        """Return the sentence with both numbers."""
        return str(self.sentence) % {"limit": violation.limit, "used": violation.actual - violation.added}


# As the event log names what was changed of a quota.
FIELD_LABELS = {
    "measure": _l("What is limited"),
    "most": _l("At most"),
    "period": _l("in a week or month"),
    "machine_id": _l("Machine"),
    "group_id": _l("Group"),
    "member_id": _l("Member"),
    "weekdays": _l("Days of prime time"),
    "from_minute": _l("Prime time from"),
    "until_minute": _l("Prime time until"),
}

_HELP = _l(
    "So that everybody gets a turn, a ring can limit how much a member reserves. The page of the machine has its "
    "quotas and what you have used of them. What is cancelled, shortened or declined no longer counts; a time that "
    "was not picked up does."
)

RULES = (
    QuotaText(
        code="quota_time",
        name=_l("Quota"),
        sentence=_l(
            "Of the %(limit)s in the week from %(day)s, %(used)s are used; this would be %(added)s more. %(left)s"
        ),
        in_month=_l(
            "Of the %(limit)s in the month from %(day)s, %(used)s are used; this would be %(added)s more. %(left)s"
        ),
        help_text=_HELP,
        way_out=_l("Choose a shorter time or another week or month, or give back what you do not need."),
    ),
    QuotaText(
        code="quota_prime_time",
        name=_l("Quota of prime time"),
        sentence=_l(
            "Of the %(limit)s of prime time in the week from %(day)s, %(used)s are used; this would be %(added)s more. "
            "%(left)s"
        ),
        in_month=_l(
            "Of the %(limit)s of prime time in the month from %(day)s, %(used)s are used; this would be %(added)s "
            "more. %(left)s"
        ),
        help_text=_l(
            "Prime time is the hours that many want, such as weekday evenings. The quota counts only what lies in "
            "them; the page of the machine has the hours."
        ),
        way_out=_l("Choose a time outside prime time, a shorter one, or another week or month."),
    ),
    OpenQuotaText(
        code="quota_open",
        name=_l("Open reservations"),
        sentence=_l("At most %(limit)s reservations may be open at once; %(used)s are open."),
        help_text=_l("A reservation is open until it is over, is handed back, or has been cancelled or declined."),
        way_out=_l("Wait until one of them is over, or cancel one that you do not need."),
    ),
)


def quota_amount(rule: Quota) -> str:
    """Return how much a quota allows: 8 h a week."""
    if rule.measure is Measure.OPEN:
        return ngettext("%(num)s open reservation at once", "%(num)s open reservations at once", rule.most)
    length, is_month = format_minutes(rule.most), rule.period is Period.MONTH
    if rule.prime is None:
        return _("%(length)s a month", length=length) if is_month else _("%(length)s a week", length=length)
    hours = prime_hours(rule)
    if is_month:
        return _("%(length)s of prime time a month (%(hours)s)", length=length, hours=hours)
    return _("%(length)s of prime time a week (%(hours)s)", length=length, hours=hours)


def prime_hours(rule: Quota) -> str:
    """Return the hours of prime time: Monday, Tuesday, 17:00 to 20:00."""
    assert rule.prime is not None, "a quota without prime time"
    names = weekday_names()
    runs: list[list[int]] = []
    for day in rule.prime.days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    days = ", ".join(
        names[run[0]] if len(run) == 1 else _("%(first)s to %(last)s", first=names[run[0]], last=names[run[-1]])
        for run in runs
    )
    return f"{days}, {minute_text(rule.prime.from_minute)}–{minute_text(rule.prime.until_minute)}"


def quota_place(view: QuotaView) -> str:
    """Return where a quota counts."""
    if view.machine_name is not None:
        return view.machine_name
    if view.group_name is not None:
        return _("all machines of the group %(group)s together", group=view.group_name)
    if view.workshop_name is not None:
        return _("all machines of %(workshop)s together", workshop=view.workshop_name)
    return _("all machines of the ring together")


def quota_group(view: QuotaView) -> str:
    """Return for whom a quota is."""
    if view.member_name is not None:
        return _("%(name)s alone", name=view.member_name)
    if view.price_class is not None:
        return _("each of: %(price_class)s", price_class=price_class_label(view.price_class))
    return _("each member")


def own_quota_text(own: OwnQuota) -> str:
    """Return a quota on the page of a machine, with what the member has used of it."""
    rule = own.rule
    if rule.measure is Measure.OPEN:
        return _("%(amount)s; you have %(used)s", amount=quota_amount(rule), used=own.used)
    used = format_minutes(own.used) if own.used else _("nothing")
    if rule.period is Period.MONTH:
        return _(
            "%(amount)s, %(scope)s; this month you have %(used)s",
            amount=quota_amount(rule),
            scope=_scope(rule),
            used=used,
        )
    return _(
        "%(amount)s, %(scope)s; this week you have %(used)s", amount=quota_amount(rule), scope=_scope(rule), used=used
    )


def _scope(rule: Quota) -> str:
    if rule.machine_id is not None:
        return _("here alone")
    if rule.group_id is not None:
        return _("all machines of the group together")
    return _("all machines of the ring together") if rule.workshop_id is None else _("all machines here together")
