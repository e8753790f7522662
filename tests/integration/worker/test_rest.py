"""A web process gives memory back after a busy time, once."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.server.rest import FEW_REQUESTS, Rest, close_idle_connections


def test_it_rests_once_after_each_busy_time(app, monkeypatch):
    rest, rested = Rest(app), []
    monkeypatch.setattr(rest, "_give_back", lambda: rested.append(True))

    def minute(requests):
        before = len(rested)
        for _number in range(requests):
            rest.note_response(None)
        rest.look()
        return len(rested) - before

    assert [minute(FEW_REQUESTS), minute(0), minute(FEW_REQUESTS + 1), minute(2), minute(2)] == [1, 0, 0, 1, 0]


@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'ring.sqlite'}", pool_size=5)
    yield engine
    engine.dispose()


def test_of_idle_connections_one_is_left_and_those_in_use_go_on(engine):
    with engine.connect() as used:
        used.execute(text("CREATE TABLE note (word)"))
        used.execute(text("INSERT INTO note VALUES ('kept')"))
        idle = [engine.raw_connection() for _number in range(3)]
        files = [each.driver_connection for each in idle]
        for each in idle:
            each.close()

        close_idle_connections(engine)

        assert used.scalar(text("SELECT word FROM note")) == "kept"
        taken = [engine.raw_connection() for _number in range(3)]
        assert len({id(each.driver_connection) for each in taken} & {id(each) for each in files}) == 1
        for each in taken:
            each.close()


def test_an_engine_that_keeps_no_connections_has_none_to_close(tmp_path):
    close_idle_connections(create_engine(f"sqlite:///{tmp_path / 'ring.sqlite'}", poolclass=NullPool))


def test_giving_back_leaves_the_ring_able_to_answer(app, session):
    Rest(app)._give_back()
    assert session.scalar(text("SELECT 1")) == 1
