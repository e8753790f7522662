"""Members: the farm, workshop or person that uses machines and owes for them; and what they may run."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.kernel.orm import Base, UtcDateTime
from booking.models.address import HasAddress
from booking.rules.persons import Level

SUPERVISED_USES_MAX = 99


def _index_of_few(name: str, columns: str, condition: str) -> Index:
    return Index(name, *columns.split(), sqlite_where=text(condition), postgresql_where=text(condition))


class PriceClass(Base):
    """A group of members that pay the same prices, with its name in both languages.

    The migration enters "member" and "guest".
    """

    __tablename__ = "booking_price_class"
    __table_args__ = (CheckConstraint("code <> '' AND name_de <> '' AND name_en <> ''", name="not_empty"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name_de: Mapped[str]
    name_en: Mapped[str]
    sort_order: Mapped[int] = mapped_column(unique=True)


class FormerPriceClass(Base):
    """A class by which a member paid until a day: held_until is the first day on which it no longer held."""

    __tablename__ = "booking_former_price_class"

    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id", ondelete="CASCADE"), primary_key=True)
    held_until: Mapped[date] = mapped_column(primary_key=True)
    price_class: Mapped[str] = mapped_column(ForeignKey("booking_price_class.code"))


class Member(HasAddress, Base):
    """Who uses and owes. Logins act for a member; see app/auth.

    price_class: the one entered last; those before it are FormerPriceClass. schedule_version counts every change of
    the member's reservations, so that a feed knows with one look whether it changed.
    """

    __tablename__ = "booking_member"
    __table_args__ = (
        Index("ix_booking_member_name", "name", "id"),
        Index("ix_booking_member_price_class", "price_class"),
        _index_of_few("ix_booking_member_leaving", "left_on", "left_on IS NOT NULL"),
        _index_of_few("ix_booking_member_unsplit", "id", "address_text != ''"),
        _index_of_few(
            "ix_booking_member_unaddressed",
            "number id",
            "address_street = '' OR address_postcode = '' OR address_town = ''",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    trade: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    price_class: Mapped[str] = mapped_column(ForeignKey("booking_price_class.code"), default="member")
    joined_on: Mapped[date | None]
    left_on: Mapped[date | None]
    schedule_version: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)


class InductionKind(Base):
    """What one is inducted for: a class of machines ("laser cutter", "wood splitter").

    supervised_uses: how many uses under supervision come first; promotes: after them the level is alone by itself.
    renews_by_use: the valid months run from the last use.
    """

    __tablename__ = "booking_induction_kind"
    __table_args__ = (CheckConstraint(f"supervised_uses BETWEEN 0 AND {SUPERVISED_USES_MAX}", name="supervised_uses"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    valid_months: Mapped[int] = mapped_column(default=12)
    supervised_uses: Mapped[int] = mapped_column(default=0, server_default="0")
    promotes: Mapped[bool] = mapped_column(default=False, server_default=false())
    renews_by_use: Mapped[bool] = mapped_column(default=False, server_default=false())
    revision: Mapped[int] = mapped_column(default=0)


class Prerequisite(Base):
    """A kind of induction counts only on days on which another one, the required kind, is valid too.

    No kind requires itself, directly or through others: the database refuses a circle.
    """

    __tablename__ = "booking_prerequisite"
    __table_args__ = (
        CheckConstraint("kind_id <> required_kind_id", name="other"),
        Index(None, "required_kind_id"),
    )

    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_induction_kind.id"), primary_key=True)
    required_kind_id: Mapped[int] = mapped_column(ForeignKey("booking_induction_kind.id"), primary_key=True)


class MemberNames(Base):
    """A version of the names of all members: a random text that triggers change with each. No row: no member yet."""

    __tablename__ = "booking_member_names"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str]


class Induction(Base):
    """Proof that a member may run a class of machines, from a day until the end of another.

    person_name: who of the member was inducted, "" for the member itself; person_user_id: the login of that person, if
    it has one. The name is that of the day on which it was entered.
    ended_at: it was ended at once, whatever its days; whoever reads inductions leaves it out.
    given_until: the last day before it was shortened, so that shortening can be taken back.
    reminded_until: the last day of which its member was reminded, so that each is told once.
    """

    __tablename__ = "booking_induction"
    __table_args__ = (
        CheckConstraint("given_on <= valid_until", name="days"),
        CheckConstraint("level IN ('supervised', 'alone', 'trainer')", name="level"),
        CheckConstraint("given_until IS NULL OR valid_until < given_until", name="shortened"),
        Index(None, "member_id", "kind_id"),
        Index(None, "valid_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("booking_member.id"))
    kind_id: Mapped[int] = mapped_column(ForeignKey("booking_induction_kind.id"))
    given_on: Mapped[date]
    valid_until: Mapped[date]
    given_by: Mapped[str] = mapped_column(default="")
    person_name: Mapped[str] = mapped_column(default="", server_default="")
    person_user_id: Mapped[int | None]  # user id
    level: Mapped[str] = mapped_column(default=Level.ALONE, server_default=Level.ALONE)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_until: Mapped[date | None]
    reminded_until: Mapped[date | None]
