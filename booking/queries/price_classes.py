"""The classes by which members pay."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.kernel.views import columns_of
from booking.models import PriceClass


@dataclass(frozen=True, slots=True)
class PriceClassView:
    """A price class with its name in both languages."""

    code: str
    name_de: str
    name_en: str


_COLUMNS = columns_of(PriceClassView, PriceClass)


def price_classes(session: Session) -> tuple[PriceClassView, ...]:
    """Return all price classes, in their own order."""
    rows = session.execute(select(*_COLUMNS).order_by(PriceClass.sort_order))
    return tuple(PriceClassView(*row) for row in rows)
