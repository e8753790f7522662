"""The form of a quota: what is limited, how much of it, where it counts and for whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import RadioField, SelectField, SelectMultipleField, StringField, TimeField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.extensions import db
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.rule_change import RuleChangeMixin
from app.wording.billing import price_class_label
from app.wording.rules.quotas import quota_place
from app.wording.statuses import weekday_names
from booking.members.members import LENGTHS_MAX
from booking.models import Member
from booking.models.quota import MOST_MAX
from booking.queries import GroupView, MachineChoice, PriceClassView, QuotaView, WorkshopView
from booking.quotas.quotas import QuotaInput
from booking.rules.quota_rules import WEEKDAYS, Measure, Quota, bits_of, days_of
from booking.times.opening_hours import MINUTES_OF_A_DAY

RING, WORKSHOP, GROUP, MACHINE = "ring", "workshop", "group", "machine"
EVERYBODY, ONE_MEMBER = "everybody", "member"
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)")
_CLOCK = re.compile(r"\d+:[0-5]\d")
MEASURES = {
    "time-week": _l("hours in a week"),
    "time-month": _l("hours in a month"),
    "prime_time-week": _l("hours of prime time in a week"),
    "prime_time-month": _l("hours of prime time in a month"),
    "open": _l("open reservations at once"),
}


class QuotaForm(RuleChangeMixin, RevisionMixin):
    """A quota as people enter it: hours in place of minutes."""

    not_persisted = ("tells_members",)

    measure = RadioField(_l("What is limited"), default="time-week")
    most = StringField(_l("At most"), [Required(_l("Please enter how much is allowed.")), Length(max=12)])
    weekdays = SelectMultipleField(
        _l("Days of prime time"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    from_minute = TimeField(_l("Prime time from"), [Optional()])
    until_minute = TimeField(_l("Prime time until"), [Optional()])
    machine_id = SelectField(_l("Where it counts"), [Required(_l("Please choose where it counts."))])
    price_class = SelectField(_l("For whom"), [Required(_l("Please choose for whom it is."))])
    member_id = StringField(_l("Number of the member"), [Length(max=LENGTHS_MAX["number"])])

    found_member: int | None = None

    def offer(
        self,
        places: Sequence[WorkshopView],
        groups: Sequence[GroupView],
        cards: Sequence[MachineChoice],
        classes: Sequence[PriceClassView],
        *,
        is_for_ring: bool,
        view: QuotaView | None = None,
    ) -> None:
        """Fill in what can be chosen; view: what is stored can be chosen too. Call before validation."""
        self.measure.choices = [(code, str(label)) for code, label in MEASURES.items()]
        self.weekdays.choices = list(enumerate(weekday_names()))
        scopes = [(RING, _("All machines of the ring together"))] if is_for_ring else []
        for place in places:
            scopes.append((f"{WORKSHOP}-{place.id}", _("%(workshop)s: all machines together", workshop=place.name)))
            scopes += [
                (
                    f"{GROUP}-{place.id}-{one.id}",
                    _("%(workshop)s: group %(group)s", workshop=place.name, group=one.name),
                )
                for one in groups
                if one.workshop_id == place.id
            ]
            scopes += [
                (f"{MACHINE}-{place.id}-{card.id}", f"{place.name}: {card.name}")
                for card in cards
                if card.workshop_id == place.id
            ]
        self.machine_id.choices = scopes
        if view is not None and (stored := _scope(view.rule)) not in dict(scopes):  # retired since
            scopes.append((stored, quota_place(view)))
        self.price_class.choices = [
            (EVERYBODY, _("Each member")),
            *(
                (f"class-{each.code}", _("Each of: %(price_class)s", price_class=price_class_label(each)))
                for each in classes
            ),
            (ONE_MEMBER, _("One member alone")),
        ]

    def fill(self, view: QuotaView) -> None:
        """Show what is stored."""
        rule = view.rule
        self.measure.data = rule.measure.value if rule.period is None else f"{rule.measure.value}-{rule.period.value}"
        self.most.data = str(rule.most) if rule.measure is Measure.OPEN else _hours_text(rule.most)
        if rule.prime is not None:
            self.weekdays.data = list(days_of(rule.prime.weekdays))
            self.from_minute.data = _time(rule.prime.from_minute)
            self.until_minute.data = _time(rule.prime.until_minute)
        self.machine_id.data = _scope(rule)
        self.price_class.data = ONE_MEMBER if rule.member_id else EVERYBODY
        if rule.price_class is not None:
            self.price_class.data = f"class-{rule.price_class}"
        self.member_id.data = view.member_number or ""
        self.revision.data, self.record_id.data = view.revision, view.id

    def validate_most(self, field: StringField) -> None:
        """Require a number: hours, also with a decimal comma, or a whole number of reservations."""
        self._most()

    def validate_member_id(self, field: StringField) -> None:
        """Look up the member of the number."""
        number = (field.data or "").strip()
        if self.price_class.data != ONE_MEMBER:
            if number:
                raise ValidationError(_("This quota is not for one member alone. Leave the number empty."))
            return
        self.found_member = db.session().scalar(select(Member.id).where(Member.number == number))
        if self.found_member is None:
            raise ValidationError(_("No member has this number."))

    def to_input(self) -> QuotaInput:
        """Return what was entered. Call only after validation."""
        measure, _dash, period = self.measure.data.partition("-")
        scope = self.machine_id.data.split("-")
        group = self.price_class.data
        is_prime = measure == Measure.PRIME_TIME
        return QuotaInput(
            measure=measure,
            period=period or None,
            most=self._most(),
            workshop_id=int(scope[1]) if len(scope) > 1 else None,
            machine_id=int(scope[2]) if scope[0] == MACHINE else None,
            group_id=int(scope[2]) if scope[0] == GROUP else None,
            member_id=self.found_member,
            price_class=group.removeprefix("class-") if group.startswith("class-") else None,
            weekdays=bits_of(day for day in self.weekdays.data or () if day in WEEKDAYS) if is_prime else None,
            from_minute=_minute(self.from_minute.data, 0) if is_prime else None,
            until_minute=_minute(self.until_minute.data, MINUTES_OF_A_DAY) if is_prime else None,
        )

    def _most(self) -> int:
        text, is_open = (self.most.data or "").strip().replace(",", "."), self.measure.data == Measure.OPEN
        if not (_NUMBER.fullmatch(text) or (_CLOCK.fullmatch(text) and not is_open)):
            raise ValidationError(_("“%(text)s” is no number. Enter for example 8 or 7,5 or 7:20.", text=text[:20]))
        hours, _colon, extra = text.partition(":")
        minutes = Decimal(hours) * (1 if is_open else 60) + Decimal(extra or 0)
        if abs(minutes) > MOST_MAX:
            raise ValidationError(_("This number is too large; please check it."))
        if minutes != int(minutes):
            raise ValidationError(_("Enter whole reservations, or hours to the minute."))
        return int(minutes)


def _scope(rule: Quota) -> str:
    """Return the choice of where a quota counts."""
    if rule.machine_id is not None:
        return f"{MACHINE}-{rule.workshop_id}-{rule.machine_id}"
    if rule.group_id is not None:
        return f"{GROUP}-{rule.workshop_id}-{rule.group_id}"
    return RING if rule.workshop_id is None else f"{WORKSHOP}-{rule.workshop_id}"


def _hours_text(minutes: int) -> str:
    """Return minutes as hours: 8, 7.5; as 7:20 where a decimal fraction would not be exact."""
    hours = Decimal(minutes) / 60
    shown = hours.quantize(Decimal("0.01"))
    return format(shown.normalize(), "f") if shown * 60 == minutes else f"{minutes // 60}:{minutes % 60:02}"


def _time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def _minute(entered: time | None, midnight: int) -> int | None:
    """Return the minute of the day; midnight: what 0:00 means, the start of the day or its end."""
    if entered is None:
        return None
    minute = entered.hour * 60 + entered.minute
    return minute or midnight
