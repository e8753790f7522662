"""The form of a tariff: prices, limits, and the rows of its further parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FieldList, FormField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from app.forms.base_form import BaseForm, RowForm
from app.forms.choices import select_choice
from app.forms.number_fields import EuroField, PriceField, UseField
from app.forms.required import Required
from app.forms.revision import Answer, RevisionMixin
from app.forms.text_fields import text_of
from app.pages.costs.tariffs.tariff_rows import NAME, AdjustmentRow, LineRow, TierRow, priced_row
from app.wording.billing import BASIS_LABELS, price_label
from app.wording.documents import CODE_LABELS
from app.wording.tariffs import TIER_LABELS, VAT_MODES
from billing.errors.document_errors import VatUnknown
from billing.limits import NOTE_LENGTH_MAX
from billing.prices.tariff_parts import ADJUSTMENTS_MAX, LINES_MAX, TIERS_MAX, MainEntry, TariffParts, TierEntry
from billing.queries import TariffView
from billing.tariffs.tariffs import TariffEntry
from booking.charge_units import CHARGE_UNITS, ChargeUnit
from booking.queries import PriceClassView

VAT_CHOICES = [
    select_choice("", _l("as said for all documents")),
    *(select_choice(*pair) for pair in CODE_LABELS.items()),
]
BASIS_CHOICES = [select_choice(*pair) for pair in BASIS_LABELS.items()]
NOTE = Length(max=NOTE_LENGTH_MAX)
GRADUATED, VOLUME = "graduated", "volume"
INCLUDED, ADDED = "included", "added"
AFTER_PRICES = (
    "vat_code",
    "vat_mode",
    "basis",
    "step",
    "minimum_amount",
    "minimum_charge",
    "cap_day",
    "free_amount",
    "month_free_amount",
    "tier_mode",
    "tiers",
    "main_name",
    "lines",
    "adjustments",
)
EMPTY_ROWS = 2  # shown behind those that are filled in


class TariffForm(RevisionMixin, BaseForm):
    """The prices of a machine from a day on. See tariff_form(), which adds a price for each price class.

    There are always as many rows as a tariff may have; empty ones count for nothing.
    """

    price_classes: tuple[str, ...] = ()

    valid_from = DateField(_l("Valid from"), [Required(_l("Please enter the day from which the tariff holds."))])
    vat_code = SelectField(_l("Which VAT"), choices=VAT_CHOICES, default="")
    vat_mode = SelectField(
        _l("The prices"), [Optional()], choices=[select_choice(*one) for one in VAT_MODES.items()], default=INCLUDED
    )
    basis = SelectField(_l("What counts"), [Required(_l("Please choose what counts."))], choices=BASIS_CHOICES)
    step = UseField(_l("Rounded up to steps of"), [Optional()])
    minimum_amount = UseField(_l("Minimum amount of a use"), [Optional()])
    minimum_charge = EuroField(_l("Minimum price of a use, in euro"), [Optional()])
    cap_day = EuroField(_l("At most for a day, in euro"), [Optional()])
    free_amount = UseField(_l("Free in each use"), [Optional()])
    month_free_amount = UseField(_l("Free for each member in a month"), [Optional()])
    tier_mode = RadioField(
        _l("How tiers count"),
        [Optional()],
        choices=[select_choice(*pair) for pair in TIER_LABELS.items()],
        default=GRADUATED,
    )
    main_name = StringField(_l("Name of the use itself"), [NAME])
    adjustments = FieldList(FormField(AdjustmentRow), max_entries=ADJUSTMENTS_MAX)
    note = TextAreaField(_l("Note"), [NOTE])
    example = UseField(_l("An example: how much is used"), [Optional()])
    reprice = BooleanField(_l("Price uses again that were already priced within this time"))

    not_persisted = ("reprice", "example")
    error_fields = ((VatUnknown, "vat_code"),)

    def __init__(self, unit: ChargeUnit, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit
        for field in (self.step, self.minimum_amount, self.free_amount, self.month_free_amount, self.example):
            field.unit = unit
        for rows, most in self._row_lists():
            for _row in range(len(rows), most):
                rows.append_entry()

    def _row_lists(self) -> tuple[tuple[FieldList, int], ...]:
        return (self["tiers"], TIERS_MAX), (self["lines"], LINES_MAX), (self.adjustments, ADJUSTMENTS_MAX)

    @property
    def price_fields(self) -> dict[str, PriceField]:
        """Return price class -> the field of its price."""
        return {code: self[price_field_name(code)] for code in self.price_classes}

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Tell each tier the unit of its line before its amount is read."""
        units = {text_of(row.name): row.unit.data for row in self.line_rows if text_of(row.name)}
        for row in self.tier_rows:
            row.from_amount.unit = CHARGE_UNITS.get(units.get(text_of(row.line), ""), self.unit)
        return super().validate(extra_validators)

    def validate_vat_code(self, field: SelectField) -> None:
        """Refuse to add a VAT that is not named."""
        if self.vat_mode.data == ADDED and not field.data:
            raise ValidationError(_("Choose which VAT is added to the prices."))

    def validate_minimum_charge(self, field: EuroField) -> None:
        """Refuse a negative minimum."""
        if (field.cents or 0) < 0:
            raise ValidationError(_("A price cannot be negative."))

    def validate_cap_day(self, field: EuroField) -> None:
        """Refuse a cap that lets nothing through."""
        if field.cents is not None and field.cents <= 0:
            raise ValidationError(_("Enter more than zero, or leave it empty."))

    def validate_tiers(self, _field: FieldList) -> None:
        """Refuse tiers of an amount that is not there."""
        names = {"", *(text_of(row.name) for row in self.line_rows)}
        for row in self.tier_rows:
            if text_of(row.line) not in names:
                row.line.errors = [_("There is no further amount with this name below.")]
                raise ValidationError(_("A tier names an amount that is not there."))

    def entry(self) -> TariffEntry:
        """Return what was entered. Call only after validation."""
        assert self.valid_from.data
        prices = {code: field.number for code, field in self.price_fields.items() if field.number is not None}
        return TariffEntry(
            valid_from=self.valid_from.data,
            prices=prices,
            step_amount=self.step.small or 1,
            minimum_amount=self.minimum_amount.small or 0,
            minimum_cents=self.minimum_charge.cents or 0,
            basis=self.basis.data,
            note=self.note.data or "",
            parts=self._parts(),
            cap_day_cents=self.cap_day.cents,
            tax_code=self.vat_code.data or None,
            price_includes_vat=self.vat_mode.data != ADDED,
        )

    def _parts(self) -> TariffParts:
        main = MainEntry(
            text_of(self.main_name),
            self._tiers(""),
            self.tier_mode.data == VOLUME and bool(self._tiers("")),
            self.free_amount.small or 0,
            self.month_free_amount.small or 0,
        )
        lines = tuple(
            row.entry(self._tiers(text_of(row.name)), is_volume=row.is_volume.data)
            for row in self.line_rows
            if not row.is_empty
        )
        adjustments = tuple(row.entry() for row in self.adjustment_rows if not row.is_empty)
        return TariffParts(main, lines, adjustments)

    def _tiers(self, line: str) -> tuple[TierEntry, ...]:
        return tuple(row.entry() for row in self.tier_rows if not row.is_empty and text_of(row.line) == line)

    def fill(self, tariff: TariffView) -> None:
        """Show what is stored."""
        self.valid_from.data, self.revision.data = tariff.valid_from, tariff.revision
        for code, field in self.price_fields.items():
            field.show(tariff.prices.get(code))
        self.step.show_small(tariff.step_amount if tariff.step_amount > 1 else 0)
        self.minimum_amount.show_small(tariff.minimum_amount)
        if tariff.minimum_cents:
            self.minimum_charge.show_cents(tariff.minimum_cents)
        if tariff.cap_day_cents:
            self.cap_day.show_cents(tariff.cap_day_cents)
        self.basis.data, self.note.data = tariff.basis, tariff.note
        self.vat_code.data, self.vat_mode.data = tariff.tax_code or "", INCLUDED if tariff.price_includes_vat else ADDED
        self._fill_parts(tariff.parts)

    def _fill_parts(self, parts: TariffParts) -> None:
        main = parts.main
        self.main_name.data, self.tier_mode.data = main.name, VOLUME if main.is_volume else GRADUATED
        self.free_amount.show_small(main.free_amount)
        self.month_free_amount.show_small(main.month_free_amount)
        tiers = [("", self.unit, tier) for tier in main.tiers]
        for row, line in zip(self.line_rows, parts.lines, strict=False):
            row.fill(line)
            tiers += [(line.name, CHARGE_UNITS[line.charge_unit], tier) for tier in line.tiers]
        for tier_row, (name, unit, tier) in zip(self.tier_rows, tiers, strict=False):
            tier_row.from_amount.unit = unit
            tier_row.fill(name, tier)
        for adjustment_row, one in zip(self.adjustment_rows, parts.adjustments, strict=False):
            adjustment_row.fill(one)

    def answers(self) -> dict[str, Answer]:
        """Return the rows of one kind as one answer: a row alone has no meaning."""
        plain = super().answers()
        for rows, _most in self._row_lists():
            fields = tuple(field for entry in rows for field in entry.form if field.short_name != "example")
            texts = [", ".join(_texts(entry.form)) for entry in rows if not entry.form.is_empty]
            plain[rows.short_name] = Answer(rows.label.text, repr(texts), "; ".join(texts) or _("nothing"), fields)
        return plain

    @property
    def tier_rows(self) -> list[TierRow]:
        """The rows of tiers."""
        return [entry.form for entry in self["tiers"]]

    @property
    def line_rows(self) -> list[LineRow]:
        """The rows of further amounts."""
        return [entry.form for entry in self["lines"]]

    @property
    def adjustment_rows(self) -> list[AdjustmentRow]:
        """The rows of surcharges and variants."""
        return [entry.form for entry in self.adjustments]


def shown_rows(rows: list[Any]) -> list[Any]:
    """Return the rows up to the last that is filled in, and some that are empty."""
    filled = max((number for number, row in enumerate(rows, 1) if not row.is_empty), default=0)
    return rows[: filled + EMPTY_ROWS]


def _texts(row: RowForm) -> list[str]:
    fields = (field for field in row if field.short_name != "example")
    return [str(field.data) for field in fields if field.data not in (None, "", False)]


def price_field_name(price_class: str) -> str:
    """Return the name of the field with the price for a class."""
    return f"{price_class}_price"


def tariff_form(price_classes: Iterable[PriceClassView], unit: ChargeUnit, **kwargs: Any) -> TariffForm:
    """Return a tariff form with a required price for each price class."""
    labels = {each.code: price_label(each) for each in price_classes}
    fields: dict[str, Any] = {price_field_name(code): _price_field(label) for code, label in labels.items()}
    rows = {
        "tiers": FieldList(FormField(priced_row(TierRow, labels)), _("Tiers"), max_entries=TIERS_MAX),
        "lines": FieldList(FormField(priced_row(LineRow, labels)), _("Further amounts"), max_entries=LINES_MAX),
    }
    order = ("valid_from", *fields, *AFTER_PRICES)
    extra = {"price_classes": tuple(labels), "page_order": order, **fields, **rows}
    with_prices: type[TariffForm] = type("TariffForm", (TariffForm,), extra)
    return with_prices(unit, **kwargs)


def _price_field(label: str) -> PriceField:
    return PriceField(label, [Required(_l("Please fill in “%(field)s”.", field=label))])
