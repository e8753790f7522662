"""The form of a bill, which asks before it stores an unusual amount."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from app.forms.base_form import BaseForm
from app.forms.choices import select_choice
from app.forms.idempotency_key import IdempotencyKeyMixin
from app.forms.number_fields import EuroField
from app.forms.required import Required
from app.forms.revision import RevisionMixin
from app.wording.rules import violation_sentence
from billing.errors.cost_errors import UnusualCost
from billing.limits import NAME_LENGTH_MAX, NOTE_LENGTH_MAX
from billing.pools.costs import CostEntry
from billing.queries import CostView
from booking.kernel.errors import DomainError

NAME, NOTE = Length(max=NAME_LENGTH_MAX), Length(max=NOTE_LENGTH_MAX)


class CostForm(RevisionMixin, BaseForm):
    """A bill. asks_about: the unusual amount in cents that is to be confirmed."""

    asks_about: int | None = None

    service_date = DateField(_l("Service date"), [Required(_l("Please enter the service date."))])
    supplier = StringField(_l("Supplier"), [Required(_l("Please enter the supplier.")), NAME])
    net = EuroField(_l("Net amount, in euro"), [Required(_l("Please enter the net amount."))])
    kind = SelectField(_l("Kind of cost"), [Required(_l("Please choose the kind of cost."))])
    document = StringField(_l("Number of the bill"), [NAME])
    note = TextAreaField(_l("Note"), [NOTE])
    confirmed = HiddenField()  # the amount in cents that the second button confirms

    def show_refusal(self, refusal: DomainError) -> None:
        """Show at its field what is unusual, and offer to confirm it; any other refusal as usual."""
        super().show_refusal(refusal)
        if isinstance(refusal, UnusualCost):
            self.form_errors.clear()
            for violation in refusal.violations:
                name = self.service_date.name if violation.rule == "service_day_far" else self.net.name
                self.add_error(name, violation_sentence(violation))
            self.asks_about = self.net.cents

    @property
    def confirmed_cents(self) -> int | None:
        """The amount, if it is the one that was confirmed."""
        return self.net.cents if self.confirmed.data == str(self.net.cents) else None

    def offer(self, kinds: Iterable[str]) -> None:
        """Fill in what can be chosen. Call before validation."""
        self.kind.choices = [select_choice(kind, kind) for kind in kinds]

    def validate_net(self, field: EuroField) -> None:
        """Refuse an amount of zero."""
        if field.cents == 0:
            raise ValidationError(_("The amount is zero. A credit note of the supplier is entered with a minus."))

    def entry(self) -> CostEntry:
        """Return what was entered. Call only after validation."""
        assert self.service_date.data
        assert self.net.cents is not None
        return CostEntry(
            service_date=self.service_date.data,
            supplier=self.supplier.data or "",
            kind=self.kind.data,
            net_cents=self.net.cents,
            document=self.document.data or "",
            note=self.note.data or "",
        )

    def fill(self, cost: CostView) -> None:
        """Show what is stored."""
        self.service_date.data, self.supplier.data, self.kind.data = cost.service_date, cost.supplier, cost.kind
        self.net.show_cents(cost.net_cents)
        self.document.data, self.note.data, self.revision.data = cost.document, cost.note, cost.revision


class NewCostForm(IdempotencyKeyMixin, CostForm):
    """A new bill, entered once however often it is sent."""
