"""An address as part of a form: one field for each of its parts. macros/forms.html renders it by address()."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FormField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.forms.base_form import RowForm
from app.forms.text_fields import text_of
from app.wording.countries import country_choices
from booking.addresses import LENGTHS_MAX, NO_ADDRESS, Address, clean_line, clean_text


class AddressForm(RowForm):
    """The parts of an address. text: what is not split yet; it is shown only until it is empty."""

    name = StringField(_l("Addressee"), [Length(max=LENGTHS_MAX["name"])])
    street = StringField(
        _l("Street and number"), [Length(max=LENGTHS_MAX["street"])], render_kw={"autocomplete": "address-line1"}
    )
    postcode = StringField(
        _l("Postcode"), [Length(max=LENGTHS_MAX["postcode"])], render_kw={"autocomplete": "postal-code"}
    )
    town = StringField(_l("Town"), [Length(max=LENGTHS_MAX["town"])], render_kw={"autocomplete": "address-level2"})
    country = SelectField(_l("Country"), render_kw={"autocomplete": "country"})
    text = TextAreaField(_l("Address as entered before"), [Length(max=LENGTHS_MAX["text"])], render_kw={"rows": 3})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = country_choices()

    @property
    def shows_text(self) -> bool:
        """Whether there is an unsplit text, or one was shown when the form was sent."""
        return bool(self.text.data or self.text.raw_data)


class AddressField(FormField):  # type: ignore[misc]  # WTForms carries no types
    """An address; the names of its fields in HTML are address_street, address_postcode ..."""

    def __init__(self, label: Any = None, **kwargs: Any) -> None:
        super().__init__(AddressForm, label or _l("Address"), separator="_", default=NO_ADDRESS, **kwargs)

    def to_address(self) -> Address:
        """Return what was entered. Call only after validation."""
        parts = self.form
        return Address(
            name=clean_line(text_of(parts.name)),
            street=clean_line(text_of(parts.street)),
            postcode=clean_line(text_of(parts.postcode)),
            town=clean_line(text_of(parts.town)),
            country=parts.country.data,
            text=clean_text(text_of(parts.text)),
        )
