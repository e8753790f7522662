"""Files as grids of cells: what is too large is refused before the rest of it is looked at."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import Babel

from app.imports.errors import TableError
from app.imports.grids import COLUMNS_MAX, grid_of_csv


def test_columns_that_are_refused_anyway_are_not_rated():
    """Each text of a head is compared with all names of columns: 200,000 of them took 14 seconds."""
    rated = []

    def rate(lines):
        rated.append(max(len(line.cells) for line in lines))
        return 0

    app = Flask("grids")
    Babel(app)
    with app.test_request_context(), pytest.raises(TableError, match="More than 300 columns"):
        grid_of_csv(";".join(f"c{number}" for number in range(1_000)), rate)
    assert max(rated) == COLUMNS_MAX + 1


def test_empty_cells_beyond_the_last_column_are_left_out():
    """Two million of them were made headers, which took half a minute."""
    app = Flask("grids")
    Babel(app)
    with app.test_request_context():
        grid = grid_of_csv("Nummer;Name" + ";" * 2_000 + "\n\n1;x", lambda _lines: 0)

    assert [(line.number, len(line.cells)) for line in grid] == [(1, COLUMNS_MAX), (3, 2)]
