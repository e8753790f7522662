"""Rows of the plan that fold: the machines of a group stand together, below the name of the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

AnyRow = TypeVar("AnyRow")


@dataclass(frozen=True, slots=True)
class Fold(Generic[AnyRow]):
    """Rows that follow each other: of a group of machines, which folds, or of machines in no group (id 0)."""

    id: int
    name: str
    rows: tuple[AnyRow, ...]


def folds_of(rows: Mapping[int, AnyRow], groups: Mapping[int, tuple[int, str]]) -> Iterator[Fold[AnyRow]]:
    """Yield rows by machine id as folds: those of a group together, where its first one stands; the others between."""
    of_group: dict[int, list[AnyRow]] = {}
    order: list[tuple[int, str]] = []
    for machine_id, row in rows.items():
        group = groups.get(machine_id)
        if group is None:
            if not order or order[-1][0] >= 0:
                order.append((-len(order) - 1, ""))
            of_group.setdefault(order[-1][0], []).append(row)
        else:
            if group[0] not in of_group:
                order.append(group)
            of_group.setdefault(group[0], []).append(row)
    for group_id, name in order:
        yield Fold(max(group_id, 0), name, tuple(of_group[group_id]))
