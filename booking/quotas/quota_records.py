"""Questions about stored quotas: whether there is an equal one already, and whether one was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.errors.schedule_errors import Violation
from booking.kernel.orm import table_of
from booking.models import DeletedId, Quota

_quota = table_of(Quota)


def check_only_one(session: Session, values: Mapping[str, Any], quota_id: int = 0) -> list[Violation]:
    """Return quota_twice if another quota limits the same for the same members. values: of QuotaInput, by their names.

    Lock the machines of the quota before storing: two equal quotas lock the same ones, so neither misses the other.
    """
    is_same = [_quota.c[name] == value for name, value in values.items() if name != "most" and value is not None]
    is_same += [_quota.c[name].is_(None) for name, value in values.items() if value is None]
    found = session.scalar(select(_quota.c.id).where(*is_same, _quota.c.id != quota_id).limit(1))
    return [] if found is None else [Violation("quota_twice", "measure")]


def was_deleted(session: Session, quota_id: int) -> bool:
    """Return whether there was a quota with this id, which is gone."""
    last = session.get(DeletedId, Quota.__tablename__)
    return last is not None and 0 < quota_id <= last.last_id and session.get(Quota, quota_id) is None
