"""Numbers of accounts that a migration adds to the ledger: as long as those of the ring, because DATEV wants one length."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

import sqlalchemy as sa
from alembic import op


def free_numbers(wanted: Mapping[str, int]) -> dict[str, str]:
    """Return chart -> the number of a new account. wanted: chart -> its usual number of four digits.

    Where a ring has given that to another account, the next free one. The receivables have the length of the ring.
    """
    found = {}
    for chart, first in wanted.items():
        rows = op.get_bind().execute(sa.text(f"SELECT code, {chart} FROM billing_account"))
        numbers = {row.code: row[1] for row in rows}
        length = len(numbers["receivables"])
        free = (f"{each:04}".ljust(length, "0") for each in count(first))
        found[chart] = next(number for number in free if number not in numbers.values())
    return found
