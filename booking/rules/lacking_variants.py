"""Which of the chosen variants the tariff of a machine lacks. Who knows tariffs says so: booking knows no price."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

# The names that a machine lacks, of those that are chosen for a use that begins then.
Lacking = Callable[[int, datetime, Sequence[str]], Sequence[str]]


def none_lacking(_machine_id: int, _starts_at: datetime, _names: Sequence[str]) -> Sequence[str]:
    """Return nothing: for a ring without tariffs."""
    return ()


def counts_of(
    lacking: Lacking, machine_ids: Iterable[int], starts_at: datetime, names: Sequence[str]
) -> Mapping[int, int]:
    """Return how many of some names each machine lacks; nothing where nothing is chosen."""
    return {one: len(lacking(one, starts_at, names)) for one in machine_ids} if names else {}
