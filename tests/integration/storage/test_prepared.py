"""Prepared statements: the same rows, ids and errors as by the usual way, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.kernel import prepared
from booking.kernel.orm import table_of
from booking.kernel.prepared import PreparedStatement
from booking.kernel.transaction import write_transaction
from booking.models import Hold, Member, Reservation
from tests.builders import hours, reserve
from tests.conftest import MONDAY

_member, _reservation = table_of(Member), table_of(Reservation)
MEMBERS = select(_member.c.id, _member.c.name, _member.c.left_on).where(_member.c.id <= bindparam("last"))


@pytest.fixture(params=["prepared", "usual"])
def way(request, monkeypatch):
    """The way of the driver's own cursor, and the way of a connection to whose statements somebody listens."""
    if request.param == "usual":
        monkeypatch.setattr(prepared, "_is_plain", lambda _connection: False)
    return request.param


def test_rows_have_their_columns_as_attributes(session, sample_ring, way):
    found = PreparedStatement(MEMBERS.order_by(_member.c.id)).all(session.connection(), {"last": sample_ring.bernd})

    assert [(row.id, row.name, row.left_on) for row in found] == [
        (sample_ring.anna, "Anna", None),
        (sample_ring.bernd, "Bernd", None),
    ]
    one = PreparedStatement(MEMBERS.where(_member.c.id >= bindparam("first")))
    assert one.one_or_none(session.connection(), {"first": sample_ring.anna, "last": sample_ring.anna}).name == "Anna"
    assert one.one_or_none(session.connection(), {"first": 0, "last": 0}) is None


def test_a_row_that_is_asked_for_alone_is_the_same_and_leaves_no_transaction_on_sqlite(session, sample_ring, way):
    one = PreparedStatement(MEMBERS.where(_member.c.id >= bindparam("first")))
    wanted = {"first": sample_ring.anna, "last": sample_ring.anna}
    session.rollback()

    alone = one.one_alone(session, wanted)
    is_without = way == "prepared" and session.get_bind().dialect.name == "sqlite"
    assert session.in_transaction() is not is_without
    assert alone == one.one_or_none(session.connection(), wanted)
    assert one.one_alone(session, {"first": 0, "last": 0}) is None, "in the transaction that there is now"


def test_what_fails_alone_is_an_error_of_the_database(session, way):
    wrong = PreparedStatement(select(func.unknown_function().label("x")).where(literal(1) == bindparam("one")))
    session.rollback()

    with pytest.raises(DBAPIError):
        wrong.one_alone(session, {"one": 1})


def test_instants_and_words_are_converted_as_ever(session, sample_ring, way):
    entered = reserve(session, sample_ring.combine, sample_ring.anna, hours(MONDAY, 24, 26), now=MONDAY)
    columns = (_reservation.c.starts_at, _reservation.c.status, _reservation.c.is_late_cancel)
    one = PreparedStatement(select(*columns).where(_reservation.c.starts_at >= bindparam("since")))

    start = session.get_one(Reservation, entered.id).starts_at
    row = one.one_or_none(session.connection(), {"since": start})

    assert tuple(row) == (start, "confirmed", False)


def test_a_change_gives_the_new_id_and_stays_in_the_transaction(session, sample_ring, way):
    add = PreparedStatement(insert(table_of(Hold)))
    rename = PreparedStatement(update(_member).where(_member.c.id == bindparam("wanted")).values(trade="x"))
    with write_transaction(session):
        hold_id = add.run(session.connection(), {"kind": "reservation"})
        rename.run(session.connection(), {"wanted": sample_ring.anna})
        assert session.scalar(select(Hold.id).where(Hold.id == hold_id)) == hold_id
        session.rollback()

    assert session.get_one(Member, sample_ring.anna).trade != "x"
    assert session.scalar(select(Hold.id).where(Hold.id == hold_id)) is None


def test_many_rows_are_inserted_together_and_refused_together(session, sample_ring, way):
    add = PreparedStatement(insert(table_of(Hold)).inline())
    before = session.scalar(select(func.count(Hold.id)))
    with write_transaction(session):
        add.run_many(session.connection(), [{"kind": "reservation"}, {"kind": "offer"}, {"kind": "reservation"}])
    kinds = session.scalars(select(Hold.kind).order_by(Hold.id.desc()).limit(3)).all()
    assert [str(one) for one in kinds] == ["reservation", "offer", "reservation"]

    with pytest.raises(IntegrityError), write_transaction(session):
        add.run_many(session.connection(), [{"kind": "reservation"}, {"kind": None}])
    assert session.scalar(select(func.count(Hold.id))) == before + 3


def test_a_change_may_return_columns(session, sample_ring, way):
    rename = update(_member).where(_member.c.id == bindparam("wanted")).values(trade="y")
    returning = PreparedStatement(rename.returning(_member.c.name, _member.c.trade))
    with write_transaction(session):
        assert [tuple(row) for row in returning.of(session, {"wanted": sample_ring.anna})] == [("Anna", "y")]


def test_what_the_database_refuses_is_an_integrity_error(session, way):
    with pytest.raises(IntegrityError), write_transaction(session):
        PreparedStatement(insert(table_of(Hold))).run(session.connection(), {"kind": None})


def test_a_statement_without_a_value_for_a_parameter_cannot_be_prepared(session):
    with pytest.raises(TypeError, match="last"):
        PreparedStatement(MEMBERS).all(session.connection(), {})
