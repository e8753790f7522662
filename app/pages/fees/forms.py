"""The forms of fees: a new one, why one is taken back, and dues of many members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import DateField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.auth.logins import Login
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.member_choice import MemberChoiceMixin
from app.forms.number_fields import EuroField, ExactNumberField, PriceField
from app.forms.required import Required
from app.wording.billing import price_class_label
from app.wording.documents import CODE_LABELS
from app.wording.fees import KIND_LABELS
from billing.allocations.periods import accounting_year
from billing.fees.dues import DuesInput
from billing.fees.posting import ENTERED_KINDS, MATERIAL, QUANTITY_MAX, UNIT_LENGTH_MAX, FeeInput
from billing.fees.working import QUANTITY_DECIMALS, PricedFee
from billing.limits import CENTS_MAX, FIRST_DAY, LAST_DAY, NAME_LENGTH_MAX, NOTE_LENGTH_MAX
from booking.queries import GUEST_PRICE_CLASS, MemberName
from booking.queries.price_classes import PriceClassView


def codes() -> list[Any]:
    """Return the choices of a VAT code."""
    said = select_choice("", _l("as said for anything else"))
    return [said, *(select_choice(*pair) for pair in CODE_LABELS.items())]


def require_year(day: date | None) -> None:
    """Refuse a year in which nothing can be."""
    if day and not FIRST_DAY <= day <= LAST_DAY:
        raise ValidationError(
            _("The year is a number from %(first)s to %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year)
        )


def require_sum(quantity: Decimal | None, unit_price: Decimal | None) -> None:
    """Refuse a fee of nothing, and one beyond all bounds. None: that field says itself what is wrong with it."""
    if quantity is None or unit_price is None:
        return
    if not 1 <= PricedFee(quantity, unit_price).cents <= CENTS_MAX:
        raise ValidationError(_("The fee must be at least one cent and at most ten million euro."))


class QuantityField(ExactNumberField):
    """How many: above zero, with at most three decimals."""

    decimals = QUANTITY_DECIMALS

    def check(self, number: object) -> None:
        """Refuse nothing, less, and more than anybody buys."""
        if not 0 < number <= QUANTITY_MAX:  # type: ignore[operator]
            raise ValidationError(_("The quantity must be above zero and at most %(most)s.", most=QUANTITY_MAX))


class FeeForm(IdempotencyKeyMixin, MemberChoiceMixin, BaseForm):
    """A fee of one member. Members are found by typing: a ring may have thousands."""

    page_order = ("q", "member")

    member = RadioField(_l("Member"), validate_choice=False)
    kind = RadioField(
        _l("Kind"), choices=[select_choice(kind, KIND_LABELS[kind]) for kind in ENTERED_KINDS], default=MATERIAL
    )
    text = StringField(
        _l("What the fee is for"), [Required(_l("Please say what the fee is for.")), Length(max=NAME_LENGTH_MAX)]
    )
    service_date = DateField(_l("Day of supply"), [Required(_l("Please enter the day."))])
    quantity = QuantityField(_l("Quantity"), [Required(_l("Please enter how many."))])
    unit = StringField(_l("Unit, such as kg or piece"), [Length(max=UNIT_LENGTH_MAX)])
    unit_price = PriceField(_l("Price for one, in euro"), [Required(_l("Please enter the price for one."))])
    machine = SelectField(_l("Machine"), default="")
    tax_code = SelectField(_l("VAT"), default="")

    today: date | None = None

    def offer(self, session: Session, login: Login, machines: Iterable[tuple[int, str]], *, today: date) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.today = today
        self.offer_members(session, login, day=date.min)
        self.machine.choices = [
            select_choice("", _("none")),
            *(select_choice(str(machine_id), name) for machine_id, name in machines),
        ]
        self.tax_code.choices = codes()

    def validate_member(self, field: RadioField) -> None:
        """Refuse who cannot be chosen, and nobody."""
        if not field.data or field.data not in {str(choice[0]) for choice in field.choices or ()}:
            raise ValidationError(_("Find the member who owes the fee, then choose it."))

    def validate_service_date(self, field: DateField) -> None:
        """Refuse a day to come, and a year in which nothing can be."""
        require_year(field.data)
        if self.today and field.data and field.data > self.today:
            raise ValidationError(_("A fee is for what was supplied: the day must not lie in the future."))

    def validate_unit_price(self, field: PriceField) -> None:
        """Refuse a fee of nothing, and one beyond all bounds."""
        require_sum(self.quantity.number, field.number)

    def entry(self) -> FeeInput:
        """Return what was entered. Call only after validation."""
        assert self.chosen_member_id is not None
        assert self.service_date.data
        assert self.quantity.number is not None
        assert self.unit_price.number is not None
        return FeeInput(
            self.kind.data,
            self.chosen_member_id,
            self.service_date.data,
            self.text.data or "",
            self.quantity.number,
            self.unit_price.number,
            self.unit.data or "",
            int(self.machine.data) if self.machine.data else None,
            self.tax_code.data or None,
        )

    def _is_known(self, session: Session, login: Login, member: MemberName) -> bool:
        return True  # who enters fees sees all names


class ReverseFeeForm(BaseForm):
    """Why a fee is taken back."""

    reason = StringField(_l("Reason"), [Required(_l("Please give the reason.")), Length(max=NOTE_LENGTH_MAX)])


class DuesForm(BaseForm):
    """Membership dues for a period. seen: the digest of the preview that was shown."""

    amount = EuroField(_l("Dues of each member, in euro"), [Required(_l("Please enter the amount."))])
    since = DateField(_l("For the period from"), [Required(_l("Please enter the first day."))])
    until = DateField(_l("Until"), [Required(_l("Please enter the last day."))])
    members_on = DateField(_l("Members as of"), [Required(_l("Please enter the day on which one must be a member."))])
    price_classes = SelectMultipleField(
        _l("Who owes them"),
        [Required(_l("Please choose at least one price class."))],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    text = StringField(
        _l("What the members read"), [Required(_l("Please say what the dues are for.")), Length(max=NAME_LENGTH_MAX)]
    )
    tax_code = SelectField(_l("VAT"), default="")
    seen = HiddenField()

    codes: tuple[str, ...] = ()

    def offer(self, classes: Iterable[PriceClassView]) -> None:
        """Fill in what can be chosen. Call before validation."""
        labels = {one.code: price_class_label(one) for one in classes}
        self.codes = tuple(labels)
        self.price_classes.choices = [select_choice(*pair) for pair in labels.items()]
        self.tax_code.choices = codes()

    def propose(self, today: date) -> None:
        """Fill in the present accounting year, today's members and all classes but guests."""
        self.since.data, self.until.data = accounting_year(today)
        self.members_on.data = today
        self.text.data = _("Membership dues %(year)s", year=today.year)
        self.price_classes.data = [code for code in self.codes if code != GUEST_PRICE_CLASS]

    def validate_amount(self, field: EuroField) -> None:
        """Refuse nothing, and less."""
        if not 0 < (field.cents or 0) <= CENTS_MAX:
            raise ValidationError(_("The fee must be at least one cent and at most ten million euro."))

    def validate_since(self, field: DateField) -> None:
        """Refuse a year in which nothing can be."""
        require_year(field.data)

    def validate_until(self, field: DateField) -> None:
        """Refuse a last day before the first, and a year in which nothing can be."""
        require_year(field.data)
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError(_("The period ends before it starts."))

    def validate_members_on(self, field: DateField) -> None:
        """Refuse a year in which nothing can be."""
        require_year(field.data)

    def entry(self) -> DuesInput:
        """Return what was entered. Call only after validation."""
        assert self.since.data
        assert self.until.data
        assert self.members_on.data
        return DuesInput(
            self.since.data,
            self.until.data,
            self.members_on.data,
            self.amount.cents or 0,
            frozenset(self.price_classes.data or ()),
            self.text.data or "",
            self.tax_code.data or None,
        )
