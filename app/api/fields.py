"""Field types of the API: ids, instants, texts, money, amounts of use.

Each type carries its JSON schema, so that the OpenAPI document allows exactly what the program accepts.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from app.web.url_converters import ID_MAX
from app.wording.billing import too_fine_sentence
from booking.charge_units import CHARGE_UNITS, TooFine, to_decimal, to_small
from booking.kernel.texts import is_fit

PURPOSE_LENGTH_MAX = 500
PAGE_LENGTH = 50

_YEAR = r"(19[7-9][0-9]|2[01][0-9]{2})"
_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTHS = r"(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT_PATTERN = rf"^{_YEAR}-{_DAY}[Tt]{_CLOCK}:[0-5][0-9](\.[0-9]{{1,6}})?([Zz]|[+-]{_CLOCK})$"
DAY_PATTERN = rf"^{_YEAR}-{_DAY}$"
# An existing day of this century; 29 February only in leap years.
CENTURY_DAY = (
    rf"(20[0-9]{{2}}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|{_SHORT_MONTHS})|20([02468][048]|[13579][26])-02-29)"
)
# As booking/kernel/texts.py; JSON with half of a surrogate pair is malformed.
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*$"
UNFIT_MESSAGE = _l(
    "no control characters but tab and line breaks, none that override the direction of writing, not only invisible"
    " ones, and at most 30 accents on a letter"
)
DECIMAL_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,4})?$"


def _instant(value: Any) -> Any:
    # Pydantic alone would read the number 0 as 1970, and a time without an offset as local time.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.match(INSTANT_PATTERN, value, re.ASCII):
        raise ValueError(
            _("not an RFC 3339 instant with an offset from 1970 to 2199, for example 2026-11-23T08:00:00+01:00")
        )
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.match(DAY_PATTERN, value, re.ASCII):
        raise ValueError(_("not a day from 1970 to 2199, for example 2026-11-23"))
    return date.fromisoformat(value)


def _whole(value: Any) -> Any:
    # In JSON 3.0 and 3 are the same number, and some languages only write 3.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known_unit(code: str) -> str:
    if code not in CHARGE_UNITS:
        raise ValueError(_("not a charge unit; allowed: %(names)s", names=", ".join(sorted(CHARGE_UNITS))))
    return code


def format_instant(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


WHOLE = BeforeValidator(_whole)  # outermost, so that the document shows the inner bounds
Id = Annotated[int, Field(strict=True, ge=1, le=ID_MAX), WHOLE]
# Query parameters are text, so these are not strict.
QueryId = Annotated[int, Field(ge=1, le=ID_MAX)]
PageLength = Annotated[int, Field(ge=1, le=200)]
Places = Annotated[int, Field(strict=True, ge=1, le=10_000), WHOLE]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}, mode="validation"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DAY_PATTERN}, mode="validation"),
]
Text = Annotated[str, StringConstraints(strict=True, max_length=PURPOSE_LENGTH_MAX, pattern=TEXT_PATTERN)]
ShortText = Annotated[str, StringConstraints(strict=True, max_length=120, pattern=TEXT_PATTERN)]
Unit = Annotated[str, AfterValidator(_known_unit), Field(json_schema_extra={"enum": sorted(CHARGE_UNITS)})]


class RequestModel(BaseModel):
    """Base of bodies and queries. Unknown names are refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_unfit(cls, value: Any) -> Any:
        texts = value if isinstance(value, list) else (value,)
        if not all(is_fit(text) for text in texts if isinstance(text, str)):
            raise ValueError(str(UNFIT_MESSAGE))
        return value


class MembersQuery(RequestModel):
    """Which part of what all members share. limit: lines of so many members. cursor: `next` of the part before."""

    limit: int = Field(PAGE_LENGTH, ge=1, le=1_000)
    cursor: int = Field(0, ge=0, le=ID_MAX)


class ResponseModel(BaseModel):
    """Base of responses."""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)


class Amount(RequestModel):
    """An amount of use: a decimal number as text, and its charge unit."""

    amount: Annotated[str, StringConstraints(strict=True, pattern=DECIMAL_PATTERN)]
    unit: Unit

    @model_validator(mode="after")
    def _check_decimals(self) -> Self:
        try:
            to_small(Decimal(self.amount), CHARGE_UNITS[self.unit])
        except TooFine as error:
            raise ValueError(too_fine_sentence(self.unit)) from error
        return self

    @property
    def small(self) -> int:
        """The amount in small units; see booking/charge_units.py."""
        return to_small(Decimal(self.amount), CHARGE_UNITS[self.unit])

    @classmethod
    def of(cls, small: int | None, unit: str) -> Amount | None:
        """Return an amount of small units as a decimal with its unit."""
        if small is None:
            return None
        return cls.model_construct(amount=str(to_decimal(small, CHARGE_UNITS[unit])), unit=unit)
