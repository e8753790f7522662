"""The form of a key that a pool composes itself: its parts, a minimum, a cap, fixed percentages of members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, FieldList, FormField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError
from wtforms.widgets import HiddenInput

from app.forms.base_form import BaseForm, RowForm
from app.forms.choices import select_choice
from app.forms.number_fields import ExactNumberField
from app.forms.required import Required
from app.forms.text_fields import text_of
from app.wording.keys import BASE_LABELS, PER_CENT
from app.wording.numbers import AmountError, parse_decimal
from app.wording.rules import violation_sentence
from billing.errors.cost_errors import KeyRefused
from billing.errors.money_errors import NameTaken, WrongPeriod
from billing.limits import FIRST_DAY, NAME_LENGTH_MAX
from billing.pools.keys import BASES, METER, USE, KeyPart, KeyTerms, raised_base
from billing.pools.meters import PER_UNIT
from billing.pools.pool_keys import METER_UNIT_LENGTH_MAX, DatedTerms
from booking.charge_units import CHARGE_UNITS
from booking.kernel.errors import DomainError
from booking.queries.member_texts import MemberText

PERCENTS_LENGTH_MAX = 20_000
DECIMALS = 4  # of a percentage


class PercentField(ExactNumberField):
    """A percentage with up to four decimals. ten_thousandths: None when nothing was typed."""

    decimals = DECIMALS

    def check(self, number: Decimal) -> None:
        """Refuse what no percentage is."""
        if not 0 < number <= 100:
            raise ValidationError(_("A percentage is above 0 and at most 100."))

    @property
    def ten_thousandths(self) -> int | None:
        """The percentage in ten-thousandths of a per cent."""
        return None if self.number is None else int(self.number * PER_CENT)

    def show_percent(self, ten_thousandths: int | None) -> None:
        """Put a stored percentage into the field."""
        self.show(None if ten_thousandths is None else Decimal(ten_thousandths) / PER_CENT)


class PartForm(RowForm):
    """A part of a key."""

    percent = PercentField(_l("Per cent of the sum"))
    base = SelectField(_l("Divided"), choices=[select_choice(base, BASE_LABELS[base]) for base in BASES], default=USE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base.flags.required = True  # one is always chosen


class KeyForm(BaseForm):
    """A key of a pool, and from which day on it consists of what. Parts without a percentage count for nothing.

    use_unit: the charge unit in which the use of the pool is counted, "" where its machines have several.
    """

    error_fields = ((NameTaken, "name"), (WrongPeriod, "valid_from"))

    name = StringField(_l("Name"), [Required(_l("Please enter a name for the key.")), Length(max=NAME_LENGTH_MAX)])
    valid_from = DateField(_l("From"), [Required(_l("Please enter the day from which this holds."))])
    parts = FieldList(FormField(PartForm), max_entries=len(BASES))
    percents = TextAreaField(_l("Fixed percentages of members"), [Length(max=PERCENTS_LENGTH_MAX)])
    meter_unit = StringField(_l("What the meters count"), [Length(max=METER_UNIT_LENGTH_MAX)])
    minimum = ExactNumberField(_l("Minimum amount for a member who used something"))
    cap = PercentField(_l("At most this percentage of the sum for each member"))
    revision = IntegerField(validators=[Optional()], widget=HiddenInput())

    use_unit = ""
    found: tuple[tuple[int, int], ...] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for _row in range(len(self.parts), len(BASES)):
            self.parts.append_entry()

    def offer(self, members: Sequence[MemberText]) -> None:
        """Say whom the percentages can name. Call before validation."""
        self._by_number: Mapping[str, MemberText] = {one.number.casefold(): one for one in members}
        self._numbers = {one.id: one.number for one in members}

    def validate_percents(self, field: TextAreaField) -> None:
        """Read one member a line: number, percentage. Every line that is wrong is named."""
        lines = [line.strip() for line in (field.data or "").splitlines() if line.strip()]
        read = [self._line(line) for line in lines]
        faults = [one for one in read if isinstance(one, str)]
        if faults:
            raise ValidationError(" ".join(faults[:3]))
        self.found = tuple(one for one in read if isinstance(one, tuple))

    def validate_minimum(self, field: ExactNumberField) -> None:
        """Refuse a minimum that is below zero or finer than the use is counted in."""
        small = self._minimum()
        if small < 0 or small % 1:
            raise ValidationError(_("This amount is below zero, or finer than it is counted."))

    def validate_parts(self, field: FieldList) -> None:
        """Ask for one part at least."""
        if not any(row.percent.number for row in self.rows()):
            raise ValidationError(_("Enter at least one part, with its percentage: 100 for a single one."))

    def show_refusal(self, refusal: DomainError) -> None:
        """Show what does not fit together at its field; any other refusal as usual."""
        if not isinstance(refusal, KeyRefused):
            super().show_refusal(refusal)
            return
        for violation in refusal.violations:
            at = self.rows()[0].percent.name if violation.field == "parts" else violation.field
            self.add_error(at, violation_sentence(violation))

    def add_error(self, name: str, sentence: str) -> None:
        """Add an error to a field; one about the parts to the first of them."""
        if name.startswith("parts-"):
            self.rows()[0].percent.errors = [*self.rows()[0].percent.errors, sentence]
        else:
            super().add_error(name, sentence)

    def rows(self) -> list[PartForm]:
        """Return the rows of the parts."""
        return [entry.form for entry in self.parts]

    def entry(self) -> DatedTerms:
        """Return what was entered. Call only after validation."""
        parts = [KeyPart(row.base.data, row.percent.ten_thousandths or 0) for row in self.rows() if row.percent.number]
        minimum = int(self._minimum())
        terms = KeyTerms(tuple(parts), minimum, self.cap.ten_thousandths, text_of(self.meter_unit), self.found)
        day = FIRST_DAY if self.valid_from is None else self.valid_from.data  # a new key has no such field
        return DatedTerms(day or FIRST_DAY, terms)

    def fill(self, name: str, revision: int, terms: KeyTerms) -> None:
        """Show what is stored."""
        self.name.data, self.revision.data, self.meter_unit.data = name, revision, terms.meter_unit
        for row, part in zip(self.rows(), terms.parts, strict=False):
            row.base.data = part.base
            row.percent.show_percent(part.percent)
        self.cap.show_percent(terms.cap)
        if terms.minimum:
            self.minimum.show(Decimal(terms.minimum) / self._per_unit([part.base for part in terms.parts]))
        self.show_percents(terms.percents)

    def show_percents(self, percents: Sequence[tuple[int, int]]) -> None:
        """Put percentages of members into the field, one a line."""
        self.percents.data = "\n".join(
            f"{self._numbers.get(member_id, member_id)}; {(Decimal(percent) / PER_CENT).normalize():f}"
            for member_id, percent in percents
        )

    def _line(self, line: str) -> tuple[int, int] | str:
        """Return (member id, ten-thousandths of 1 %), or what is wrong with a line."""
        text = line.replace("\t", ";").removesuffix("%").strip()
        number, _separator, percent = text.rpartition(";" if ";" in text else " ")
        member = self._by_number.get(number.strip().casefold())
        if member is None:
            return _("“%(line)s”: there is no member with this number.", line=line[:60])
        try:
            read = parse_decimal(percent.strip(), decimals=DECIMALS)
        except (AmountError, InvalidOperation):
            return _("“%(line)s”: this is no percentage with up to four decimals.", line=line[:60])
        return (
            (member.id, int(read * PER_CENT))
            if 0 < read <= 100
            else _("“%(line)s”: a percentage is above 0 and at most 100.", line=line[:60])
        )

    def _minimum(self) -> Decimal:
        bases = [row.base.data for row in self.rows() if row.percent.number]
        return (self.minimum.number or Decimal(0)) * self._per_unit(bases)

    def _per_unit(self, bases: Sequence[str]) -> int:
        """Return how many small units a unit of the minimum has."""
        if raised_base(bases) == METER:
            return PER_UNIT
        return CHARGE_UNITS[self.use_unit].small_per_unit if self.use_unit else 1
