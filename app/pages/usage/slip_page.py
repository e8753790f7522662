"""What the page of a slip shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_login import current_user
from sqlalchemy.orm import Session

from app.auth import permissions
from app.wording.billing import price_class_label
from billing.queries import SlipCharge, charge_of_slip
from billing.queries.fees import FeeView, deposit_of, fee, way_back
from billing.queries.materials import MaterialView, TakenMaterial, materials, taken_for
from billing.tariffs.asked_amounts import asked_on
from booking import queries
from booking.charge_units import CHARGE_UNITS
from booking.queries import SlipView
from booking.queries.other_amounts import NOTHING_BESIDE, BesideAmount, beside_amounts

MATERIALS_MAX = 500  # of a workshop, in one list to choose from


@dataclass(frozen=True, slots=True)
class SlipPage:
    """A slip, its charge, and what the reader may do about it. price_class: its name in the language of the page."""

    slip: SlipView
    charge: SlipCharge | None
    price_class: str
    may_hand_back: bool
    may_object: bool
    may_answer: bool
    beside: BesideAmount = NOTHING_BESIDE  # other amounts, and what was chosen
    missing: tuple[str, ...] = ()  # what its tariff requires and it lacks, so that it has no price
    taken: tuple[TakenMaterial, ...] = ()  # material for this use
    may_see_fees: bool = False  # whether the fees of its member open to the reader
    may_take: bool = False  # whether the reader may enter more of it
    deposit: FeeView | None = None  # of its hand-out
    is_set_off: bool = False  # whether that went against the charge

    @property
    def is_time(self) -> bool:
        """Whether the amount is a time."""
        return CHARGE_UNITS[self.slip.charge_unit].small_unit == "seconds"

    @property
    def is_priced_anew(self) -> bool:
        """Whether the amount was corrected and the worker has not priced the use again yet."""
        return self.charge is not None and self.charge.calculation.used_amount != self.slip.used_amount


def slip_page(session: Session, slip: SlipView, *, now: datetime, may_take: bool) -> SlipPage:
    """Return a slip with its charge. may_take: whether material is offered to the reader."""
    is_mine = current_user.member_id is not None and current_user.member_id == slip.member_id
    is_in_time = slip.objection_until is not None and now <= slip.objection_until
    charge = charge_of_slip(session, slip.id)
    beside = beside_amounts(session, [slip.id]).get(slip.id, NOTHING_BESIDE)
    is_unpriced = charge is None and slip.used_amount is not None
    deposit = None if slip.reservation_id is None else deposit_of(session, slip.reservation_id)
    return SlipPage(
        slip=slip,
        charge=charge,
        price_class=_class_name(session, slip.price_class),
        may_hand_back=slip.state() == "out"
        and permissions.may_touch("usage.hand_back", "POST", member_id=slip.member_id, workshop_id=slip.workshop_id),
        may_object=is_mine and slip.state() == "back" and is_in_time and permissions.may("usage.object_to", "POST"),
        may_answer=slip.state() == "disputed"
        and permissions.may_touch("usage.answer", "POST", workshop_id=slip.workshop_id),
        beside=beside,
        missing=_missing(session, slip, beside) if is_unpriced else (),
        taken=taken_for(session, slip.id),
        deposit=deposit,
        is_set_off=deposit is not None and _went_against_charge(session, deposit),
        may_see_fees=permissions.may_touch("fees.show", "GET", member_id=slip.member_id),
        may_take=may_take,
    )


def offered_materials(session: Session, slip: SlipView) -> tuple[MaterialView, ...]:
    """Return what the workshop of a slip sells, for a reader who may enter it there."""
    own = {"member_id": slip.member_id, "workshop_id": slip.workshop_id}
    if not permissions.may_touch("usage.take_material", "POST", **own):
        return ()
    return materials(session, workshop_ids=[slip.workshop_id], only_sold=True, limit=MATERIALS_MAX)[0]


def _missing(session: Session, slip: SlipView, beside: BesideAmount) -> tuple[str, ...]:
    asked = asked_on(session, slip.machine_id, slip.service_date)
    return asked.missing([one.name for one in beside.amounts])


def _went_against_charge(session: Session, deposit: FeeView) -> bool:
    back = deposit.reversed_by_id
    return back is not None and way_back(session, fee(session, back)) == "set_off"


def _class_name(session: Session, code: str) -> str:
    return next(price_class_label(each) for each in queries.price_classes(session) if each.code == code)
