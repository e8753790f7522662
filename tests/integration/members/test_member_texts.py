"""Members are found by a part of their texts, whatever changed them, as the database would find them."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.extensions import db
from booking import queries
from booking.kernel.search_patterns import has_text
from booking.kernel.transaction import write_transaction
from booking.models import Member, MemberNames
from booking.queries.member_texts import EMAIL, NAMES, TRADE, ids_by_words, is_named
from tests import builders
from tests.conftest import MONDAY


def found(session, *words, upto=NAMES):
    ids = ids_by_words(session, words, upto=upto, at_most=100)
    session.rollback()
    return ids


def test_every_change_of_a_member_is_found_by_the_next_search(session):
    assert found(session, "huber") == []
    huber = builders.member(session, "Huber")
    assert found(session, "UBE") == [huber]
    with write_transaction(session):
        session.execute(update(Member).values(number="M-1", name="Müller", trade="Joiner", email="m@post.example"))
    assert (found(session, "huber"), found(session, "mueller"), found(session, "MULL")) == ([], [huber], [huber])
    assert (found(session, "join"), found(session, "join", "müll", upto=TRADE)) == ([], [huber])
    assert (found(session, "post.", upto=TRADE), found(session, "post.", upto=EMAIL)) == ([], [huber])
    with write_transaction(session):
        row = session.execute(select(Member.__table__)).mappings().one()
        session.execute(insert(Member), [{**row, "id": row["id"] + 1, "number": "M-900", "name": "Raw"}])
    assert found(session, "m-900") == [huber + 1]
    with write_transaction(session):
        session.execute(delete(Member).where(Member.id == huber + 1))
    assert found(session, "raw") == []


def test_what_is_not_a_name_keeps_what_was_read(session):
    builders.member(session, "Huber")
    before = session.scalars(select(MemberNames.version)).one()
    with write_transaction(session):
        session.execute(update(Member).values(schedule_version=Member.schedule_version + 1, phone="1"))

    assert session.scalars(select(MemberNames.version)).one() == before


def test_a_transaction_that_writes_finds_its_own_changes_and_leaves_none_behind(session):
    huber = builders.member(session, "Huber")
    with pytest.raises(RuntimeError):
        _rename(session, huber)

    assert (found(session, "maier"), found(session, "huber")) == ([], [huber])


def _rename(session, member_id):
    with write_transaction(session):
        session.execute(update(Member).values(number="M-1", name="Maier"))
        assert queries.few_members_matching(session, "maier") == (member_id,)
        raise RuntimeError


def test_many_names_are_found_by_the_database_alike(session):
    builders.member(session, "Obermaier")
    with write_transaction(session):
        row = session.execute(select(Member.__table__)).mappings().one()
        rows = [{**row, "id": 1_000 + n, "number": f"G-{n}", "name": f"Bauer {n}"} for n in range(250)]
        session.execute(insert(Member), rows)

    for word in ("bau", "auer 1", "maier", "g-24", "a.er", "nobody"):
        by_texts = session.scalars(select(Member.id).where(is_named(session, [word])).order_by(Member.id)).all()
        wanted = select(Member.id).where(has_text((Member.number, Member.name), word)).order_by(Member.id)
        assert by_texts == session.scalars(wanted).all()
    assert queries.few_members_matching(session, "bau") is None
    assert queries.find_members(session, "bau", day=MONDAY.date()).has_more
    assert session.scalar(text("SELECT count(*) FROM booking_member_names")) == 1


@pytest.mark.postgresql
def test_a_member_is_changed_while_many_are_being_imported(session):
    """The version of all names is one row, which the import must not hold until it is done."""
    if db.engine.name == "sqlite":
        return  # one writer at a time
    huber = builders.member(session, "Huber")
    assert found(session, "huber") == [huber]
    with Session(db.engine) as importing, write_transaction(importing):
        row = importing.execute(select(Member.__table__)).mappings().one()
        importing.execute(insert(Member), [{**row, "id": 1_000, "number": "G-1", "name": "Gruber"}])
        with write_transaction(session):
            session.execute(update(Member).where(Member.id == huber).values(name="Maier"))
        assert (found(session, "maier"), found(session, "gruber")) == ([huber], [])

    assert (found(session, "maier"), found(session, "gruber")) == ([huber], [1_000])
    with write_transaction(session):
        session.execute(delete(Member).where(Member.id == 1_000))
        session.execute(update(Member).values(name="Gruber"))
    assert found(session, "gruber") == [huber]
