"""The errors of fees."""

from __future__ import annotations

from booking.errors.schedule_errors import NotFound
from booking.kernel.errors import DomainError


class FeeNotFound(NotFound):
    """There is no such fee, or it is another member's."""

    code = "fee_not_found"


class NobodyOwesDues(DomainError):
    """No member of the chosen price classes is left who does not owe dues for the period. facts: none."""

    code = "nobody_owes_dues"


class StaleDues(DomainError):
    """Who would owe dues has changed since the preview was shown. Nothing was posted."""

    code = "stale_dues"


class MaterialNotFound(NotFound):
    """There is no such material."""

    code = "material_not_found"


class MaterialNotSold(DomainError):
    """The material is sold no more. facts: material (its name)."""

    code = "material_not_sold"


class MaterialOfOtherWorkshop(DomainError):
    """The slip is of a machine of another workshop than the one that sells the material. facts: material."""

    code = "material_of_other_workshop"


class StockTooLow(DomainError):
    """There is less in stock than is to be taken. facts: stock, unit."""

    code = "stock_too_low"


class MaterialPriceChanged(DomainError):
    """The material has another price than was shown. facts: material, unit, unit_price (the present one)."""

    code = "material_price_changed"
