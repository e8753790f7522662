"""Members of another program come in together: those who wait for the database wait shortly."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from app.extensions import db
from app.imports import import_table, preview_table, read
from app.imports.mapping import Choice
from app.imports.memory import remember, remembered_choices
from booking.kernel.events import RecordedEvent
from booking.kernel.transaction import write_transaction
from booking.models import Member, PriceClass
from tests.builders import SOMEBODY
from tests.conftest import MONDAY

HEAD = "Nummer;Name;Gewerbe;Eintritt\n"


def run(session, text, do=import_table):
    return do(session, "members", read("members", (HEAD + text).encode()), by=SOMEBODY, now=MONDAY)


def noted(session):
    """What the log says of records, the newest last."""
    found = session.scalars(
        select(RecordedEvent.facts).where(RecordedEvent.type == "record_changed").order_by(RecordedEvent.id)
    ).all()
    session.rollback()
    return [(facts["record_id"], facts["what"]) for facts in found]


def test_each_new_and_each_changed_member_is_noted_once(session, sample_ring):
    report = run(session, "M-Anna;Anna;Imkerei;\nM-Bernd;Bernd;;\nM-9;Neuhof;Holz;01.03.2019\n")

    assert [row.outcome for row in report.rows] == ["changed", "same", "entered"]
    anna = session.scalars(select(Member).where(Member.number == "M-Anna")).one()
    new = session.scalars(select(Member).where(Member.number == "M-9")).one()
    assert (anna.trade, anna.revision) == ("Imkerei", 1)
    assert (new.name, new.trade, new.joined_on.isoformat(), new.price_class) == (
        "Neuhof",
        "Holz",
        "2019-03-01",
        "member",
    )
    assert sorted(noted(session)) == sorted([(new.id, "entered"), (anna.id, "trade")])


@pytest.mark.parametrize("do", [preview_table, import_table])
def test_one_refused_row_keeps_all_out(session, sample_ring, do):
    report = run(session, "M-9;Neuhof;;\nM-10;;;\n", do)

    assert [row.outcome for row in report.rows] == ["entered", "refused"]
    assert session.scalars(select(Member.number).where(Member.number == "M-9")).all() == []
    assert noted(session) == []


def test_a_preview_writes_nothing_at_all(session, sample_ring):
    made = []

    def note(_connection, _cursor, statement, *_more):
        made.append(statement.split()[0])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        run(session, "M-9;Neuhof;;\nM-Anna;Anna;Imkerei;\n", preview_table)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert set(made) <= {"SELECT", "BEGIN", "SET"}


def test_many_rows_need_no_more_statements_than_few(session, sample_ring):
    def statements_for(first, count):
        made = []

        def note(_connection, _cursor, statement, *_more):
            made.append(statement)

        rows = "".join(f"X-{number};Hof {number};;\n" for number in range(first, first + count))
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert run(session, rows).count("entered") == count
            changed = run(session, rows.replace(";Hof", ";Gut"))
            assert changed.count("changed") == count
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(made)

    statements_for(0, 2)  # what is only asked for once in a while is asked for now
    assert statements_for(100, 4) == statements_for(200, 60)


@pytest.mark.parametrize("written", ["Jugend", "youth", "YOUTH", "jugend"])
def test_a_price_class_is_read_by_its_code_and_both_names(session, sample_ring, written):
    with write_transaction(session):
        session.add(PriceClass(code="youth", name_de="Jugend", name_en="youth", sort_order=3))
    table = read("members", f"Nummer;Name;Preisklasse\nM-9;Neuhof;{written}\nM-10;Hof;\nM-11;Hof;Gast\n".encode())

    assert import_table(session, "members", table, by=SOMEBODY, now=MONDAY).is_clean()
    stored = select(Member.price_class).where(Member.number.in_(["M-9", "M-10", "M-11"])).order_by(Member.id)
    assert session.scalars(stored).all() == ["youth", "member", "guest"]


def test_a_choice_for_the_columns_of_a_file_replaces_the_earlier_one(session):
    for name in ("first", "second"):
        with write_transaction(session):
            choice = Choice({"Wer": "name", "Farbe": ""}, False, {"price_class": name}, frozenset({"number"}))
            remember(session, "members", "shape", choice, now=MONDAY)

    assert remembered_choices(session, "members") == {"shape": choice}
    assert remembered_choices(session, "machines") == {}
