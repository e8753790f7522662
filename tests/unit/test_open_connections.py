"""A connection to SQLite that a test leaves open is told with the name of the test; a closed one is not."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine


@pytest.mark.parametrize(
    "leave_open",
    [
        lambda _folder: sqlite3.connect(":memory:"),
        lambda folder: create_engine(f"sqlite:///{folder / 'ring.sqlite'}").connect().close(),
    ],
    ids=["alone", "in the pool of an engine"],
)
def test_a_connection_left_open_is_told_with_the_test_that_opened_it(tmp_path, leave_open):
    with pytest.warns(ResourceWarning, match="left open by .*test_a_connection_left_open_is_told"):
        _freed(leave_open, tmp_path)


def _freed(leave_open, folder):
    leave_open(folder)
    gc.collect()  # it stands in a circle with its prepared statements


def test_a_closed_one_is_not_told(recwarn):
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("SELECT 1")
    del connection
    gc.collect()
    assert [str(one.message) for one in recwarn] == []
