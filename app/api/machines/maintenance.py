"""Endpoints of maintenance by the meter: what is done to a machine after so much use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import StringConstraints

from app.api import revisions
from app.api.conversions import to_small_units
from app.api.endpoints import Endpoint, reply
from app.api.fields import TEXT_PATTERN, Amount, Day, RequestModel, ResponseModel
from app.api.idempotency import run_idempotent
from app.api.problems import Reply
from app.auth import lookups
from app.auth.current_login import current_actor
from app.auth.permissions import ALL, WORKSHOP, Access
from app.clock import now
from app.extensions import db
from booking.errors.schedule_errors import MachineNotFound
from booking.kernel.transaction import in_write_transaction
from booking.machines import maintenance
from booking.machines.maintenance import INTERVALS_MAX, NAME_LENGTH_MAX, NOTE_LENGTH_MAX, Done, MaintenanceInput
from booking.queries import maintenance as queries
from booking.queries.maintenance import MaintenanceView

MANAGERS = Access(manager=WORKSHOP, admin=ALL)
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=NAME_LENGTH_MAX, pattern=TEXT_PATTERN)]
Note = Annotated[str, StringConstraints(strict=True, max_length=NOTE_LENGTH_MAX, pattern=TEXT_PATTERN)]


class NewMaintenance(RequestModel):
    """What is done to a machine after so much use. interval: in the charge unit of the machine, above zero.

    last_done_on: the day on which it was done last. last_reading: of the meter then; null: as it was read on that day,
    and without a meter the amounts of the usage slips count.
    """

    name: Name
    interval: Amount
    last_done_on: Day
    last_reading: Amount | None = None


class MaintenanceChange(RequestModel):
    """Another name and length of an interval."""

    name: Name
    interval: Amount


class DoneMaintenance(RequestModel):
    """That maintenance was done: the interval begins again. reading: as last_reading of NewMaintenance."""

    done_on: Day
    reading: Amount | None = None
    note: Note = ""


class Maintenance(ResponseModel):
    """A maintenance interval. last_reading, reading: of the meter; null for a machine without one.

    used: since it was done. due_on: the day at the present rate of use, null where that cannot be said. is_due: 90 %
    of the interval is used.
    """

    id: int
    machine_id: int
    name: str
    interval: Amount
    used: Amount
    last_done_on: date
    last_reading: Amount | None
    reading: Amount | None
    due_on: date | None
    is_due: bool


class MaintenanceList(ResponseModel):
    """The maintenance intervals of a machine, at most 20."""

    items: list[Maintenance]


class EndedMaintenance(ResponseModel):
    """The id of an interval that was ended."""

    id: int


@Endpoint("GET", "/machines/<id:machine_id>/maintenance", access=MANAGERS, response=MaintenanceList, errors=(404,))
def list_maintenance(machine_id: int) -> MaintenanceList:
    """List the maintenance intervals of a machine for its managers, with what is used of them."""
    card = lookups.managed_machine(machine_id)
    found = queries.maintenances(db.session(), machine_id=card.id, now=now(), limit=INTERVALS_MAX)
    return MaintenanceList(items=[_maintenance(view) for view in found])


@Endpoint(
    "POST",
    "/machines/<id:machine_id>/maintenance",
    access=MANAGERS,
    body=NewMaintenance,
    response=Maintenance,
    status=201,
    errors=(404,),
    idempotent=True,
    conditional=True,
)
def enter_maintenance(machine_id: int, body: NewMaintenance) -> Reply:
    """Enter a maintenance interval of a machine."""
    card, by, instant = lookups.managed_machine(machine_id), current_actor(), now()
    if card.is_retired:
        raise MachineNotFound(id=machine_id)
    unit = card.charge_unit
    entered = MaintenanceInput(
        name=body.name,
        interval_amount=to_small_units(body.interval, unit, "interval") or 0,
        last=Done(done_on=body.last_done_on, reading=to_small_units(body.last_reading, unit, "last_reading")),
    )

    def enter() -> Reply:
        session = db.session()
        new_id = maintenance.set_interval(session, card.id, entered, by=by, now=instant)
        return _reply(new_id, instant, 201)

    return run_idempotent(body, enter)


@Endpoint(
    "PATCH",
    "/maintenance/<id:maintenance_id>",
    access=MANAGERS,
    body=MaintenanceChange,
    response=Maintenance,
    errors=(404, 412),
    conditional=True,
)
def change_maintenance(maintenance_id: int, body: MaintenanceChange) -> Reply:
    """Change the name and the length of an interval."""
    view, by, instant = lookups.maintenance(maintenance_id), current_actor(), now()
    revision = revisions.expected(view.revision)
    amount = to_small_units(body.interval, view.charge_unit, "interval") or 0

    def change() -> Reply:
        session = db.session()
        maintenance.change_interval(session, view.id, body.name, amount, by=by, now=instant, revision=revision)
        return _reply(view.id, instant)

    return run_idempotent(body, change)


@Endpoint(
    "POST",
    "/maintenance/<id:maintenance_id>/done",
    access=MANAGERS,
    body=DoneMaintenance,
    response=Maintenance,
    errors=(404, 412),
    idempotent=True,
    conditional=True,
)
def note_maintenance_done(maintenance_id: int, body: DoneMaintenance) -> Reply:
    """Note that maintenance was done: the interval begins again at the reading of that time."""
    view, by, instant = lookups.maintenance(maintenance_id), current_actor(), now()
    revision = revisions.expected(view.revision)
    reading = to_small_units(body.reading, view.charge_unit, "reading")
    done = Done(done_on=body.done_on, reading=reading, note=body.note)

    def note() -> Reply:
        session = db.session()
        maintenance.note_done(session, view.id, done, by=by, now=instant, revision=revision)
        return _reply(view.id, instant)

    return run_idempotent(body, note)


@Endpoint(
    "POST",
    "/maintenance/<id:maintenance_id>/end",
    access=MANAGERS,
    response=EndedMaintenance,
    errors=(404,),
)
def end_maintenance(maintenance_id: int) -> Reply:
    """End an interval: nothing reminds of it any more. What was done stays recorded."""
    view, by, instant = lookups.maintenance(maintenance_id), current_actor(), now()

    def end() -> Reply:
        maintenance.end_interval(db.session(), view.id, by=by, now=instant)
        return reply(EndedMaintenance(id=view.id))

    return in_write_transaction(db.session(), end)


def _reply(maintenance_id: int, instant: datetime, status: int = 200) -> Reply:
    view = queries.maintenance(db.session(), maintenance_id, now=instant)
    return reply(_maintenance(view), status, revisions.etag(view.revision))


def _maintenance(view: MaintenanceView) -> Maintenance:
    unit = view.charge_unit
    interval, used = Amount.of(view.interval_amount, unit), Amount.of(view.used, unit)
    assert interval is not None
    assert used is not None
    return Maintenance(
        id=view.id,
        machine_id=view.machine_id,
        name=view.name,
        interval=interval,
        used=used,
        last_done_on=view.last_done_on,
        last_reading=Amount.of(view.last_reading, unit),
        reading=Amount.of(view.reading, unit),
        due_on=view.due_on,
        is_due=view.is_due,
    )
