"""Import of machines: a row with the short name of a stored machine changes that machine, others enter new ones.

Columns that the file does not have stay as they are. A row without a short name is found by its name. Where the user
agrees, short names are made from the name, or from an identifier that cannot be part of an address (INV 00/17).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.imports import cells, words
from app.imports.cells import CellError
from app.imports.columns import MACHINES
from app.imports.history import StoredRecord, machine_values
from app.imports.hours import parse_week
from app.imports.lost_zeros import ZeroRestorer, similar_number
from app.imports.report import CHANGED, ENTERED, SAME, RowOutcome
from app.imports.tables import Row
from app.imports.values import Texts, cell_changes, machine_texts
from app.wording.folding import fold, slug_of
from booking import queries
from booking.errors.schedule_errors import ANY, MachineNotFound
from booking.kernel.events import Actor
from booking.machines import machines
from booking.machines.machines import MachineInput
from booking.queries import MachineCard
from booking.records import records
from booking.records.records import RESERVED_SLUGS, SLUG
from booking.rule_changes import rule_changes
from booking.rules.lending_rules import RULE_FIELDS
from booking.times.opening_hours import Opening

_FLAGS = tuple(rule.name for rule in RULE_FIELDS if rule.is_switch)
_TEXTS = ("name", "kind", "description", "location")
_CAN_BE_EMPTY = ("kind", "description", "location", "induction", *_FLAGS)


def enter_machine_row(
    session: Session,
    row: Row,
    *,
    generates: Collection[str],
    clears_empty: bool,
    zeros: ZeroRestorer,
    by: Actor,
    now: datetime,
) -> RowOutcome:
    """Enter or change a machine and return the outcome; its key is the short name.

    generates: "slug" where short names are made. clears_empty: see tables.Table. zeros: restores short names such as
    0042. Raises RecordRefused, CellError.
    """
    slug = _restored(session, row.line, _slug(row, makes_fit="slug" in generates), zeros)
    card = _stored_machine(session, row, slug)
    if card is None:
        return _enter_machine(session, row, slug, makes_slug="slug" in generates, by=by, now=now)
    stored = stored_input(card)
    own = machines.own_openings(session, card.id) if "own_hours" in row.texts else ()
    row, kept = (row, ()) if clears_empty else _without_kept(row, stored, own)
    entered = _machine_input(session, row, stored)
    places = cells.parse_integer(row.texts.get("places", ""), MACHINES.header("places"), card.places)
    openings = _own_hours(row)
    _require_same_workshop(session, row, card)
    if entered == stored and places == card.places and openings in (None, own):
        return RowOutcome(row.line, card.slug, SAME, kept=kept)
    # What lies outside the new rules is listed on the manager's desk afterwards.
    outside = rule_changes.change_machine(
        session, card.id, entered, places=places, by=by, now=now, confirmed=ANY, openings=openings
    )
    before, after = (stored, card.places, None if openings is None else own), (entered, places, openings)
    changes = cell_changes(MACHINES, *(_texts(session, card.workshop_id, *values) for values in (before, after)))
    stored_record = StoredRecord(card.id, machine_values(*before), machine_values(*after))
    remarks = (_outside_sentence(outside),) if outside else ()
    return RowOutcome(row.line, card.slug, CHANGED, remarks, changes, kept, stored_record, outside)


def _own_hours(row: Row) -> tuple[Opening, ...] | None:
    """Return the own hours in a row, none where it follows its workshop; None: they stay.

    Raises CellError, RecordRefused.
    """
    if "own_hours" not in row.texts:
        return None
    openings = parse_week(row.texts["own_hours"], MACHINES.header("own_hours"))
    records.refuse([replace(wrong, field="own_hours") for wrong in records.check_openings(openings)])
    return openings


def _outside_sentence(count: int) -> str:
    return ngettext(
        "%(num)s reservation to come would lie outside the changed rules",
        "%(num)s reservations to come would lie outside the changed rules",
        count,
    )


def _without_kept(row: Row, stored: MachineInput, own: Sequence[Opening]) -> tuple[Row, tuple[str, ...]]:
    """Return a row without the empty cells of filled fields, and their headers: what is stored in them stays."""
    blank = MachineInput(slug="", name="")
    fields = {name: "induction_kind_id" if name == "induction" else name for name in _CAN_BE_EMPTY}
    kept = [
        name
        for name, field in fields.items()
        if row.texts.get(name) == "" and getattr(stored, field) and getattr(stored, field) != getattr(blank, field)
    ]
    kept += ["own_hours"] if own and not row.texts["own_hours"] else []
    texts = {name: text for name, text in row.texts.items() if text or name not in (*fields, "own_hours")}
    return replace(row, texts=texts), tuple(map(MACHINES.header, kept))


def _texts(
    session: Session, workshop_id: int, machine: MachineInput, places: int, openings: Sequence[Opening] | None
) -> Texts:
    names = {place.id: place.name for place in queries.workshops(session)}
    return machine_texts(machine, places, names[workshop_id], dict(queries.induction_kinds(session)), openings)


def _slug(row: Row, *, makes_fit: bool) -> str:
    """Return the short name in a row; "" where there is none. Raises CellError for one that no address can have."""
    text = row.texts.get("slug", "")
    if not text or SLUG.fullmatch(text):
        return text
    if makes_fit:
        return _made_slug(text)
    raise CellError(
        _(
            "%(column)s: “%(text)s” cannot be part of an address. Write “%(slug)s”, or let short names be made.",
            column=MACHINES.header("slug"),
            text=text[:80],
            slug=slug_of(text),
        )
    )


def _made_slug(text: str) -> str:
    slug = slug_of(text)
    return f"{slug}-1" if slug in RESERVED_SLUGS else slug


def _restored(session: Session, line: int, slug: str, zeros: ZeroRestorer) -> str:
    """Return a short name of digits with the zeros of the stored one. Raises CellError while undecided."""
    if not slug.isdecimal():
        return slug
    stored = [card.slug for card in queries.machine_cards(session, include_retired=True, limit=None).items]
    probable = "" if slug in stored else similar_number(slug, stored)
    return zeros.restored(line, "slug", slug, probable)


def _stored_machine(session: Session, row: Row, slug: str) -> MachineCard | None:
    if slug:
        try:
            return queries.machine_card(session, slug)
        except MachineNotFound:
            return None
    key = fold(row.texts.get("name", ""))
    cards = queries.machine_cards(session, include_retired=True, limit=None).items
    named = [card for card in cards if key and fold(card.name) == key]
    if len(named) > 1:
        raise CellError(
            _(
                "%(column)s: several machines are called “%(text)s”. Write the short name: %(names)s.",
                column=MACHINES.header("name"),
                text=row.texts["name"][:80],
                names=", ".join(card.slug for card in named),
            )
        )
    return named[0] if named else None


def _enter_machine(session: Session, row: Row, slug: str, *, makes_slug: bool, by: Actor, now: datetime) -> RowOutcome:
    workshop_id = _workshop_id(session, row.texts.get("workshop", ""))
    if makes_slug and not slug:
        slug = _made_slug(row.texts.get("name", ""))
    entered = _machine_input(session, row, MachineInput(slug=slug, name=""))
    places = cells.parse_integer(row.texts.get("places", ""), MACHINES.header("places"), 1)
    openings = _own_hours(row) or ()
    machine_id = machines.enter_machine(session, workshop_id, entered, places=places, by=by, now=now, openings=openings)
    changes = cell_changes(MACHINES, {}, _texts(session, workshop_id, entered, places, openings))
    stored = StoredRecord(machine_id, None, machine_values(entered, places, openings))
    return RowOutcome(row.line, slug, ENTERED, changes=changes, stored=stored)


def _machine_input(session: Session, row: Row, base: MachineInput) -> MachineInput:
    values: dict[str, Any] = {}
    for column, text in row.texts.items():
        header = MACHINES.header(column)
        if column in _TEXTS:
            values[column] = text if column in _CAN_BE_EMPTY else text or base.name
        elif column == "charge_unit":
            values[column] = words.charge_unit_code(text, header) if text else base.charge_unit
        elif column == "sort":
            values[column] = words.sort_code(text, header) if text else base.sort
        elif column in _FLAGS:
            values[column] = words.flag_of(text, header)
        elif column == "induction":
            values["induction_kind_id"] = _induction_kind(session, text)
        elif column not in ("slug", "workshop", "places", "own_hours"):
            unit = column.rpartition("_")[2]
            values[column] = cells.parse_amount_of_time(text, header, unit, getattr(base, column))
    return replace(base, **values)


def stored_input(card: MachineCard) -> MachineInput:
    """Return what is stored of a machine."""
    values = asdict(card) | asdict(card.rules)
    return MachineInput(**{field.name: values[field.name] for field in fields(MachineInput)})


def _workshop_id(session: Session, text: str) -> int:
    """Return the workshop with a short name, a name or both; an empty cell means the only one. Raises CellError."""
    places = queries.workshops(session)
    key = fold(text)
    found = [place for place in places if key == fold(place.slug)] or [
        place
        for place in places
        if key in (fold(place.name), fold(place.name + place.slug)) or (not text and len(places) == 1)
    ]
    if len(found) == 1:
        return found[0].id
    raise words.not_known(text, MACHINES.header("workshop"), (f"{place.name} ({place.slug})" for place in places))


def _require_same_workshop(session: Session, row: Row, card: MachineCard) -> None:
    """Refuse a row that names another workshop: machines are not moved by a file."""
    text = row.texts.get("workshop", "")
    if text and _workshop_id(session, text) != card.workshop_id:
        raise CellError(
            _(
                "%(column)s: it is at %(workshop)s. An import moves nothing: write that, or leave the cell empty.",
                column=MACHINES.header("workshop"),
                workshop=card.workshop_name,
            )
        )


def _induction_kind(session: Session, name: str) -> int | None:
    if words.means_no_induction(name):
        return None
    kinds = queries.induction_kinds(session)
    for kind_id, kind_name in kinds:
        if fold(kind_name) == fold(name):
            return kind_id
    raise words.not_known(name, MACHINES.header("induction"), [_("none"), *(kind_name for _id, kind_name in kinds)])
