"""The forms of the treasurer. They know language and typed numbers; the rules are those of billing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.validators import Length, NumberRange, ValidationError

from app.auth.logins import Login
from app.forms.base_form import BaseForm, RowForm, is_review_only
from app.forms.choices import select_choice
from app.forms.member_choice import MemberChoiceMixin
from app.forms.required import NOT_SENT, Required
from app.forms.revision import Answer, RevisionMixin
from app.forms.text_fields import text_of
from app.pages.costs.counted_names import scope_of_choice
from app.wording.billing import KEY_LABELS
from app.wording.ledger import CHARGES_ARE_LABELS
from billing.errors.money_errors import MembershipEnded
from billing.limits import NAME_LENGTH_MAX, NOTE_LENGTH_MAX, SHARES_MAX
from billing.pools.pools import KEYS, KINDS_MAX, USE
from billing.pools.scopes import Scope
from billing.queries import PoolView
from booking.queries import MemberName

KINDS_SHOWN = 4
KEY_CHOICES = [select_choice(key, KEY_LABELS[key]) for key in KEYS]
NAME, NOTE = Length(max=NAME_LENGTH_MAX), Length(max=NOTE_LENGTH_MAX)


class KindForm(RowForm):
    """A kind of cost and the key that divides it."""

    kind = StringField(_l("Kind of cost"), [NAME])
    key = SelectField(_l("Divided"), choices=KEY_CHOICES, default=USE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key.flags.required = True  # one is always chosen


class PoolForm(RevisionMixin, BaseForm):
    """A pool's name and its kinds of cost. There are always KINDS_MAX rows; those without a kind count for nothing."""

    machine = SelectField(_l("What it counts"), [Required(_l("Please choose what the pool counts."))])
    name = StringField(_l("Name"), [Required(_l("Please enter a name for the cost pool.")), NAME])
    kinds = FieldList(FormField(KindForm), max_entries=KINDS_MAX)
    excludes_guests = BooleanField(_l("Leave guests out: they bear none of the costs of this pool"))
    charges_are = RadioField(
        _l("What the usage charges of the machine are"),
        [Required(_l("Please choose what the usage charges are."))],
        choices=[select_choice(*pair) for pair in CHARGES_ARE_LABELS.items()],
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for _row in range(len(self.kinds), KINDS_MAX):
            self.kinds.append_entry()

    own_keys: Mapping[str, str] = MappingProxyType({})

    def offer(self, scopes: list[Any]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.machine.choices = scopes

    def offer_keys(self, own_keys: Mapping[str, str]) -> None:
        """Offer the keys that the pool composed itself: code -> name. Call before validation."""
        self.own_keys = own_keys
        for row in self._rows():
            row.key.choices = [*KEY_CHOICES, *(select_choice(*pair) for pair in own_keys.items())]

    def validate_name(self, field: StringField) -> None:
        """Refuse a name of blanks."""
        if not text_of(field):
            raise ValidationError(_("Please give it a name."))

    def chosen_scope(self) -> Scope:
        """Return what is chosen, or what the browser shows first."""
        offered = [value for value, _label, *_rest in self.machine.iter_choices()]
        return scope_of_choice(self.machine.data if self.machine.data in offered else offered[0])

    def rules(self) -> dict[str, str]:
        """Return kind of cost -> key, as entered."""
        return {text_of(row.kind): row.key.data for row in self._rows() if text_of(row.kind)}

    def fill(self, pool: PoolView) -> None:
        """Show what is stored."""
        self.name.data, self.revision.data = pool.name, pool.revision
        self.excludes_guests.data, self.charges_are.data = pool.excludes_guests, pool.charges_are
        for row, (kind, key) in zip(self._rows(), pool.rules.items(), strict=False):
            row.kind.data, row.key.data = kind, key

    def answers(self) -> dict[str, Answer]:
        """Return all kinds with their keys as one answer: a row alone has no meaning."""
        fields = tuple(field for row in self._rows() for field in (row.kind, row.key))
        by_kind = sorted(self.rules().items())
        text = ", ".join(f"{kind}: {self.own_keys.get(key) or KEY_LABELS[key]}" for kind, key in by_kind)
        kinds = Answer(_("Kinds of cost and keys"), repr(by_kind), text or _("nothing"), fields)
        plain = super().answers()
        others = ("excludes_guests", "charges_are")
        return {"name": plain["name"], "kinds": kinds} | {name: plain[name] for name in others}

    def shown_rows(self) -> list[KindForm]:
        """Return the rows that are filled in, and some that are empty."""
        rows = self._rows()
        filled = sum(1 for row in rows if row.kind.data)
        return rows[: max(filled + 1, KINDS_SHOWN)]

    def _rows(self) -> list[KindForm]:
        return [entry.form for entry in self.kinds]


class SharesForm(MemberChoiceMixin, BaseForm):
    """How many shares a member holds from a day on. Members are found by typing: a ring may have thousands."""

    error_fields = ((MembershipEnded, "valid_from"),)
    page_order = ("q", "member")

    member = RadioField(_l("Member"), validate_choice=False)
    shares = IntegerField(
        _l("Shares"), [Required(_l("Please enter how many shares the member holds.")), NumberRange(0, SHARES_MAX)]
    )
    valid_from = DateField(_l("From"), [Required(_l("Please enter the day from which the shares hold."))])
    outlasts_membership = BooleanField(_l("The shares are held after the end of the membership too"))

    def holding(self) -> tuple[int, int, date]:
        """Return member id, shares, first day. Call only after validation."""
        assert self.chosen_member_id is not None
        assert self.shares.data is not None
        assert self.valid_from.data
        return self.chosen_member_id, self.shares.data, self.valid_from.data

    def validate_member(self, field: RadioField) -> None:
        """Refuse who cannot be chosen, and nobody."""
        if not field.data or field.data not in {str(choice[0]) for choice in field.choices or ()}:
            raise ValidationError(_("Find the member whose shares these are, then choose it."))

    def _is_known(self, session: Session, login: Login, member: MemberName) -> bool:
        return True  # who divides costs sees all names


class PostForm(BaseForm):
    """The preview that the treasurer posts: its period and digest."""

    since = DateField(validators=[Required(NOT_SENT)])
    until = DateField(validators=[Required(NOT_SENT)])
    digest = HiddenField(validators=[Required(NOT_SENT), Length(max=64)])
    note = StringField(_l("Note for the members"), [NOTE])

    @property
    def is_dated(self) -> bool:
        """Whether it has a period and is to be carried out."""
        return self.since.data is not None and self.until.data is not None and not is_review_only()

    @property
    def period(self) -> tuple[date, date]:
        """First and last day. Call only after validation."""
        assert self.since.data
        assert self.until.data
        return self.since.data, self.until.data


class ReverseForm(BaseForm):
    """Why an allocation is taken back."""

    reason = StringField(_l("Reason"), [Required(_l("Please give the reason.")), NOTE])
