"""The kinds of values the API takes and gives: ids, instants, texts, money, amounts of use.

Each kind carries the JSON schema that the OpenAPI document shows, so that what the document allows is what
the program accepts.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from app.web.url_converters import ID_MAX
from booking.charge_units import CHARGE_UNITS, TooFine, to_decimal, to_small

PURPOSE_LENGTH_MAX = 500
PAGE_LENGTH = 50

_YEAR = r"(19[7-9][0-9]|2[01][0-9]{2})"
_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTHS = r"(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
INSTANT_PATTERN = rf"^{_YEAR}-{_DAY}[Tt]{_CLOCK}:[0-5][0-9](\.[0-9]{{1,6}})?([Zz]|[+-]{_CLOCK})$"
DAY_PATTERN = rf"^{_YEAR}-{_DAY}$"
# A day that the calendar of this century has, the 29th of February only in its leap years.
CENTURY_DAY = (
    rf"(20[0-9]{{2}}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|{_SHORT_MONTHS})|20([02468][048]|[13579][26])-02-29)"
)
# PostgreSQL cannot store NUL; of the control characters only tab and line feeds mean something in a note.
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"
DECIMAL_PATTERN = r"^[0-9]{1,9}(\.[0-9]{1,4})?$"


def _instant(value: Any) -> Any:
    # Pydantic alone would take the number 0 for 1970, and a time without offset for a local one.
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.match(INSTANT_PATTERN, value, re.ASCII):
        raise ValueError("an instant is written by RFC 3339 with its offset, 2026-11-23T08:00:00+01:00, from 1970 on")
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.match(DAY_PATTERN, value, re.ASCII):
        raise ValueError("a day is written 2026-11-23, from 1970 on")
    return date.fromisoformat(value)


def _whole(value: Any) -> Any:
    # To JSON 3.0 and 3 are the same number, and some languages know no other way to write a whole one.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _known_unit(code: str) -> str:
    if code not in CHARGE_UNITS:
        raise ValueError(f"not a charge unit: {', '.join(sorted(CHARGE_UNITS))}")
    return code


def written(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


WHOLE = BeforeValidator(_whole)  # outermost, so that the document shows the bounds within
Id = Annotated[int, Field(strict=True, ge=1, le=ID_MAX), WHOLE]
# A query is text, so its numbers are read from text.
QueryId = Annotated[int, Field(ge=1, le=ID_MAX)]
PageLength = Annotated[int, Field(ge=1, le=200)]
Places = Annotated[int, Field(strict=True, ge=1, le=10_000), WHOLE]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(written, return_type=str),
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
    """Base of bodies and queries. An unknown name is refused, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseModel(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Amount(RequestModel):
    """An amount of use: a decimal number as text, and the charge unit it is counted in."""

    amount: Annotated[str, StringConstraints(strict=True, pattern=DECIMAL_PATTERN)]
    unit: Unit

    @model_validator(mode="after")
    def _counted(self) -> Self:
        try:
            to_small(Decimal(self.amount), CHARGE_UNITS[self.unit])
        except TooFine as error:
            raise ValueError(f"{self.unit} is counted to {error.decimals} decimals at most") from error
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
