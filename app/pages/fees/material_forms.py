"""The forms of materials: what a workshop sells, goods that came in, what was counted, a sale."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import Length, ValidationError

from app.auth.logins import Login
from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.member_choice import MemberChoiceMixin
from app.forms.number_fields import ExactNumberField, PriceField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.pages.fees.forms import QuantityField, codes, require_sum, require_year
from app.wording.fees import material_choice
from billing.errors.fee_errors import StockTooLow
from billing.errors.money_errors import NameTaken
from billing.fees.materials import MaterialInput, Sale
from billing.fees.posting import QUANTITY_MAX, UNIT_LENGTH_MAX
from billing.fees.working import QUANTITY_DECIMALS
from billing.limits import NAME_LENGTH_MAX, NOTE_LENGTH_MAX
from billing.queries.materials import MaterialView
from booking.queries import MemberName


class MaterialForm(RevisionMixin, BaseForm):
    """A material that a workshop sells."""

    error_fields = ((NameTaken, "name"),)

    workshop = SelectField(_l("Workshop"), coerce=int)
    name = StringField(_l("Name"), [Required(_l("Please enter the name.")), Length(max=NAME_LENGTH_MAX)])
    unit = StringField(
        _l("Unit, such as kg or piece"), [Required(_l("Please enter the unit.")), Length(max=UNIT_LENGTH_MAX)]
    )
    unit_price = PriceField(_l("Price for one, in euro"), [Required(_l("Please enter the price for one."))])
    tax_code = SelectField(_l("VAT"), default="")
    may_go_below = BooleanField(_l("May be sold although the stock says that there is none"))
    is_sold = BooleanField(_l("Is sold"), default=True)

    def offer(self, workshops: Iterable[tuple[int, str]]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.workshop.choices = [select_choice(*pair) for pair in workshops]
        self.tax_code.choices = codes()

    def validate_unit_price(self, field: PriceField) -> None:
        """Refuse what costs nothing."""
        if field.number is not None and field.number <= 0:
            raise ValidationError(_("The price must be above zero."))

    def fill(self, stored: MaterialView) -> None:
        """Show what is stored."""
        self.workshop.data, self.name.data, self.unit.data = stored.workshop_id, stored.name, stored.unit
        self.unit_price.show(stored.unit_price)
        self.tax_code.data, self.revision.data = stored.tax_code or "", stored.revision
        self.may_go_below.data, self.is_sold.data = stored.may_go_below, stored.is_sold

    def entry(self) -> MaterialInput:
        """Return what was entered. Call only after validation."""
        assert self.unit_price.number is not None
        return MaterialInput(
            self.name.data or "",
            self.unit.data or "",
            self.unit_price.number,
            self.tax_code.data or None,
            self.may_go_below.data,
            self.is_sold.data,
        )


class CountedField(ExactNumberField):
    """What was counted: nothing or more, with at most three decimals."""

    decimals = QUANTITY_DECIMALS

    def check(self, number: Decimal) -> None:
        """Refuse less than nothing, and more than any shed holds."""
        if not 0 <= number <= QUANTITY_MAX:
            raise ValidationError(_("The stock is zero or more, and at most %(most)s.", most=QUANTITY_MAX))


class StockForm(IdempotencyKeyMixin, BaseForm):
    """Goods that came in, or what was counted."""

    kind = RadioField(
        _l("What"),
        choices=[
            select_choice("receipt", _l("Goods received: added to the stock")),
            select_choice("count", _l("Counted: that much is there now")),
        ],
        default="receipt",
    )
    quantity = CountedField(_l("Quantity"), [Required(_l("Please enter how many."))])
    note = StringField(_l("Note, such as the delivery note"), [Length(max=NOTE_LENGTH_MAX)])

    def validate_quantity(self, field: CountedField) -> None:
        """Refuse a receipt of nothing."""
        if self.kind.data == "receipt" and field.number == 0:
            raise ValidationError(_("The quantity must be above zero and at most %(most)s.", most=QUANTITY_MAX))


class SaleForm(IdempotencyKeyMixin, MemberChoiceMixin, BaseForm):
    """Material for a member. price: what was shown for one; it is asked about again where it has changed meanwhile."""

    error_fields = ((StockTooLow, "quantity"),)
    page_order = ("q", "member")

    price = HiddenField()

    member = RadioField(_l("Member"), validate_choice=False)
    quantity = QuantityField(_l("Quantity"), [Required(_l("Please enter how many."))])
    service_date = DateField(_l("Day of supply"), [Required(_l("Please enter the day."))])

    today: date | None = None
    shown_price: Decimal | None = None
    unit_price = Decimal(0)

    def offer(self, session: Session, login: Login, material: MaterialView, *, today: date) -> None:
        """Fill in what can be chosen, and the present price. Call before validation."""
        self.today, self.unit_price = today, material.unit_price
        self.shown_price, self.price.data = _price_of(self.price.data), f"{material.unit_price:f}"
        self.offer_members(session, login, day=date.min)

    def validate_member(self, field: RadioField) -> None:
        """Refuse who cannot be chosen, and nobody."""
        if not field.data or field.data not in {str(choice[0]) for choice in field.choices or ()}:
            raise ValidationError(_("Find the member who takes it, then choose it."))

    def validate_quantity(self, field: QuantityField) -> None:
        """Refuse what would cost nothing, and a sum beyond all bounds."""
        require_sum(field.number, self.unit_price)

    def validate_service_date(self, field: DateField) -> None:
        """Refuse a day to come, and a year in which nothing can be."""
        require_year(field.data)
        if self.today and field.data and field.data > self.today:
            raise ValidationError(_("A fee is for what was supplied: the day must not lie in the future."))

    def sale(self) -> Sale:
        """Return what was entered. Call only after validation."""
        assert self.chosen_member_id is not None
        assert self.quantity.number is not None
        assert self.service_date.data
        day, price = self.service_date.data, self.shown_price
        return Sale(self.chosen_member_id, self.quantity.number, day, unit_price=price)

    def _is_known(self, session: Session, login: Login, member: MemberName) -> bool:
        return login.is_treasurer or super()._is_known(session, login, member)


class TakenForm(IdempotencyKeyMixin, BaseForm):
    """Material taken for a use, beside its slip. A choice names the price that it was shown with, too."""

    error_fields = ((StockTooLow, "quantity"),)

    material = SelectField(_l("Material"))
    quantity = QuantityField(_l("Quantity"), [Required(_l("Please enter how many."))])

    offered: Sequence[MaterialView] = ()
    chosen: MaterialView | None = None
    shown_price: Decimal | None = None

    def offer(self, materials: Sequence[MaterialView]) -> None:
        """Fill in what can be chosen, with the present prices. Call before validation."""
        self.offered = materials
        self.material.choices = [select_choice(_value_of(one), material_choice(one)) for one in materials]
        material_id, _at, price = (self.material.data or "").partition("@")
        self.chosen = next((one for one in materials if str(one.id) == material_id), None)
        if self.chosen is not None:
            self.shown_price, self.material.data = _price_of(price), _value_of(self.chosen)

    def validate_quantity(self, field: QuantityField) -> None:
        """Refuse what would cost nothing, and a sum beyond all bounds."""
        if self.chosen is not None:
            require_sum(field.number, self.chosen.unit_price)


def _value_of(material: MaterialView) -> str:
    return f"{material.id}@{material.unit_price:f}"


def _price_of(shown: str | None) -> Decimal | None:
    """Return the price that a page sent back; None where it sent none."""
    return Decimal(shown) if shown and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", shown, re.ASCII) else None
