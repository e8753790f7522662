"""The forms of inductions: to give one to one or more members, to end one, to enter a kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.auth.member_logins import person_named
from app.extensions import db
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.member_search import SEARCH_LENGTH_MAX, MemberSearchMixin
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.forms.rule_change import RuleChangeMixin
from app.wording.induction_levels import LEVEL_NAMES
from app.wording.rules import violation_sentence
from booking.errors.schedule_errors import Violation
from booking.members import inductions, members
from booking.members.inductions import NAME_LENGTH_MAX, VALID_MONTHS_MAX
from booking.models.member import SUPERVISED_USES_MAX
from booking.queries import FoundMembers
from booking.queries.induction_kind_views import KindView
from booking.rule_changes.induction_kinds import KindInput
from booking.rules.persons import PERSON_LENGTH_MAX, Level, Person

CHOSEN_MAX = 500  # members who get an induction at once
LACKING_KINDS = 3  # named for each member
AT_ONCE, ON_A_DAY = "now", "day"


class InductionForm(MemberSearchMixin, BaseForm):
    """An induction of members for a kind of machines. Nothing is chosen beforehand."""

    member_ids = SelectMultipleField(
        _l("Members"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    kind_id = SelectField(_l("Inducted for"), coerce=lambda value: int(value) if value else None)
    given_on = DateField(_l("On"), [Required(_l("Please enter the day of the induction."))])
    valid_until = DateField(_l("Valid until"), [Optional()])
    person = StringField(_l("Who of the member"), [Length(max=PERSON_LENGTH_MAX)])
    level = SelectField(_l("May run it"), validate_choice=False)
    given_by = StringField(_l("By whom"), [Length(max=NAME_LENGTH_MAX)])
    shown = ""  # signed: whom searches showed (shown_members.py)
    found_count = 0  # how many are found by the text of the search

    @property
    def all_found_text(self) -> str | None:
        """The text of the search all of whose finds are chosen with one tick; None without the tick."""
        text = request.form.get("all_found") if self.is_submitted() else None
        return None if text is None else text.strip()[:SEARCH_LENGTH_MAX]

    def choose(self, member_ids: Iterable[int]) -> None:
        """Add members to those chosen so far."""
        self.member_ids.data = list(dict.fromkeys([*self.chosen_ids, *member_ids]))

    @property
    def chosen_ids(self) -> list[int]:
        """The members chosen so far; kept while others are searched for."""
        return list(dict.fromkeys(number for number in self.member_ids.data or () if number))

    @property
    def is_searching(self) -> bool:
        """Whether the form was sent to find members, or to go back to it."""
        return self.is_submitted() and "find" in request.form

    @property
    def is_confirmed(self) -> bool:
        """Whether the summary was seen and confirmed."""
        return self.is_submitted() and "confirm" in request.form

    @property
    def member_choices(self) -> list[tuple[int, str]]:
        """Who can be chosen, as (id, name)."""
        return [(int(choice[0]), str(choice[1])) for choice in self.member_ids.choices or ()]

    def offer(self, members: FoundMembers, kinds: Sequence[tuple[int, str]], *, known: Collection[int]) -> None:
        """Fill in what can be chosen, by number alone who is not known. Call before validation."""
        self.note_found(members)
        offered = (*members.chosen, *members.found)
        self.member_ids.choices = [
            (member.id, f"{member.name} ({member.number})" if member.id in known else member.number)
            for member in offered
        ]
        self.kind_id.choices = [("", _("Choose")), *kinds]
        names = [(level.value, str(name)) for level, name in LEVEL_NAMES.items()]
        self.level.choices = [("", _("as the kind begins")), *names]

    @property
    def chosen_level(self) -> Level | None:
        """The level; None for the one with which the kind begins. Nonsense counts as none."""
        return Level(self.level.data) if self.level.data in set(Level) else None

    def validate_member_ids(self, field: SelectMultipleField) -> None:
        """Require at least one member."""
        if not field.data:
            raise ValidationError(_("Choose at least one member."))
        if len(self.chosen_ids) > CHOSEN_MAX:
            raise ValidationError(_("Choose at most %(limit)s members at once.", limit=CHOSEN_MAX))

    def validate_person(self, field: StringField) -> None:
        """Accept a name for one member only."""
        if (field.data or "").strip() and len(self.chosen_ids) > 1:
            raise ValidationError(_("A name is for one member alone. Leave it empty, or enter each member by itself."))

    def validate_kind_id(self, field: SelectField) -> None:
        """Require a kind."""
        if not field.data:
            raise ValidationError(_("Choose what the members were inducted for."))

    def validate_given_on(self, field: DateField) -> None:
        """Refuse a year that cannot be meant, before the summary is shown."""
        if field.data is not None:
            _refuse(inductions.check_given_on(field.data))

    def validate_valid_until(self, field: DateField) -> None:
        """Refuse a last day before the first, and a year that cannot be meant."""
        if self.given_on.data:
            _refuse(inductions.check_until(self.given_on.data, field.data))

    def last_day(self, session: Session) -> date:
        """Return the last day on which the induction is valid. Call only after validation."""
        assert self.given_on.data is not None
        return self.valid_until.data or inductions.usual_last_day(session, self.kind_id.data, self.given_on.data)

    def named_person(self, session: Session) -> Person | None:
        """Return who of the only member is inducted; None without a name. Call only after validation."""
        name = (self.person.data or "").strip()
        return person_named(session, self.chosen_ids[0], name) if name else None


def _refuse(violations: list[Violation]) -> None:
    for violation in violations:
        raise ValidationError(violation_sentence(violation))


class EndInductionForm(BaseForm):
    """When an induction ends. Nothing is chosen beforehand."""

    when = RadioField(
        _l("End of the induction"),
        choices=[
            select_choice(AT_ONCE, _l("at once, for example after an incident")),
            select_choice(ON_A_DAY, _l("at the end of a day")),
        ],
        validate_choice=False,
    )
    last_day = DateField(_l("Last day"), [Optional()])
    tells_member = BooleanField(_l("Tell the member by e-mail which reservations are affected"))

    def validate_when(self, field: RadioField) -> None:
        """Require a choice, and the day that belongs to it."""
        if field.data not in (AT_ONCE, ON_A_DAY):
            raise ValidationError(_("Choose when it ends."))
        if field.data == ON_A_DAY and self.last_day.data is None and not self.last_day.errors:
            self.last_day.errors = [_("Enter the last day on which it is valid.")]
            raise ValidationError(_("The day is missing."))

    @property
    def chosen_last_day(self) -> date | None:
        """The last day; None at once. Call only after validation."""
        return self.last_day.data if self.when.data == ON_A_DAY else None


class KindForm(BaseForm):
    """A kind of induction. requires: other kinds that have to be valid as well."""

    name = StringField(
        _l("Name"), [Required(_l("Please enter a name for the induction.")), Length(max=NAME_LENGTH_MAX)]
    )
    valid_months = IntegerField(
        _l("Valid for, in months"),
        [Required(_l("Please enter for how many months it is valid.")), NumberRange(1, VALID_MONTHS_MAX)],
        default=12,
    )
    requires = SelectMultipleField(
        _l("Builds on"), coerce=int, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    supervised_uses = IntegerField(
        _l("Uses under supervision first"), [Optional(), NumberRange(0, SUPERVISED_USES_MAX)], default=0
    )
    promotes = BooleanField(_l("After them the person may run it alone without your decision; otherwise you are asked"))
    renews_by_use = BooleanField(_l("Each use renews it: the months run from the last use"))

    def offer(self, kinds: Iterable[KindView], kind_id: int | None = None) -> None:
        """Fill in the other kinds. kind_id: of the one that is changed. Call before validation."""
        self.requires.choices = [(one.id, one.name) for one in kinds if one.id != kind_id]

    def to_input(self) -> KindInput:
        """Return what was entered. Call only after validation."""
        return KindInput(
            self.name.data or "",
            self.valid_months.data or 12,
            frozenset(self.requires.data or ()),
            self.supervised_uses.data or 0,
            bool(self.promotes.data),
            bool(self.renews_by_use.data),
        )


class KindChangeForm(RuleChangeMixin, RevisionMixin, KindForm):
    """A kind of induction that is changed, after a look at what a new prerequisite does."""

    not_persisted = ("tells_members",)

    def fill(self, view: KindView) -> None:
        """Show what is stored."""
        self.name.data, self.valid_months.data = view.name, view.valid_months
        self.requires.data = [one.id for one in view.requires]
        self.supervised_uses.data, self.promotes.data = view.supervised_uses, view.promotes
        self.renews_by_use.data = view.renews_by_use
        self.revision.data, self.record_id.data = view.revision, view.id


def lacking_of(form: InductionForm) -> list[tuple[str, str]]:
    """Return which of the chosen members lack an induction on which this one builds, each with the name of one."""
    kind_id, given_on, names = form.kind_id.data, form.given_on.data, dict(form.member_choices)
    assert given_on is not None  # a required field
    eligible = members.eligibilities(db.session(), form.chosen_ids)
    person = form.named_person(db.session())
    found = ((member_id, eligible.of(member_id, kind_id, person).required) for member_id in form.chosen_ids)
    return [
        (names.get(member_id, ""), kind)
        for member_id, required in found
        for kind, days in required[:LACKING_KINDS]
        if not any(first <= given_on <= last for first, last in days)
    ]
