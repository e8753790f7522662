"""The columns of an address, for every table that has one."""

from __future__ import annotations

from sqlalchemy.orm import Composite, Mapped, composite, declared_attr, mapped_column

from booking.addresses import DEFAULT_COUNTRY, Address


class HasAddress:
    """Six columns that are read and written as one value, `address`; it is replaced, never changed in place."""

    address_name: Mapped[str] = mapped_column(default="")
    address_street: Mapped[str] = mapped_column(default="")
    address_postcode: Mapped[str] = mapped_column(default="")
    address_town: Mapped[str] = mapped_column(default="")
    address_country: Mapped[str] = mapped_column(default=DEFAULT_COUNTRY)  # ISO 3166-1 alpha-2
    address_text: Mapped[str] = mapped_column(default="")  # as entered, while it is not split

    @declared_attr
    @classmethod
    def address(cls) -> Composite[Address]:
        """Map the columns as one value."""
        return composite(
            Address,
            "address_name",
            "address_street",
            "address_postcode",
            "address_town",
            "address_country",
            "address_text",
        )
