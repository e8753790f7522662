"""Who bears what, as sentences with names: of the keys of a pool, and of a preview."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.wording.billing import key_explanation, key_label, warning_text
from app.wording.formats import format_short_day
from billing.allocations.bearers import Bearers, bearers_by_key
from billing.allocations.periods import Period, PeriodEffect, other_periods
from billing.allocations.preview_models import CostGroup, Preview, PreviewWarning
from billing.pools.pools import HEAD, KEYS, USE
from billing.pools.scopes import Piece
from booking import queries
from booking.queries import MemberName

NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Names:
    """Names of members, by number: the first ones, and the others, which open."""

    shown: tuple[str, ...]
    more: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return how many there are."""
        return len(self.shown) + len(self.more)


@dataclass(frozen=True, slots=True)
class NamedSentence:
    """A sentence, and the names of the members it speaks of."""

    sentence: str
    names: Names


@dataclass(frozen=True, slots=True)
class KeyExplanation:
    """A key: its name, who bears costs with it, and who that would be today."""

    key: str
    label: str
    sentence: str
    today: NamedSentence


@dataclass(frozen=True, slots=True)
class OtherPeriod:
    """Another period for a preview: what it would change, and the names of those who drop out or are added."""

    since: date
    until: date
    sentence: str
    dropped: Names
    added: Names


def key_explanations(
    session: Session, pieces: Sequence[Piece], pool: int | None, today: date, *, excludes_guests: bool
) -> tuple[KeyExplanation, ...]:
    """Return each key with the names of those who would bear a cost of today.

    pieces: what the pool counts in the period that it would propose. pool: its id; None while it is still to be opened.
    """
    period = pieces[0].first, pieces[-1].last
    bearers = Bearers(session, pool, excludes_guests=excludes_guests)
    found = bearers_by_key(bearers, pieces, today)
    members = _members(session, found.values())
    is_by_use = {key: key == USE or (key == HEAD and not bearers.held_on(today)) for key in KEYS}
    return tuple(
        KeyExplanation(
            key,
            key_label(key),
            key_explanation(key),
            NamedSentence(
                _by_use_sentence(period, len(found[key])) if is_by_use[key] else _held_today(len(found[key])),
                _names(members, found[key]),
            ),
        )
        for key in KEYS
    )


def group_sentences(session: Session, preview: Preview) -> tuple[NamedSentence, ...]:
    """Return for each cost group what decides who bears it, with their names."""
    members = _members(session, [preview.bearer_ids])
    return tuple(
        NamedSentence(_group_sentence(preview, group), _names(members, _bearers(group))) for group in preview.groups
    )


def period_sentences(session: Session, preview: Preview) -> tuple[OtherPeriod, ...]:
    """Return what other periods would change, with the names of those who drop out or are added."""
    effects = other_periods(session, preview)
    members = _members(session, (ids for effect in effects for ids in (effect.dropped, effect.added)))
    return tuple(
        OtherPeriod(
            effect.period_from,
            effect.period_until,
            _effect_sentence(effect),
            _names(members, effect.dropped),
            _names(members, effect.added),
        )
        for effect in effects
    )


def warning_sentences(session: Session, warnings: Collection[PreviewWarning]) -> tuple[NamedSentence, ...]:
    """Return the warnings of a preview, with the names of the members they concern."""
    members = _members(session, (one.member_ids for one in warnings))
    return tuple(NamedSentence(warning_text(one), _names(members, one.member_ids)) for one in warnings)


def _members(session: Session, groups: Iterable[Collection[int]]) -> tuple[MemberName, ...]:
    member_ids = frozenset(chain.from_iterable(groups))
    return queries.member_names(session, member_ids) if member_ids else ()


def _names(members: Iterable[MemberName], member_ids: Collection[int]) -> Names:
    """Return the names of some of the members; those who left with their last day."""
    wanted = frozenset(member_ids)
    labels = [_label(one) for one in members if one.id in wanted]
    return Names(tuple(labels[:NAMES_SHOWN]), tuple(labels[NAMES_SHOWN:]))


def _label(name: MemberName) -> str:
    if name.left_on is None:
        return name.name
    return _("%(name)s (member until %(day)s)", name=name.name, day=format_short_day(name.left_on))


def _bearers(group: CostGroup) -> list[int]:
    return [line.member_id for line in group.lines if line.weight > 0]


def _group_sentence(preview: Preview, group: CostGroup) -> str:
    count = len(_bearers(group))
    label = key_label(group.key) if group.working is None else group.working.name
    kinds = f"{', '.join(group.kinds)} ({label})"
    if group.working is not None:
        decides = ngettext(
            "The key of the pool decides: %(num)s member.", "The key of the pool decides: %(num)s members.", count
        )
    elif group.number in preview.groups_by_period:
        decides = _by_use_sentence((preview.period_from, preview.period_until), count)
        if group.key == HEAD:
            decides = _("Nobody holds shares, so each user bears the same part. %(decides)s", decides=decides)
    else:
        assert group.shares_on
        decides = ngettext(
            "The shares held on %(day)s decide, whatever the period: %(num)s member.",
            "The shares held on %(day)s decide, whatever the period: %(num)s members.",
            count,
            day=format_short_day(group.shares_on),
        )
    return f"{kinds}: {decides}"


def _by_use_sentence(period: Period, count: int) -> str:
    return ngettext(
        "The use from %(since)s to %(until)s decides: %(num)s member.",
        "The use from %(since)s to %(until)s decides: %(num)s members.",
        count,
        since=format_short_day(period[0]),
        until=format_short_day(period[1]),
    )


def _held_today(count: int) -> str:
    return ngettext(
        "The shares held today would decide: %(num)s member.",
        "The shares held today would decide: %(num)s members.",
        count,
    )


def _effect_sentence(effect: PeriodEffect) -> str:
    since, until = format_short_day(effect.period_from), format_short_day(effect.period_until)
    if not effect.bearers:
        return _("Nobody used it from %(since)s to %(until)s.", since=since, until=until)
    sentence = ngettext(
        "With the use from %(since)s to %(until)s it would be %(num)s member.",
        "With the use from %(since)s to %(until)s it would be %(num)s members.",
        effect.bearers,
        since=since,
        until=until,
    )
    if effect.dropped or effect.added:
        return sentence
    return _("%(sentence)s They are the same, with other amounts.", sentence=sentence)
